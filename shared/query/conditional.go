package query

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/query/fault"
	"community-images/shared/query/hint"
)

// layoutVersion changes whenever the same data is rendered differently.
const layoutVersion = "8"

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

// joinHeaderLines returns the value of a header that may have several lines, as
// one list.
func joinHeaderLines(h http.Header, name string) string {
	lines := h[name]
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ",")
}

// clientETags says which forms of an answer the caller names in If-None-Match or
// If-Match.
type clientETags struct {
	plain   bool // the answer as it is
	gzipped bool // the compressed answer
	any     bool // "*": every answer that exists
}

// hasAnswer reports whether the caller names a form of the answer.
func (t clientETags) hasAnswer() bool { return t.plain || t.gzipped }

// parseIfNoneMatch compares the tags of If-None-Match with the ETag of an
// answer, by weak comparison (RFC 9110, section 8.8.3.2). An empty etag matches
// nothing, not even "*": such an answer is sent as a whole.
func parseIfNoneMatch(header, etag string) clientETags {
	if etag == "" {
		return clientETags{}
	}
	return parseETags(header, etag, true)
}

// checkIfMatch returns an error if a header If-Match names only other answers than
// that with the etag, by strong comparison (RFC 9110, section 13.1.1). "*" and no
// header match every answer. Either form of the answer matches, compressed or not:
// the caller wants to know whether the content is the same.
func checkIfMatch(header, etag string) error {
	if header == "" {
		return nil
	}
	client := parseETags(header, etag, false)
	if client.any || etag != "" && client.hasAnswer() {
		return nil
	}
	message := "If-Match names other answers than the present one."
	if etag == "" {
		message = "If-Match can only be * here: the answer has no ETag."
	}
	return &apierror.Error{Status: http.StatusPreconditionFailed, Code: fault.CodePrecondition, Message: message,
		Recommend: "Ask again without If-Match, and go on from that answer."}
}

// parseETags compares the tags of a header with the ETag of an answer. Without
// weak, tags that begin with W/ match nothing. Tags without their quotes match
// too, because people paste them so.
func parseETags(header, etag string, weak bool) clientETags {
	var client clientETags
	if strings.TrimSpace(header) == "*" {
		client.any = true
		return client
	}
	if !weak { // hints are no part of the content
		etag = hint.TrimETag(etag)
	}
	// The tags are cut off one by one: a comma can stand inside the quotes of a
	// tag.
	for rest := header; rest != ""; {
		rest = strings.TrimLeft(rest, " \t,")
		strong, isWeak := strings.CutPrefix(rest, "W/")
		rest = strong
		var tag string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			tag, rest, _ = strings.Cut(quoted, `"`)
		} else {
			// A tag without quotes ends at the comma.
			tag, rest, _ = strings.Cut(rest, ",")
			tag = strings.TrimSpace(tag)
		}
		if isWeak && !weak {
			continue
		}
		if !weak {
			tag = hint.TrimETag(tag)
		}
		client.plain = client.plain || tag == etag
		client.gzipped = client.gzipped || tag == etag+gzipETagSuffix
	}
	return client
}
