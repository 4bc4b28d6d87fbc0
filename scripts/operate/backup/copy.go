package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// maxConcurrent is the number of objects that are copied at the same time.
const maxConcurrent = 16

// copyStats counts what was copied. skipped objects were in the directory already.
type copyStats struct {
	// copied and skipped are numbers of objects.
	copied, skipped int
	// bytes is the size of the objects that were copied.
	bytes int64
}

// backUp copies objects to the directory. It skips snapshots that are there with
// the same size, because a snapshot never changes; it copies all others again.
func (b *bucketRoot) backUp(ctx context.Context, dir string) (done copyStats, err error) {
	// Each kind is listed when its turn comes: runs may have committed meanwhile.
	for kind := range kindCount {
		sizes, err := b.listKind(ctx, kind)
		if err != nil {
			return done, err
		}
		if kind == kindLog && len(sizes) == 0 {
			return done, fmt.Errorf("nothing is stored below %q", b.root)
		}
		var keys []string
		for key, size := range sizes {
			file, err := b.filePath(dir, key)
			if err != nil {
				return done, err
			}
			if info, err := os.Stat(file); kind == kindSnapshot && err == nil && info.Size() == size {
				done.skipped++
				continue
			}
			keys = append(keys, key)
		}
		if err := done.copyAll(ctx, keys, func(ctx context.Context, key string) (int, error) {
			return b.download(ctx, dir, key)
		}); err != nil {
			return done, err
		}
	}
	return done, b.backUpOperatorFiles(ctx, dir, &done)
}

// listKind returns the sizes of all objects of a kind, in bytes, by key.
func (b *bucketRoot) listKind(ctx context.Context, kind int) (map[string]int64, error) {
	sizes := map[string]int64{}
	err := b.bucket.Entries(ctx, b.root, func(key string, size int64, _ time.Time) {
		if kindOf(key) == kind {
			sizes[key] = size
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listing %q: %w", b.root, err)
	}
	return sizes, nil
}

// download copies an object to its file and returns its size. It returns errRemoved
// if the object is gone.
func (b *bucketRoot) download(ctx context.Context, dir, key string) (int, error) {
	data, _, err := b.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) { // retention removed it, so nothing refers to it
		return 0, errRemoved
	}
	if err != nil {
		return 0, fmt.Errorf("reading %q: %w", key, err)
	}
	path, err := b.filePath(dir, key)
	if err != nil {
		return 0, err
	}
	return len(data), writeFile(path, data, b.fileMode(key))
}

// restore copies a directory into the bucket. It returns an error if the bucket has
// objects below the prefix already.
func (b *bucketRoot) restore(ctx context.Context, dir string) (done copyStats, err error) {
	taken, err := b.bucket.List(ctx, b.root)
	if err != nil {
		return done, fmt.Errorf("listing %q: %w", b.root, err)
	}
	if len(taken) > 0 {
		return done,
			fmt.Errorf("there are %d objects below %q already; "+
				"restore into an empty bucket or below another OSS_PREFIX", len(taken), b.root)
	}
	if err := b.restoreOperatorFiles(ctx, dir, &done); err != nil {
		return done, err
	}
	keys, err := b.listFiles(dir)
	if err != nil {
		return done, fmt.Errorf("reading the backup: %w", err)
	}
	// The opposite order of backUp: whatever is there already refers to nothing that is
	// still missing.
	for kind := kindCount - 1; kind >= 0; kind-- {
		err := done.copyAll(ctx, keys[kind], func(ctx context.Context, key string) (int, error) {
			return b.upload(ctx, dir, key)
		})
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// listFiles returns the keys of the objects that a backup has files of, by kind. It
// leaves out files that a backup that was killed has not finished.
func (b *bucketRoot) listFiles(dir string) (keys [kindCount][]string, err error) {
	top := filepath.Join(dir, "v1")
	err = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasSuffix(path, partialSuffix) {
			rest, _ := filepath.Rel(top, path) // path is below
			key := b.root + filepath.ToSlash(rest)
			keys[kindOf(key)] = append(keys[kindOf(key)], key)
		}
		return err
	})
	return keys, err
}

// upload copies a file into its object and returns its size.
func (b *bucketRoot) upload(ctx context.Context, dir, key string) (int, error) {
	path, err := b.filePath(dir, key)
	if err != nil {
		return 0, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	if kindOf(key) == kindLog { // OSS cannot append to an object that was put
		_, err = b.bucket.Append(ctx, key, 0, data)
	} else {
		err = b.bucket.Put(ctx, key, data)
	}
	if err != nil {
		return 0, fmt.Errorf("writing %q: %w", key, err)
	}
	return len(data), nil
}

// filePath returns the file for an object: DIR/v1/..., without the prefix, so that
// the backup can be restored below another prefix. An operator's file is DIR/NAME.
func (b *bucketRoot) filePath(dir, key string) (string, error) {
	below, isArchived := strings.CutPrefix(key, b.root)
	if !isArchived {
		return filepath.Join(dir, path.Base(key)), nil
	}
	rest := filepath.FromSlash(below)
	if !filepath.IsLocal(rest) {
		return "", fmt.Errorf("object %q cannot be a file below a directory", key)
	}
	return filepath.Join(dir, "v1", rest), nil
}

// errRemoved means that an object was removed while the backup ran.
var errRemoved = errors.New("the object has been removed")

// partialSuffix ends the name of a file that is being written.
const partialSuffix = ".partial"

// writeFile writes a whole file or none: it writes a partial file and renames it.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+partialSuffix, data, mode); err != nil {
		return err
	}
	return os.Rename(path+partialSuffix, path)
}

// copyAll calls copy for each key, several at a time, and adds up the results.
func (t *copyStats) copyAll(ctx context.Context, keys []string, copy func(context.Context, string) (int, error)) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxConcurrent)
	for _, key := range keys {
		group.Go(func() error {
			n, err := copy(ctx, key)
			mu.Lock() // of t, which all calls share
			defer mu.Unlock()
			if errors.Is(err, errRemoved) {
				return nil
			}
			if err == nil {
				t.copied++
				t.bytes += int64(n)
			}
			return err
		})
	}
	return group.Wait()
}
