package response

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"community-images/shared/query/etag"
	"community-images/shared/query/request"
)

// ReferrerPolicy keeps addresses from other sites. With no-referrer, browsers would not tell
// the origin of the form for signing out.
const ReferrerPolicy = "same-origin"

// setHeaders sets the headers that an answer and its 304 have in common. A
// cache that gets a 304 updates what it has stored with these headers (RFC
// 9111, section 4.3.4), so both must set them alike.
func (w *Writer) setHeaders(req *request.Request, ans *Answer) {
	header := w.Header()
	// The format follows Accept unless the address names it, and gzip follows
	// Accept-Encoding.
	vary := "Accept, Accept-Encoding"
	if w.Private {
		vary = "Accept, Accept-Encoding, Authorization"
	}
	if req.Format == request.FormatHTML {
		vary += ", Accept-Language, Cookie"
	}
	header.Set("Vary", vary)
	// Texts of images must not be run as a script or shown as a page.
	header.Set("X-Content-Type-Options", "nosniff")
	if ans.ContentSecurityPolicy != "" {
		header.Set("Content-Security-Policy", ans.ContentSecurityPolicy)
		header.Set("Referrer-Policy", ReferrerPolicy)
	}
	header.Set("Cache-Control", w.cacheControl(req, ans))
	if !ans.LastModified.IsZero() {
		header.Set("Last-Modified", ans.LastModified.UTC().Format(http.TimeFormat))
	}
	f := ans.Freshness
	if f == nil {
		return
	}
	// Several regions have no common number.
	if f.Sequence > 0 {
		header.Set("X-Snapshot-Sequence", strconv.FormatInt(f.Sequence, 10))
	}
	// If nothing was ever checked there is no age: 0 would look fresh.
	if !f.CheckedAt.IsZero() {
		header.Set("X-Snapshot-Age", strconv.FormatInt(f.Age, 10))
	}
	// Age says how long this copy of the store's data has been held. Caches
	// subtract it from max-age (RFC 9111, section 5.1).
	header.Set("Age", strconv.FormatInt(f.Held, 10))
	// RFC 9111 no longer defines this header. It is there for callers who test
	// it.
	if len(f.Stale) > 0 {
		header.Set("Warning", `110 - "Response is Stale"`)
	}
}

// setBodyHeaders sets the headers that only an answer with a body has.
func (w *Writer) setBodyHeaders(req *request.Request, etag string, p payload, gzipped bool) {
	header := w.Header()
	// The text formats name their character set: browsers would guess it.
	header.Set("Content-Type", request.ContentType(req.Format))
	w.setETag(etag, gzipped)
	if gzipped {
		header.Set("Content-Encoding", "gzip")
	}
	// The same cursor stands in the JSON as NextCursor. Other formats have the
	// header only.
	if p.Next != "" {
		header.Set("Link", "<"+w.NextURL(p.Next)+`>; rel="next"`)
	}
	if p.Total != "" {
		header.Set("X-Total-Count", p.Total)
	}
	if hint := p.Hints.Header(); hint != "" {
		header.Set("X-Hint", hint)
	}
	if p.Cursor != "" {
		header.Set("X-Next-Cursor", p.Cursor)
	}
}

// setETag sets the ETag. A compressed answer has one of its own. RFC 9110 wants
// another ETag for another encoding of the same answer.
func (w *Writer) setETag(tag string, gzipped bool) {
	if tag == "" {
		return
	}
	if gzipped {
		tag += etag.GzipSuffix
	}
	w.Header().Set("ETag", `"`+tag+`"`)
}

// NextURL returns the address of the call with another cursor.
//
// The parameters stay as the caller wrote them, with their order and escapes.
// Only the position changes: cursor and since are dropped in any spelling.
func (w *Writer) NextURL(cursor string) string {
	var b strings.Builder
	b.Grow(len(w.Request.URL.Path) + len(w.Request.URL.RawQuery) + len(cursor) + 16)
	b.WriteString(w.Request.URL.EscapedPath())
	b.WriteByte('?')
	for part := range strings.SplitSeq(w.Request.URL.RawQuery, "&") {
		escaped, _, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(escaped)
		// A part that cannot be decoded has been refused before.
		if part == "" || err != nil || strings.EqualFold(name, "cursor") || strings.EqualFold(name, "since") {
			continue
		}
		b.WriteString(part)
		b.WriteByte('&')
	}
	b.WriteString("cursor=")
	b.WriteString(cursor)
	return EscapeForHeader(b.String())
}

// EscapeForHeader percent-encodes the characters of an address that must not
// stand between < and > in a header.
func EscapeForHeader(address string) string {
	if !strings.ContainsFunc(address, isUnsafeInHeader) {
		return address
	}
	var b strings.Builder
	for i := range len(address) {
		if c := address[i]; isUnsafeInHeader(rune(c)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// isUnsafeInHeader returns true for spaces, control characters, non-ASCII bytes
// and the delimiters of a Link header.
func isUnsafeInHeader(c rune) bool {
	return c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"'
}
