package etag

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/hint"
)

// layoutVersion changes whenever the same data is rendered differently.
const layoutVersion = "8"

// Make hashes everything that an answer depends on, and the layout of
// answers.
//
// Parts are separated, so that the end of one is not taken for the beginning of
// the next.
func Make(parts ...string) string {
	h := sha256.New()
	h.Write([]byte(layoutVersion))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// JoinHeaderLines returns the value of a header that may have several lines, as
// one list.
func JoinHeaderLines(h http.Header, name string) string {
	lines := h[name]
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ",")
}

// ClientTags says which forms of an answer the caller names in If-None-Match or
// If-Match.
type ClientTags struct {
	Plain   bool // the answer as it is
	Gzipped bool // the compressed answer
	Any     bool // "*": every answer that exists
}

// HasAnswer reports whether the caller names a form of the answer.
func (t ClientTags) HasAnswer() bool { return t.Plain || t.Gzipped }

// ParseIfNoneMatch compares the tags of If-None-Match with the ETag of an
// answer, by weak comparison (RFC 9110, section 8.8.3.2). An empty etag matches
// nothing, not even "*": such an answer is sent as a whole.
func ParseIfNoneMatch(header, etag string) ClientTags {
	if etag == "" {
		return ClientTags{}
	}
	return parseETags(header, etag, true)
}

// CheckIfMatch returns an error if a header If-Match names only other answers than
// that with the etag, by strong comparison (RFC 9110, section 13.1.1). "*" and no
// header match every answer. Either form of the answer matches, compressed or not:
// the caller wants to know whether the content is the same.
func CheckIfMatch(header, etag string) error {
	if header == "" {
		return nil
	}
	client := parseETags(header, etag, false)
	if client.Any || etag != "" && client.HasAnswer() {
		return nil
	}
	text := message.New("If-Match names other answers than the present one.")
	if etag == "" {
		text = message.New("If-Match can only be * here: the answer has no ETag.")
	}
	return &apierror.Error{Status: http.StatusPreconditionFailed, Code: fault.CodePrecondition, Message: text,
		Recommend: message.New("Ask again without If-Match, and go on from that answer.")}
}

// parseETags compares the tags of a header with the ETag of an answer. Without
// weak, tags that begin with W/ match nothing. Tags without their quotes match
// too, because people paste them so.
func parseETags(header, etag string, weak bool) ClientTags {
	var client ClientTags
	if strings.TrimSpace(header) == "*" {
		client.Any = true
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
		client.Plain = client.Plain || tag == etag
		client.Gzipped = client.Gzipped || tag == etag+GzipSuffix
	}
	return client
}

const GzipSuffix = "-gzip" // at the end of the ETag of a compressed answer
