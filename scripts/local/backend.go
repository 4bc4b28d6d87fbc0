package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/cloud"
)

// backend is what the functions work against: embedded endpoints or the cloud.
type backend struct {
	// homeRegion is FC_REGION of the functions.
	homeRegion string
	// regions are the captured ones, in the order of EHPC_REGIONS.
	regions []string
	// credentials are what the functions get with each invocation. Embedded
	// endpoints accept these and no others.
	credentials cloud.Credentials
	// env is the environment of the functions, in the form of os.Environ.
	env []string
	// archive and keys read what the functions store, for the summary and the
	// examples. This process never writes to the archive.
	archive *archive.Archive
	keys    archive.Keys
	// progress shows how far a snapshot has got.
	progress *progress

	// advance moves the simulated E-HPC one tick on before a snapshot and returns
	// the tick. It is nil in the cloud.
	advance func(context.Context) (int, error)
	// countQuestions returns the number of questions of a full snapshot. It is nil
	// if that is not known.
	countQuestions func() int
	// showCommand returns a command that prints the object with a key.
	showCommand func(key string) string
	// location names the bucket for a person.
	location string
	// closers are called by close, last first.
	closers []func()
}

// openBackend opens the backend that the flags ask for.
func openBackend(ctx context.Context, o options, dir *datadir.Directory, p process) (*backend, error) {
	if o.cloud {
		return openCloud(p.environ, newProgress(p.stdout))
	}
	b, err := startEmbedded(dir, p.environ, newProgress(p.stdout))
	if err != nil {
		return nil, err
	}
	if err := b.checkFormat(ctx, o.data); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// checkFormat returns an error if an earlier version of the functions has stored, in a
// directory of a local run, what these do not read. Anything else is left to them.
func (b *backend) checkFormat(ctx context.Context, dir string) error {
	for _, region := range b.regions {
		var version *format.VersionError
		if _, err := b.archive.Now(ctx, region, nil); errors.As(err, &version) {
			return fmt.Errorf("directory %q has data of format %d, and this program reads format %d: remove the directory, "+
				"or choose another with -data", dir, version.Version, format.Version)
		}
	}
	return nil
}

// close stops the embedded endpoints. It does nothing in the cloud.
func (b *backend) close() {
	for i := len(b.closers) - 1; i >= 0; i-- {
		b.closers[i]()
	}
}

// selectByPrefix returns the variables whose names begin with one of the prefixes.
func selectByPrefix(environ []string, prefixes ...string) []string {
	var selected []string
	for _, variable := range environ {
		for _, prefix := range prefixes {
			if strings.HasPrefix(variable, prefix) {
				selected = append(selected, variable)
				break
			}
		}
	}
	return selected
}
