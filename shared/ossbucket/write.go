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
	return b.retryRequest(ctx, "putting", key, func(x *attempt) error {
		return b.putObject(x, key, data)
	})
}

// Create implements archive.Bucket. A retry after a lost response may find its
// own object: equal bytes are success then.
func (b *Bucket) Create(ctx context.Context, key string, data []byte) error {
	// tries tells a first refusal, which is another writer's object, from one after a
	// lost response, which may be our own.
	tries := 0
	err := b.retryRequest(ctx, "creating", key, func(x *attempt) error {
		tries++
		return b.putObject(x, key, data, oss.ForbidOverWrite(true))
	})
	if tries > 1 && errors.Is(err, fs.ErrExist) {
		if there, _, getErr := b.Get(ctx, key, ""); getErr == nil && bytes.Equal(there, data) {
			return nil
		}
	}
	return err
}

// putObject puts an object once and verifies the checksum.
func (b *Bucket) putObject(x *attempt, key string, data []byte, more ...oss.Option) error {
	request := &oss.PutObjectRequest{ObjectKey: key, Reader: x.newUpload(data)}
	resp, err := x.oss.DoPutObject(request, append(b.writeOptions(x, key), more...))
	if err != nil {
		return err
	}
	defer resp.Close()
	return x.verifyCRC(crc64.Checksum(data, crcTable))
}

// Append implements archive.Bucket. It is never retried: only the object can tell
// whether an append without a response took place.
func (b *Bucket) Append(ctx context.Context, key string, position int64, data []byte) (int64, error) {
	if position < 0 {
		return 0, fmt.Errorf("appending to %q: position %d is negative", key, position)
	}
	// next is the object's length if the append takes place.
	next := position + int64(len(data))
	err := b.tryRequest(ctx, "appending to", key, func(x *attempt) error {
		request := &oss.AppendObjectRequest{ObjectKey: key, Reader: x.newUpload(data), Position: position}
		// The CRC-64 of the answer is that of the whole object, which is not known
		// here; with an MD5 OSS refuses damaged bytes instead.
		sum := md5.Sum(data)
		options := append(b.writeOptions(x, key), oss.ContentMD5(base64.StdEncoding.EncodeToString(sum[:])))
		if _, err := x.oss.DoAppendObject(request, options); err != nil {
			return err
		}
		if said := x.header.Get(oss.HTTPHeaderOssNextAppendPosition); said != strconv.FormatInt(next, 10) {
			return &corruptError{fmt.Sprintf("the length after %d bytes at %d should be %d, OSS says %q", len(data),
				position, next, shorten(said))}
		}
		if position == 0 {
			return x.verifyCRC(crc64.Checksum(data, crcTable))
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
	err := b.retryRequest(ctx, "deleting", key, func(x *attempt) error {
		return x.oss.DeleteObject(key, b.commonOptions(x)...)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
