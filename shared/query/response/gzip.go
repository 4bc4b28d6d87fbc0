package response

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"community-images/shared/query/field"
	"community-images/shared/query/request"
)

const (
	gzipMinSize = 1024 // bytes; a smaller body is not compressed
)

// acceptsGzip returns true if an Accept-Encoding header names gzip, or else
// "*", with a quality that is not 0 and not below that of identity.
func acceptsGzip(header string) bool {
	// gzip that is not named has the quality of "*", if that is there. identity
	// is acceptable unless it is excluded, but is preferred only if it says so.
	zipped, others, plain := -1.0, 0.0, 0.0
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		switch field.FoldCase(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			zipped = request.ParseQuality(params)
		case "*":
			others = request.ParseQuality(params)
		case "identity":
			plain = request.ParseQuality(params)
		}
	}
	if zipped < 0 {
		zipped = others
	}
	return zipped > 0 && zipped >= plain
}

// deflate compresses data to a raw deflate stream (RFC 1951). The level is one
// above the fastest: most of the gain at a bearable cost.
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

// gzipParts returns one gzip member (RFC 1952) in three parts. The envelope
// differs from call to call and is stored without compression. The body is
// compressed once for all calls.
//
// A gzip member is a header, deflate blocks, and a trailer with a checksum of
// all plain bytes. Deflate streams can be concatenated from blocks, so a stored
// block for the envelope can stand before the compressed body.
func gzipParts(envelope []byte, b *Body) [][]byte {
	deflated := b.deflated
	if deflated == nil {
		deflated = deflate(b.Bytes)
	}
	const maxStored = 0xffff // bytes of one stored block
	// Magic number, deflate, no flags, no time, no hints, unknown system.
	head := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	for rest := envelope; len(rest) > 0; {
		n := min(len(rest), maxStored)
		head = append(head, 0) // a stored block, not the last
		head = binary.LittleEndian.AppendUint16(head, uint16(n))
		head = binary.LittleEndian.AppendUint16(head, ^uint16(n))
		head = append(head, rest[:n]...)
		rest = rest[n:]
	}
	// The checksum covers the envelope and the body, as the client will see
	// them.
	sum := crc32.Update(crc32.ChecksumIEEE(envelope), crc32.IEEETable, b.Bytes)
	tail := binary.LittleEndian.AppendUint32(nil, sum)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(envelope)+len(b.Bytes)))
	return [][]byte{head, deflated, tail}
}
