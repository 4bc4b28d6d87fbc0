package ossbucket

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc64"
	"io/fs"
	"strconv"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Put implements archive.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, data []byte) error {
	return b.repeat(ctx, "putting", key, func(x *exchange) error {
		return b.put(x, key, data)
	})
}

// Create implements archive.Bucket. Tried again after a lost answer it may
// find its own object: the same bytes are success then.
func (b *Bucket) Create(ctx context.Context, key string, data []byte) error {
	tries := 0
	err := b.repeat(ctx, "creating", key, func(x *exchange) error {
		tries++
		return b.put(x, key, data, oss.ForbidOverWrite(true))
	})
	if tries > 1 && errors.Is(err, fs.ErrExist) {
		if there, _, getErr := b.Get(ctx, key, ""); getErr == nil && bytes.Equal(there, data) {
			return nil
		}
	}
	return err
}

func (b *Bucket) put(x *exchange, key string, data []byte, more ...oss.Option) error {
	request := &oss.PutObjectRequest{ObjectKey: key, Reader: x.body(data)}
	resp, err := x.oss.DoPutObject(request, append(b.headers(x, key), more...))
	if err != nil {
		return err
	}
	defer resp.Close()
	return x.checkCRC(crc64.Checksum(data, crcTable))
}

// Append implements archive.Bucket. It is never tried again: whether an
// append without an answer took place only the object can tell.
func (b *Bucket) Append(ctx context.Context, key string, position int64, data []byte) (int64, error) {
	if position < 0 {
		return 0, fmt.Errorf("appending to %q: position %d is negative", key, position)
	}
	next := position + int64(len(data))
	err := b.once(ctx, "appending to", key, func(x *exchange) error {
		request := &oss.AppendObjectRequest{ObjectKey: key, Reader: x.body(data), Position: position}
		// The CRC-64 of the answer is that of the whole object, which is not known
		// here; with an MD5 OSS refuses damaged bytes instead.
		sum := md5.Sum(data)
		options := append(b.headers(x, key), oss.ContentMD5(base64.StdEncoding.EncodeToString(sum[:])))
		if _, err := x.oss.DoAppendObject(request, options); err != nil {
			return err
		}
		if said := x.header.Get(oss.HTTPHeaderOssNextAppendPosition); said != strconv.FormatInt(next, 10) {
			return &brokenError{fmt.Sprintf("the length after %d bytes at %d should be %d, OSS says %q", len(data), position, next, brief(said))}
		}
		if position == 0 {
			return x.checkCRC(crc64.Checksum(data, crcTable))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return next, nil
}

// Delete implements archive.Sweeper.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	err := b.repeat(ctx, "deleting", key, func(x *exchange) error {
		return x.oss.DeleteObject(key, b.common(x)...)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
