package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/alias"
)

// maxAliasTime bounds the read of the file with the aliases.
const maxAliasTime = 10 * time.Second

// aliasFile is what a run knows of the file in which the operator defines aliases.
type aliasFile struct {
	file    alias.File // nil: it was not read, or cannot be used
	problem string     // why it cannot be used
}

// of returns the definitions of a region; nil: they are not known.
func (f aliasFile) of(region string) []alias.Definition {
	if f.file == nil {
		return nil
	}
	return f.file.Of(region)
}

// startReadingAliases begins to read the file, unless it is not wanted. wait returns it.
func (r *captureRun) startReadingAliases(ctx context.Context, wanted bool) (wait func() aliasFile) {
	if r.settings.CheckLookup == nil || !wanted {
		return func() aliasFile { return aliasFile{} }
	}
	read := make(chan aliasFile, 1)
	go func() { read <- r.readAliases(ctx) }()
	return func() aliasFile { return <-read }
}

// readAliases reads and checks the file. A missing one defines no aliases.
func (r *captureRun) readAliases(ctx context.Context) aliasFile {
	ctx, cancel := context.WithTimeout(ctx, maxAliasTime)
	defer cancel()
	key := r.writer.Keys().Aliases()
	data, err := r.writer.Bucket().GetFrom(ctx, key, 0, alias.MaxFileBytes+1)
	if errors.Is(err, fs.ErrNotExist) {
		return aliasFile{file: alias.File{}}
	}
	if err != nil {
		return aliasFile{problem: fmt.Sprintf("reading %q: %v", key, err)}
	}
	file, err := alias.Parse(data, alias.Rules{Regions: r.settings.Regions, CheckLookup: r.settings.CheckLookup})
	if err != nil {
		return aliasFile{problem: fmt.Sprintf("%q: %v", key, err)}
	}
	return aliasFile{file: file}
}
