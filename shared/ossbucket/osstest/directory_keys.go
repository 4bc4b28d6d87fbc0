package osstest

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// plainStep is a step of a key that may be the name of a file.
var plainStep = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$`)

// plain is the place of a key that is a path of files, or "".
func (d *directoryStore) plain(bucket, key string) string {
	for step := range strings.SplitSeq(key, "/") {
		if !plainStep.MatchString(step) {
			return ""
		}
	}
	return filepath.Join(d.root, bucket, filepath.FromSlash(key))
}

const oddStep = 200

// odd is the place of any other key, in hexadecimal, and of one that another
// key's file stands in the way of: OSS has "a" and "a/b" side by side. The
// last step ends in '~', so that no key is the beginning of another.
func (d *directoryStore) odd(bucket, key string) string {
	path := filepath.Join(d.root, bucket, "%odd")
	for part := range slices.Chunk([]byte(hex.EncodeToString([]byte(key))), oddStep) {
		path = filepath.Join(path, string(part))
	}
	return path + "~"
}

// openObject opens the file of an object.
func (d *directoryStore) openObject(bucket, key string) (*os.File, error) {
	for _, path := range []string{d.plain(bucket, key), d.odd(bucket, key)} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // missing, a directory, or below a file
		}
		return os.Open(path)
	}
	return nil, gofakes3.KeyNotFound(key)
}

// objectPath says where an object is or is to be, and makes the directories.
func (d *directoryStore) objectPath(bucket, key string) (string, error) {
	odd := d.odd(bucket, key)
	if plain := d.plain(bucket, key); plain != "" {
		_, err := os.Stat(odd)
		taken := err == nil
		info, err := os.Stat(plain)
		taken = taken || err == nil && info.IsDir()
		if !taken && os.MkdirAll(filepath.Dir(plain), 0o755) == nil {
			return plain, nil
		}
	}
	return odd, os.MkdirAll(filepath.Dir(odd), 0o755)
}

// keyOf is the inverse of plain and odd; path is below the bucket.
func keyOf(path string) (string, bool) {
	path = filepath.ToSlash(path)
	hexed, isOdd := strings.CutPrefix(path, "%odd/")
	if !isOdd {
		return path, !strings.Contains(path, "%")
	}
	key, err := hex.DecodeString(strings.TrimSuffix(strings.ReplaceAll(hexed, "/", ""), "~"))
	return string(key), err == nil
}

// ListBucket implements gofakes3.Backend, without pages.
func (d *directoryStore) ListBucket(bucket string, prefix *gofakes3.Prefix,
	_ gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	root := filepath.Join(d.root, bucket)
	var keys []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != root {
			return nil // deleted meanwhile
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if key, ok := keyOf(rel); ok && (prefix == nil || prefix.Match(key, nil)) {
			keys = append(keys, key)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(keys)
	list := gofakes3.NewObjectList()
	for _, key := range keys {
		list.Add(&gofakes3.Content{Key: key})
	}
	return list, nil
}

// DeleteObject implements gofakes3.Backend.
func (d *directoryStore) DeleteObject(bucket, key string) (gofakes3.ObjectDeleteResult, error) {
	file, err := d.openObject(bucket, key)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return gofakes3.ObjectDeleteResult{}, nil
	}
	if err == nil {
		err = errors.Join(file.Close(), os.Remove(file.Name()))
	}
	return gofakes3.ObjectDeleteResult{}, err
}

// DeleteMulti implements gofakes3.Backend.
func (d *directoryStore) DeleteMulti(bucket string, keys ...string) (result gofakes3.MultiDeleteResult, err error) {
	for _, key := range keys {
		if _, err := d.DeleteObject(bucket, key); err != nil {
			result.Error = append(result.Error, gofakes3.ErrorResultFromError(err))
			continue
		}
		result.Deleted = append(result.Deleted, gofakes3.ObjectID{Key: key})
	}
	return result, nil
}
