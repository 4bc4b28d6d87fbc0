package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"community-images/shared/ossbucket/osstest"
)

// IsEmpty reports whether the bucket has no objects.
func (d *Directory) IsEmpty() (bool, error) {
	err := filepath.WalkDir(d.Path(filepath.Join(storeFolder, Bucket)), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			return fs.ErrExist
		}
		return err
	})
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err == nil || errors.Is(err, fs.ErrNotExist):
		return true, nil
	}
	return false, fmt.Errorf("looking for objects in the data directory: %w", err)
}

// ServeDraft is Serve for a new, empty bucket beside the bucket. PublishDraft makes it the
// bucket. A process that is killed before that leaves nothing but a draft, which the next
// ServeDraft removes.
func (d *Directory) ServeDraft(key osstest.Key) (*Store, error) {
	if err := os.RemoveAll(d.Path(draftFolder)); err != nil {
		return nil, fmt.Errorf("removing an unfinished bucket: %w", err)
	}
	return d.serveFolder(draftFolder, key)
}

// PublishDraft puts the draft in the place of the bucket, which must be empty, in one step.
// The draft must no longer be served.
func (d *Directory) PublishDraft() error {
	bucket := d.Path(filepath.Join(storeFolder, Bucket))
	if empty, err := d.IsEmpty(); err != nil || !empty {
		return errors.Join(err, fmt.Errorf("the bucket %q has objects", bucket))
	}
	// What is left of an empty bucket are folders.
	err := errors.Join(os.MkdirAll(d.Path(storeFolder), 0o755), os.RemoveAll(bucket))
	if err == nil {
		err = os.Rename(d.Path(filepath.Join(draftFolder, Bucket)), bucket)
	}
	if err != nil {
		return fmt.Errorf("putting a bucket in its place: %w", err)
	}
	_ = os.RemoveAll(d.Path(draftFolder)) // what is left is in nobody's way
	return nil
}
