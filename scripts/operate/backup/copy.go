package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// atOnce is the number of objects that are copied at the same time.
const atOnce = 16

// tally is what was copied.
type tally struct {
	copied, skipped int
	bytes           int64
}

// save copies what the directory does not have. Snapshots never change; all
// else is copied again each time.
func (p *place) save(ctx context.Context, dir string) (done tally, err error) {
	for kind := range kinds {
		sizes := map[string]int64{}
		if err := p.bucket.Entries(ctx, p.root, func(key string, size int64, _ time.Time) {
			if kindOf(key) == kind {
				sizes[key] = size
			}
		}); err != nil {
			return done, fmt.Errorf("listing %q: %w", p.root, err)
		}
		if kind == log && len(sizes) == 0 {
			return done, fmt.Errorf("nothing is stored below %q", p.root)
		}
		var keys []string
		for key, size := range sizes {
			path, err := p.file(dir, key)
			if err != nil {
				return done, err
			}
			if info, err := os.Stat(path); kind == snapshot && err == nil && info.Size() == size {
				done.skipped++
				continue
			}
			keys = append(keys, key)
		}
		if err := done.each(ctx, keys, func(ctx context.Context, key string) (int, error) {
			data, _, err := p.bucket.Get(ctx, key, "")
			if errors.Is(err, fs.ErrNotExist) { // retention was faster: nothing refers to it
				return 0, errGone
			}
			if err != nil {
				return 0, fmt.Errorf("reading %q: %w", key, err)
			}
			path, _ := p.file(dir, key) // as above
			return len(data), write(path, data)
		}); err != nil {
			return done, err
		}
	}
	return done, nil
}

// restore copies a directory into a bucket that has nothing below the prefix.
func (p *place) restore(ctx context.Context, dir string) (done tally, err error) {
	taken, err := p.bucket.List(ctx, p.root)
	if err != nil {
		return done, fmt.Errorf("listing %q: %w", p.root, err)
	}
	if len(taken) > 0 {
		return done, fmt.Errorf("there are %d objects below %q already; restore into an empty bucket or below another OSS_PREFIX", len(taken), p.root)
	}
	keys := [kinds][]string{}
	err = filepath.WalkDir(filepath.Join(dir, "v1"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasSuffix(path, partial) {
			rest, _ := filepath.Rel(filepath.Join(dir, "v1"), path) // path is below
			key := p.root + filepath.ToSlash(rest)
			keys[kindOf(key)] = append(keys[kindOf(key)], key)
		}
		return err
	})
	if err != nil {
		return done, fmt.Errorf("reading the backup: %w", err)
	}
	for kind := kinds - 1; kind >= 0; kind-- {
		err := done.each(ctx, keys[kind], func(ctx context.Context, key string) (int, error) {
			path, err := p.file(dir, key)
			if err != nil {
				return 0, err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return 0, err
			}
			if kind == log { // what is put can never be appended to
				_, err = p.bucket.Append(ctx, key, 0, data)
			} else {
				err = p.bucket.Put(ctx, key, data)
			}
			if err != nil {
				return 0, fmt.Errorf("writing %q: %w", key, err)
			}
			return len(data), nil
		})
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// file is where an object is kept: DIR/v1/…, whatever the prefix was, so that
// it can be restored below another.
func (p *place) file(dir, key string) (string, error) {
	rest := filepath.FromSlash(strings.TrimPrefix(key, p.root))
	if !filepath.IsLocal(rest) {
		return "", fmt.Errorf("object %q cannot be a file below a directory", key)
	}
	return filepath.Join(dir, "v1", rest), nil
}

// errGone says that an object was removed meanwhile.
var errGone = errors.New("the object has been removed")

// partial ends the name of a file that is being written.
const partial = ".partial"

// write puts a file in place whole or not at all.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+partial, data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+partial, path)
}

// each copies keys, several at a time.
func (t *tally) each(ctx context.Context, keys []string, copy func(context.Context, string) (int, error)) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, key := range keys {
		group.Go(func() error {
			n, err := copy(ctx, key)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, errGone) {
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
