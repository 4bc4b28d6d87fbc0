package osstest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/johannesboyne/gofakes3"
)

// ListBuckets implements gofakes3.Backend.
func (d *directoryStore) ListBuckets() ([]gofakes3.BucketInfo, error) {
	entries, err := os.ReadDir(d.root)
	var buckets []gofakes3.BucketInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && entry.IsDir() && gofakes3.ValidateBucketName(entry.Name()) == nil {
			buckets = append(buckets, gofakes3.BucketInfo{Name: entry.Name(),
				CreationDate: gofakes3.NewContentTime(info.ModTime())})
		}
	}
	return buckets, err
}

// BucketExists implements gofakes3.Backend.
func (d *directoryStore) BucketExists(name string) (bool, error) {
	if gofakes3.ValidateBucketName(name) != nil {
		return false, nil
	}
	info, err := os.Stat(filepath.Join(d.root, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

// CreateBucket implements gofakes3.Backend.
func (d *directoryStore) CreateBucket(name string) error {
	if err := gofakes3.ValidateBucketName(name); err != nil {
		return err
	}
	err := os.Mkdir(filepath.Join(d.root, name), 0o755)
	if errors.Is(err, fs.ErrExist) {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}
	return err
}

// DeleteBucket implements gofakes3.Backend.
func (d *directoryStore) DeleteBucket(name string) error {
	list, err := d.ListBucket(name, nil, gofakes3.ListBucketPage{})
	if err != nil {
		return err
	}
	if len(list.Contents) > 0 {
		return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
	}
	return d.ForceDeleteBucket(name)
}

// ForceDeleteBucket implements gofakes3.Backend.
func (d *directoryStore) ForceDeleteBucket(name string) error {
	if exists, err := d.BucketExists(name); err != nil || !exists {
		return errors.Join(err, gofakes3.BucketNotFound(name))
	}
	return os.RemoveAll(filepath.Join(d.root, name))
}
