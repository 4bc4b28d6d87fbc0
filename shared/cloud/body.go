package cloud

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// DecodeBody removes the content encoding of a response: after it, the body reads as
// the service wrote it. Our clients ask for no encoding, but a gateway between may
// compress all the same. It decodes gzip; any other encoding is an error, and the body
// stays as it is. The decoded body has no stated length; the caller must bound it.
func DecodeBody(resp *http.Response) error {
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
		resp.Body = &gzipBody{compressed: resp.Body}
	default:
		return fmt.Errorf("the answer has Content-Encoding %.20q, which was not asked for", encoding)
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length") // that of the compressed bytes
	resp.ContentLength, resp.Uncompressed = -1, true
	return nil
}

// gzipBody decompresses a body while it is read.
type gzipBody struct {
	compressed io.ReadCloser
	plain      *gzip.Reader // nil until the first Read, because making it reads
	err        error        // the error of the first Read; later ones return it again
}

// Read implements io.Reader. A body without a byte, as an answer to HEAD has, ends at
// once.
func (b *gzipBody) Read(p []byte) (int, error) {
	if b.plain == nil && b.err == nil {
		b.plain, b.err = gzip.NewReader(b.compressed)
	}
	if b.err != nil {
		return 0, explainGzip(b.err)
	}
	n, err := b.plain.Read(p)
	return n, explainGzip(err)
}

// Close closes the compressed body.
func (b *gzipBody) Close() error { return b.compressed.Close() }

// explainGzip says which bytes the errors of package gzip are about. Others, of the
// network, stay as they are.
func explainGzip(err error) error {
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return fmt.Errorf("the answer says that it is gzip: %w", err)
	}
	return err
}
