package query

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// layoutVersion changes whenever the same data is rendered differently.
const layoutVersion = "6"

// makeETag hashes everything that an answer depends on, and the layout of
// answers.
//
// Parts are separated, so that the end of one is not taken for the beginning of
// the next.
func makeETag(parts ...string) string {
	h := sha256.New()
	h.Write([]byte(layoutVersion))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// conditionalKey marks the context of a lookup whose caller may have the answer
// already. Data that only the body needs is then not prefetched.
type conditionalKey struct{}

// joinHeaderLines returns the value of a header that may have several lines, as
// one list.
func joinHeaderLines(h http.Header, name string) string {
	lines := h[name]
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ",")
}

// clientETags says which forms of an answer the caller has, by If-None-Match.
type clientETags struct {
	plain   bool // the answer as it is
	gzipped bool // the compressed answer
	any     bool // "*": the caller has every answer that exists
}

// parseIfNoneMatch compares the tags of If-None-Match with the ETag of an
// answer, by weak comparison (RFC 9110, section 8.8.3.2). Tags without their
// quotes match too, because people paste them so. An empty etag matches
// nothing.
func parseIfNoneMatch(header, etag string) clientETags {
	var client clientETags
	if header == "" || etag == "" {
		return client
	}
	if strings.TrimSpace(header) == "*" {
		client.any = true
		return client
	}
	// The tags are cut off one by one: a comma can stand inside the quotes of a
	// tag.
	for rest := header; rest != ""; {
		rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t,"), "W/")
		var tag string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			tag, rest, _ = strings.Cut(quoted, `"`)
		} else {
			// A tag without quotes ends at the comma.
			tag, rest, _ = strings.Cut(rest, ",")
			tag = strings.TrimSpace(tag)
		}
		client.plain = client.plain || tag == etag
		client.gzipped = client.gzipped || tag == etag+gzipETagSuffix
	}
	return client
}
