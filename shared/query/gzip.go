package query

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

const (
	gzipETagSuffix = "-gzip" // at the end of the ETag of a compressed answer
	gzipMinSize    = 1024    // bytes from which compressing is worth while
)

// acceptsGzip reads an Accept-Encoding header: gzip must be named, or else *,
// with a quality that is not 0 and not below that of the answer as it is.
func acceptsGzip(header string) bool {
	zipped, others, plain := -1.0, 0.0, 0.0
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			zipped = parseQuality(params)
		case "*":
			others = parseQuality(params)
		case "identity":
			plain = parseQuality(params)
		}
	}
	if zipped < 0 {
		zipped = others
	}
	return zipped > 0 && zipped >= plain
}

// deflate is the raw deflate stream of data.
func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed+1)
	if err != nil {
		panic("query: a constant compression level: " + err.Error())
	}
	_, _ = w.Write(data) // a bytes.Buffer does not fail
	_ = w.Close()
	return b.Bytes()
}

// gzipParts is one gzip member (RFC 1952) that holds front, which differs
// from request to request and goes in as it is, and a body, which has been
// compressed once for all of them.
func gzipParts(front []byte, b *body) [][]byte {
	packed := b.deflated
	if packed == nil {
		packed = deflate(b.bytes)
	}
	head := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	for rest := front; len(rest) > 0; {
		n := min(len(rest), 0xffff)
		head = append(head, 0) // a stored block that is not the last
		head = binary.LittleEndian.AppendUint16(head, uint16(n))
		head = binary.LittleEndian.AppendUint16(head, ^uint16(n))
		head = append(head, rest[:n]...)
		rest = rest[n:]
	}
	sum := crc32.Update(crc32.ChecksumIEEE(front), crc32.IEEETable, b.bytes)
	tail := binary.LittleEndian.AppendUint32(nil, sum)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(front)+len(b.bytes)))
	return [][]byte{head, packed, tail}
}
