package osstest

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// memoryStore is gofakes3's store in memory. Type and CRC-64 are metadata, which
// gofakes3 sends as headers.
type memoryStore struct{ *s3mem.Backend }

// PutObject implements gofakes3.Backend.
func (m memoryStore) PutObject(bucket, key string, meta map[string]string, input io.Reader, size int64,
	conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	data, err := gofakes3.ReadAll(input, size)
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	return m.putObject(bucket, key, normalType, meta, data, conditions)
}

func (m memoryStore) putObject(bucket, key, kind string, meta map[string]string, data []byte,
	conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	meta["X-Oss-Object-Type"], meta["X-Oss-Hash-Crc64ecma"] = kind, crc64Text(data)
	return m.Backend.PutObject(bucket, key, meta, bytes.NewReader(data), int64(len(data)), conditions)
}

// CopyObject implements gofakes3.Backend: a copy is a normal object.
func (m memoryStore) CopyObject(srcBucket, srcKey, dstBucket, dstKey string,
	meta map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(m, srcBucket, srcKey, dstBucket, dstKey, meta)
}

func (m memoryStore) appendTo(bucket, key string, position int64, data []byte, contentType string,
	now time.Time) error {
	old, err := m.GetObject(bucket, key, nil)
	if err != nil && !gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return err
	}
	if err := checkAppend(old, position); err != nil {
		return err
	}
	var all []byte
	if old != nil {
		contentType = old.Metadata["Content-Type"] // the first append has set it
		if all, err = io.ReadAll(old.Contents); err != nil {
			return err
		}
	}
	meta := map[string]string{"Content-Type": contentType, "Last-Modified": now.UTC().Format(http.TimeFormat)}
	_, err = m.putObject(bucket, key, appendableType, meta, append(all, data...), nil)
	return err
}
