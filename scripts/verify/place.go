package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"community-images/scripts/outside"
	"community-images/shared/archive"
	"community-images/shared/config"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// place is what is verified.
type place struct {
	bucket archive.Sweeper
	keys   archive.Keys
	keep   config.Retention
	close  func()
}

// Where scripts/local stores, below its data directory.
const (
	localStore  = "oss"
	localBucket = "community-images-local"
	localPrefix = "community-images"
)

func openPlace(o options, environ []string) (*place, error) {
	if o.cloud {
		return openCloud(environ)
	}
	return openDirectory(o.data, environ)
}

// openCloud opens the bucket of the functions, from outside of them.
func openCloud(environ []string) (*place, error) {
	store, err := outside.Open(environ)
	if err != nil {
		return nil, err
	}
	return &place{bucket: store.Bucket, keys: store.Keys, keep: store.Keep, close: func() {}}, nil
}

// openDirectory opens the store of scripts/local by the same code, so that it
// is read as it was written. It must not be in use meanwhile.
func openDirectory(dir string, environ []string) (*place, error) {
	if _, err := os.Stat(filepath.Join(dir, localStore, localBucket)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("directory %q is not one of a local run: there is no %s/%s in it", dir, localStore, localBucket)
	}
	settings := []string{"OSS_BUCKET=" + localBucket, "OSS_ENDPOINT=http://127.0.0.1", "EHPC_REGIONS=local"}
	if keep, ok := lookup(environ)["SNAPSHOT_RETENTION"]; ok {
		settings = append(settings, "SNAPSHOT_RETENTION="+keep)
	}
	conf, err := config.SnapshotFrom(settings)
	if err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the data directory: %w", err)
	}
	if err := lockFile(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("data directory %q is in use by a local run; end it first", dir)
	}
	p, err := serveDirectory(filepath.Join(dir, localStore))
	if err != nil {
		lock.Close()
		return nil, err
	}
	unserve := p.close
	p.keep, p.close = conf.Retention, func() { unserve(); lock.Close() }
	return p, nil
}

// serveDirectory puts an OSS endpoint before a directory.
func serveDirectory(root string) (*place, error) {
	key := osstest.Key{ID: "verify", Secret: "verify"} // of an endpoint that nobody else knows
	store, err := osstest.New(osstest.Options{Dir: root, Keys: []osstest.Key{key}})
	if err != nil {
		return nil, err
	}
	server, err := ehpctest.Listen(store)
	if err != nil {
		return nil, fmt.Errorf("opening %q: %w", root, err)
	}
	keys, err := archive.NewKeys(localPrefix)
	if err != nil {
		return nil, err
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: server.URL, Bucket: localBucket,
		Credentials: func(context.Context) (ossbucket.Credentials, error) {
			return ossbucket.Credentials{AccessKeyID: key.ID, AccessKeySecret: key.Secret}, nil
		},
	})
	return &place{bucket: bucket, keys: keys, close: func() { _ = server.Close() }}, err
}

func lookup(environ []string) map[string]string {
	env := map[string]string{}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			env[name] = value
		}
	}
	return env
}
