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
	err = b.repeat(ctx, "getting", key, func(x *exchange) error {
		options := b.common(x)
		if etag != "" {
			options = append(options, oss.IfNoneMatch(etag))
		}
		data, err = x.get(key, options)
		switch current = x.header.Get(oss.HTTPHeaderEtag); {
		case x.status == http.StatusNotModified && etag != "":
			data, current, err = nil, etag, nil
		case err == nil && etag != "" && current == etag:
			data = nil
		}
		return err
	})
	if err != nil {
		return nil, "", b.absent(ctx, key, err)
	}
	return data, current, nil
}

// GetFrom implements archive.Reader.
func (b *Bucket) GetFrom(ctx context.Context, key string, offset, limit int64) (data []byte, err error) {
	if offset < 0 || limit < 1 {
		return nil, fmt.Errorf("getting %q: there are no %d bytes from %d on", key, limit, offset)
	}
	err = b.repeat(ctx, "getting", key, func(x *exchange) error {
		// Without the second header OSS answers a range that goes beyond the end with everything.
		options := append(b.common(x), oss.NormalizedRange(fmt.Sprintf("%d-%d", offset, offset+limit-1)), oss.RangeBehavior("standard"))
		data, err = x.get(key, options)
		switch {
		case x.status == http.StatusRequestedRangeNotSatisfiable:
			data, err = []byte{}, nil
		case x.status == http.StatusPartialContent && err == nil:
			err = x.checkRange(offset, limit, data)
		case err == nil: // the range was ignored
			data = data[min(offset, int64(len(data))):]
			data = data[:min(limit, int64(len(data)))]
		}
		return err
	})
	if err != nil {
		return nil, b.absent(ctx, key, err)
	}
	return data, nil
}

// crcTable is the polynomial of the checksums that OSS reports.
var crcTable = crc64.MakeTable(crc64.ECMA)

// trustedLength is how much memory is made ready for an object because its
// answer states so much: a length is only a claim.
const trustedLength = 16 << 20

// get reads an object or a range of it, to the end.
func (x *exchange) get(key string, options []oss.Option) ([]byte, error) {
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
	buf.Grow(int(min(max(length, 0), trustedLength)) + bytes.MinRead)
	if x.status != http.StatusOK {
		_, err := buf.ReadFrom(result.Response.Body)
		return buf.Bytes(), err
	}
	sum := crc64.New(crcTable)
	if _, err = buf.ReadFrom(io.TeeReader(result.Response.Body, sum)); err == nil {
		err = x.checkCRC(sum.Sum64())
	}
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// checkCRC compares the sum of a whole object with what OSS says of it.
func (x *exchange) checkCRC(sum uint64) error {
	said := x.header.Get(oss.HTTPHeaderOssCRC64)
	if got := strconv.FormatUint(sum, 10); said != "" && got != said {
		return &brokenError{fmt.Sprintf("the CRC-64 is %s, OSS says %s", got, brief(said))}
	}
	return nil
}

// checkRange demands "bytes <offset>-<end>/<size>", and the end that the limit
// or the size sets. The CRC is that of the whole object: it proves a range that
// is one.
func (x *exchange) checkRange(offset, limit int64, data []byte) error {
	header := x.header.Get("Content-Range")
	_, total, _ := strings.Cut(header, "/")
	size, err := strconv.ParseInt(total, 10, 64)
	length := int64(len(data))
	if err != nil || length < limit {
		size = offset + length
	}
	want := fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, size)
	switch {
	case header != want || length > limit || size < offset+length:
		return &brokenError{fmt.Sprintf("the range is %q, want %q", brief(header), want)}
	case offset == 0 && length == size:
		return x.checkCRC(crc64.Checksum(data, crcTable))
	}
	return nil
}
