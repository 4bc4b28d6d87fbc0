package query

import (
	"net/http"
	"strings"
)

// conditionalKey marks the context of a lookup whose caller may have the answer
// already: nothing that only its body needs is read ahead of knowing that.
type conditionalKey struct{}

// headerList is a header that may come in several lines, as one list.
func headerList(h http.Header, name string) string {
	lines := h[name]
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ",")
}

// hasTags says what a caller has, by If-None-Match.
type hasTags struct {
	plain, zipped bool // the answer, as it is or compressed
	any           bool // *: anything, so that it counts only that there is an answer
}

// parseTags reads If-None-Match by weak comparison, as RFC 9110 says. Tags
// that lack their quotes are taken too, as people paste them so. An answer
// without a tag is never known.
func parseTags(header, etag string) (has hasTags) {
	if header == "" || etag == "" {
		return has
	}
	if strings.TrimSpace(header) == "*" {
		has.any = true
		return has
	}
	for rest := header; rest != ""; {
		rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t,"), "W/")
		var tag string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			tag, rest, _ = strings.Cut(quoted, `"`)
		} else {
			tag, rest, _ = strings.Cut(rest, ",")
			tag = strings.TrimSpace(tag)
		}
		has.plain = has.plain || tag == etag
		has.zipped = has.zipped || tag == etag+gzipMark
	}
	return has
}
