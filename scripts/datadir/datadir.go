// Package datadir is the data directory of a local run: where it lies, who may
// use it, and the bucket in it. scripts/local writes it and scripts/verify reads
// it by the same code.
package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"community-images/shared/archive"
	"community-images/shared/cloud"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// Names of the embedded bucket. The bucket's objects are plain files in
// oss/<Bucket>/<key> below the data directory.
const (
	Bucket = "community-images-local"
	Prefix = "community-images"

	storeFolder = "oss"
	// draftFolder has a bucket that is not whole yet; see ServeDraft.
	draftFolder = "oss-draft"
)

// ErrInUse means that another process has the directory open.
var ErrInUse = errors.New("the data directory is in use by a local run")

// DefaultPath returns the directory below the user's cache directory that is
// used without -data. name is "local", or "cloud" for runs against the cloud.
func DefaultPath(name string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache directory: %w; name one with -data", err)
	}
	return filepath.Join(cache, "community-images", name), nil
}

// Directory is an open data directory. Only one process has it open at a time.
type Directory struct {
	// path is that of the directory.
	path string
	// lock is the open lock file. Closing it releases the lock.
	lock *os.File
}

// Open opens the directory and makes it if it is missing. It returns ErrInUse if
// another process has it open.
func Open(path string) (*Directory, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the data directory: %w", err)
	}
	if err := lockFile(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("opening %q: %w", path, ErrInUse)
	}
	return &Directory{path: path, lock: lock}, nil
}

// OpenExisting opens the directory if a local run has stored something in it.
func OpenExisting(path string) (*Directory, error) {
	bucket := filepath.Join(storeFolder, Bucket)
	if _, err := os.Stat(filepath.Join(path, bucket)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("directory %q does not belong to a local run: it has no folder %s",
			path, filepath.ToSlash(bucket))
	}
	return Open(path)
}

// Close lets other processes open the directory.
func (d *Directory) Close() { d.lock.Close() }

// Path returns the path of a file in the directory.
func (d *Directory) Path(name string) string { return filepath.Join(d.path, name) }

// ObjectPath returns the path of the file that holds the object with a key.
func (d *Directory) ObjectPath(key string) string {
	return filepath.Join(d.path, storeFolder, Bucket, filepath.FromSlash(key))
}

// Store is the embedded bucket while its endpoint listens.
type Store struct {
	// URL is that of the OSS endpoint, on the loopback interface.
	URL string
	// Bucket reads and writes through the endpoint.
	Bucket *ossbucket.Bucket
	// Keys has Prefix.
	Keys archive.Keys
	// Close ends the endpoint. The directory stays open.
	Close func()
}

// Serve starts an OSS endpoint on the bucket. It accepts requests that are
// signed with the given access key only.
func (d *Directory) Serve(key osstest.Key) (*Store, error) { return d.serveFolder(storeFolder, key) }

// serveFolder serves the bucket in a folder of the directory.
func (d *Directory) serveFolder(folder string, key osstest.Key) (*Store, error) {
	endpoint, err := osstest.New(osstest.Options{
		Dir: d.Path(folder), Buckets: []string{Bucket}, Keys: []osstest.Key{key},
	})
	if err != nil {
		return nil, fmt.Errorf("starting the embedded OSS: %w", err)
	}
	server, err := ehpctest.Listen(endpoint)
	if err != nil {
		return nil, fmt.Errorf("starting the embedded OSS: %w", err)
	}
	store, err := openStore(server.URL, key)
	if err != nil {
		server.Close()
		return nil, err
	}
	store.Close = func() { server.Close() }
	return store, nil
}

// openStore opens the bucket at an endpoint.
func openStore(url string, key osstest.Key) (*Store, error) {
	keys, err := archive.NewKeys(Prefix)
	if err != nil {
		return nil, err
	}
	credentials := cloud.Credentials{
		AccessKeyID: key.ID, AccessKeySecret: key.Secret, SecurityToken: key.Token,
	}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: url, Region: osstest.DefaultRegion, Bucket: Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) { return credentials, nil },
	})
	return &Store{URL: url, Bucket: bucket, Keys: keys}, err
}
