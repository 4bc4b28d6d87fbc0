package osstest

import (
	"bytes"
	"crypto/md5"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// directoryStore keeps each object as one file, so that a person can find it.
// Everything that is known of an object follows from its file: the etag and
// CRC-64 from the content, the type from the mode. A normal object is only ever
// replaced, so its file is read-only; the file of an appendable object is
// writable.
//
// Every write, an append too, makes a new file and renames it. So an append costs
// more the larger the object is, but no reader and no killed process leaves half
// a write. Files are not synced: they survive the process, not the machine.
// gofakes3's own directory store (s3afero) writes in place and keeps metadata in
// a second file, which a kill would separate.
type directoryStore struct{ root string }

const (
	normalMode     fs.FileMode = 0o444
	appendableMode fs.FileMode = 0o644
)

func newDirectory(root string) (*directoryStore, error) {
	d := &directoryStore{root}
	if err := os.RemoveAll(d.tempDir()); err != nil { // of a process that was killed
		return nil, err
	}
	return d, os.MkdirAll(d.tempDir(), 0o755)
}

// tempDir returns where files are written before they are renamed. '%' cannot be
// in the name of a bucket.
func (d *directoryStore) tempDir() string { return filepath.Join(d.root, "%tmp") }

// writeObject writes a file with all parts of data and renames it into place.
func (d *directoryStore) writeObject(bucket, key string, mode fs.FileMode, data ...[]byte) (err error) {
	file, err := os.CreateTemp(d.tempDir(), "*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	for _, part := range data {
		if _, err = file.Write(part); err != nil {
			_ = file.Close()
			return err
		}
	}
	if err = errors.Join(file.Chmod(mode), file.Close()); err != nil {
		return err
	}
	target, err := d.objectPath(bucket, key)
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), target)
}

// readObject returns an object with all its bytes.
func (d *directoryStore) readObject(bucket, key string) (*gofakes3.Object, []byte, error) {
	if exists, err := d.BucketExists(bucket); err != nil || !exists {
		return nil, nil, errors.Join(err, gofakes3.BucketNotFound(bucket))
	}
	file, err := d.openObject(bucket, key)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	info, err := file.Stat() // of the open file: it may be replaced meanwhile
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, nil, err
	}
	kind := normalType
	if info.Mode()&0o200 != 0 {
		kind = appendableType
	}
	sum := md5.Sum(data)
	return &gofakes3.Object{
		Name: key, Size: int64(len(data)), Hash: sum[:],
		Contents: io.NopCloser(bytes.NewReader(nil)),
		Metadata: map[string]string{
			"Content-Type":         contentType(key),
			"Last-Modified":        info.ModTime().UTC().Format(http.TimeFormat),
			"X-Oss-Hash-Crc64ecma": crc64Text(data),
			"X-Oss-Object-Type":    kind,
		},
	}, data, nil
}

func contentType(key string) string {
	if strings.HasSuffix(key, ".ndjson") {
		return "application/x-ndjson"
	}
	if t := mime.TypeByExtension(filepath.Ext(key)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// GetObject implements gofakes3.Backend.
func (d *directoryStore) GetObject(bucket, key string, want *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	o, data, err := d.readObject(bucket, key)
	if err != nil {
		return nil, err
	}
	if o.Range, err = want.Range(o.Size); err != nil {
		return nil, err
	}
	if o.Range != nil {
		data = data[o.Range.Start : o.Range.Start+o.Range.Length]
	}
	o.Contents = io.NopCloser(bytes.NewReader(data))
	return o, nil
}

// HeadObject implements gofakes3.Backend.
func (d *directoryStore) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	o, _, err := d.readObject(bucket, key)
	return o, err
}

// PutObject implements gofakes3.Backend. The caller holds the lock of writes.
func (d *directoryStore) PutObject(bucket, key string, _ map[string]string, input io.Reader, size int64,
	_ *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	data, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	return gofakes3.PutObjectResult{}, d.writeObject(bucket, key, normalMode, data)
}

func (d *directoryStore) appendTo(bucket, key string, position int64, data []byte, _ string, _ time.Time) error {
	old, all, err := d.readObject(bucket, key)
	if err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return err
	}
	if err := checkAppend(old, position); err != nil {
		return err
	}
	return d.writeObject(bucket, key, appendableMode, all, data)
}

// CopyObject implements gofakes3.Backend.
func (d *directoryStore) CopyObject(srcBucket, srcKey, dstBucket, dstKey string,
	meta map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(d, srcBucket, srcKey, dstBucket, dstKey, meta)
}
