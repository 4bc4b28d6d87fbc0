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

// directory keeps each object as one file, so that a person finds it there.
// Everything that is known of an object follows from its file: the etag and
// the CRC-64 from the content, the type from the mode. A normal object is only
// ever replaced, so its file is read-only; an appendable one's can be written.
//
// Every write, an append too, makes a new file and renames it into place. The
// cost of an append thereby grows with the object, but no reader, and no
// process that is killed, can leave half a write. It is not synced: it survives
// the process, not the machine. gofakes3's own directory store (s3afero) writes
// in place and keeps metadata in a second file, which a kill would part.
type directory struct{ root string }

const (
	normalMode     fs.FileMode = 0o444
	appendableMode fs.FileMode = 0o644
)

func newDirectory(root string) (*directory, error) {
	d := &directory{root}
	if err := os.RemoveAll(d.temp()); err != nil { // of a process that was killed
		return nil, err
	}
	return d, os.MkdirAll(d.temp(), 0o755)
}

// temp is where files are written before they are renamed; '%' keeps it apart
// from buckets.
func (d *directory) temp() string { return filepath.Join(d.root, "%tmp") }

func (d *directory) write(bucket, key string, mode fs.FileMode, data ...[]byte) (err error) {
	file, err := os.CreateTemp(d.temp(), "*")
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
	target, err := d.place(bucket, key)
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), target)
}

// read returns an object with all its bytes.
func (d *directory) read(bucket, key string) (*gofakes3.Object, []byte, error) {
	if exists, err := d.BucketExists(bucket); err != nil || !exists {
		return nil, nil, errors.Join(err, gofakes3.BucketNotFound(bucket))
	}
	file, err := d.find(bucket, key)
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
	kind := normal
	if info.Mode()&0o200 != 0 {
		kind = appendable
	}
	sum := md5.Sum(data)
	return &gofakes3.Object{
		Name: key, Size: int64(len(data)), Hash: sum[:],
		Contents: io.NopCloser(bytes.NewReader(nil)),
		Metadata: map[string]string{
			"Content-Type":         contentType(key),
			"Last-Modified":        info.ModTime().UTC().Format(http.TimeFormat),
			"X-Oss-Hash-Crc64ecma": crcOf(data),
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
func (d *directory) GetObject(bucket, key string, want *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	o, data, err := d.read(bucket, key)
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
func (d *directory) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	o, _, err := d.read(bucket, key)
	return o, err
}

// PutObject implements gofakes3.Backend. The caller holds the lock of writes.
func (d *directory) PutObject(bucket, key string, _ map[string]string, input io.Reader, size int64, _ *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	data, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	return gofakes3.PutObjectResult{}, d.write(bucket, key, normalMode, data)
}

func (d *directory) appendTo(bucket, key string, position int64, data []byte, _ string, _ time.Time) error {
	old, all, err := d.read(bucket, key)
	if err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return err
	}
	if err := extend(old, position); err != nil {
		return err
	}
	return d.write(bucket, key, appendableMode, all, data)
}

// CopyObject implements gofakes3.Backend.
func (d *directory) CopyObject(srcBucket, srcKey, dstBucket, dstKey string, meta map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(d, srcBucket, srcKey, dstBucket, dstKey, meta)
}
