package main

import (
	"strings"
	"time"

	"community-images/scripts/cloudstore"
	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/config"
	"community-images/shared/ossbucket/osstest"
)

// target is the bucket that is verified.
type target struct {
	// bucket holds the archive.
	bucket archive.Sweeper
	// keys has the prefix of the archive in the bucket.
	keys archive.Keys
	// quiet is how long ago the last run must have ended before a log is rewritten. It is
	// 0 if no run can go on.
	quiet time.Duration
	// retention is how long history is kept, by SNAPSHOT_RETENTION.
	retention config.Retention
	// allowPrivate is NOTIFY_ALLOW_PRIVATE.
	allowPrivate bool
	// close releases the directory of a local run. It must be called.
	close func()
}

// cloudQuiet is three times the time that a run may take by default.
const cloudQuiet = 30 * time.Minute

// openTarget opens the bucket that the flags name.
func openTarget(o options, environ []string) (*target, error) {
	if o.cloud {
		return openCloud(environ)
	}
	return openDirectory(o.data, environ)
}

// openCloud opens the functions' bucket from outside of Function Compute.
func openCloud(environ []string) (*target, error) {
	store, err := cloudstore.Open(environ)
	if err != nil {
		return nil, err
	}
	return &target{
		bucket: store.Bucket, keys: store.Keys, quiet: cloudQuiet, retention: store.Retention,
		allowPrivate: store.AllowPrivate, close: func() {},
	}, nil
}

// openDirectory opens the bucket of a local run. No local run may use the
// directory meanwhile.
func openDirectory(path string, environ []string) (*target, error) {
	// Of the settings only the retention and those of messages matter here. The others have to be
	// valid, so they name the directory's own bucket.
	settings := []string{"OSS_BUCKET=" + datadir.Bucket, "OSS_ENDPOINT=http://127.0.0.1", "EHPC_REGIONS=local"}
	for _, variable := range environ {
		if strings.HasPrefix(variable, "SNAPSHOT_RETENTION=") || strings.HasPrefix(variable, "NOTIFY_") {
			settings = append(settings, variable)
		}
	}
	conf, err := config.SnapshotFrom(settings)
	if err != nil {
		return nil, err
	}
	dir, err := datadir.OpenExisting(path)
	if err != nil {
		return nil, err
	}
	store, err := dir.Serve(osstest.Key{ID: "verify", Secret: "verify"}) // only this process knows the endpoint
	if err != nil {
		dir.Close()
		return nil, err
	}
	return &target{
		bucket: store.Bucket, keys: store.Keys, retention: conf.Retention, allowPrivate: conf.NotifyAllowPrivate,
		close: func() { store.Close(); dir.Close() },
	}, nil
}
