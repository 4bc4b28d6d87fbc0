package ossbucket

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Get implements archive.Reader.
func (b *Bucket) Get(ctx context.Context, key, etag string) (data []byte, current string, err error) {
	err = b.retryRequest(ctx, "getting", key, func(x *attempt) error {
		options := b.commonOptions(x)
		// With an etag OSS answers 304 without a body if the object has not changed.
		if etag != "" {
			options = append(options, oss.IfNoneMatch(etag))
		}
		data, err = x.readObject(key, options)
		switch current = x.header.Get(oss.HTTPHeaderEtag); {
		// The SDK reports 304 as an error.
		case x.status == http.StatusNotModified && etag != "":
			data, current, err = nil, etag, nil
		// The store ignored the condition. The result is the same: nothing has changed.
		case err == nil && etag != "" && current == etag:
			data = nil
		}
		return err
	})
	if err != nil {
		return nil, "", b.confirmNotFound(ctx, key, err)
	}
	return data, current, nil
}

// GetFrom implements archive.Reader.
func (b *Bucket) GetFrom(ctx context.Context, key string, offset, limit int64) (data []byte, err error) {
	if offset < 0 || limit < 1 {
		return nil, fmt.Errorf("getting %q: there are no %d bytes from %d on", key, limit, offset)
	}
	err = b.retryRequest(ctx, "getting", key, func(x *attempt) error {
		// Without the second header OSS answers a range that goes beyond the end with everything.
		options := append(b.commonOptions(x), oss.NormalizedRange(fmt.Sprintf("%d-%d", offset, offset+limit-1)),
			oss.RangeBehavior("standard"))
		data, err = x.readObject(key, options)
		switch {
		// The offset is at or behind the end of the object.
		case x.status == http.StatusRequestedRangeNotSatisfiable:
			data, err = []byte{}, nil
		case x.status == http.StatusPartialContent && err == nil:
			err = x.verifyRange(offset, limit, data)
		case err == nil: // the range was ignored
			data = data[min(offset, int64(len(data))):]
			data = data[:min(limit, int64(len(data)))]
		}
		return err
	})
	if err != nil {
		return nil, b.confirmNotFound(ctx, key, err)
	}
	return data, nil
}

// crcTable is the polynomial of the checksums that OSS reports.
var crcTable = crc64.MakeTable(crc64.ECMA)

// maxFirstBuffer bounds the buffer that is made for the length that a response
// states, which may be wrong.
const maxFirstBuffer = 16 << 20

// readObject reads an object or a range of it to the end. It verifies the
// checksum of whole objects.
func (x *attempt) readObject(key string, options []oss.Option) ([]byte, error) {
	result, err := x.oss.DoGetObject(&oss.GetObjectRequest{ObjectKey: key}, options)
	if err != nil {
		return nil, err
	}
	defer result.Response.Close()
	if x.status != http.StatusOK && x.status != http.StatusPartialContent {
		return nil, fmt.Errorf("OSS answers %d", x.status)
	}
	var buf bytes.Buffer
	length, _ := strconv.ParseInt(x.header.Get(oss.HTTPHeaderContentLength), 10, 64)
	buf.Grow(int(min(max(length, 0), maxFirstBuffer)) + bytes.MinRead)
	// A part of an object has no checksum of its own; verifyRange checks its place.
	if x.status != http.StatusOK {
		_, err := buf.ReadFrom(result.Response.Body)
		return buf.Bytes(), err
	}
	// Read and hash in one pass.
	sum := crc64.New(crcTable)
	if _, err = buf.ReadFrom(io.TeeReader(result.Response.Body, sum)); err == nil {
		err = x.verifyCRC(sum.Sum64())
	}
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// verifyCRC compares the checksum of a whole object with the one that OSS states.
func (x *attempt) verifyCRC(sum uint64) error {
	said := x.header.Get(oss.HTTPHeaderOssCRC64)
	if got := strconv.FormatUint(sum, 10); said != "" && got != said {
		return &corruptError{fmt.Sprintf("the CRC-64 is %s, OSS says %s", got, shorten(said))}
	}
	return nil
}

// verifyRange requires "bytes <offset>-<end>/<size>" with the end that the limit
// or the size sets. If the range is the whole object, it verifies the checksum as
// well.
func (x *attempt) verifyRange(offset, limit int64, data []byte) error {
	header := x.header.Get("Content-Range")
	_, total, _ := strings.Cut(header, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	length := int64(len(data))
	// The object ends within the range, so its size must be where the range ends.
	if err != nil || length < limit {
		size = offset + length
	}
	want := fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, size)
	switch {
	case header != want || length > limit || size < offset+length:
		return &corruptError{fmt.Sprintf("the range is %q, want %q", shorten(header), want)}
	case offset == 0 && length == size:
		return x.verifyCRC(crc64.Checksum(data, crcTable))
	}
	return nil
}
