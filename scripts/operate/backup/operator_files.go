package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// operatorFiles returns the keys of the files that the operator keeps beside the archive.
func (b *bucketRoot) operatorFiles() []string { return []string{b.keys.Aliases(), b.keys.Notify()} }

// fileMode returns the mode of the file for an object. notify.json has secrets.
func (b *bucketRoot) fileMode(key string) os.FileMode {
	if key == b.keys.Notify() {
		return 0o600
	}
	return 0o644
}

// backUpOperatorFiles copies the operator's files to the directory. A file that is gone goes
// from the directory too: a restore must not bring it back.
func (b *bucketRoot) backUpOperatorFiles(ctx context.Context, dir string, done *copyStats) error {
	for _, key := range b.operatorFiles() {
		path, err := b.filePath(dir, key)
		if err != nil {
			return err
		}
		size, err := b.download(ctx, dir, key)
		switch {
		case errors.Is(err, errRemoved):
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		case err != nil:
			return err
		default:
			done.copied++
			done.bytes += int64(size)
		}
	}
	return nil
}

// restoreOperatorFiles copies the operator's files of a backup into the bucket. It returns an
// error if the bucket has one already, which may be newer.
func (b *bucketRoot) restoreOperatorFiles(ctx context.Context, dir string, done *copyStats) error {
	for _, key := range b.operatorFiles() {
		path, err := b.filePath(dir, key)
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		_, _, err = b.bucket.Get(ctx, key, "")
		if err == nil {
			return fmt.Errorf("%q is there already; remove it, or remove %q from the backup", key, path)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading %q: %w", key, err)
		}
		size, err := b.upload(ctx, dir, key)
		if err != nil {
			return err
		}
		done.copied++
		done.bytes += int64(size)
	}
	return nil
}
