package query

import (
	"net/http"
	"strings"
)

// conditionalKey marks the context of a lookup whose caller may have the answer
// already: nothing that only its body needs is read ahead of knowing that.
type conditionalKey struct{}

// joinHeaderLines is a header that may come in several lines, as one list.
func joinHeaderLines(h http.Header, name string) string {
	lines := h[name]
	if len(lines) == 1 {
		return lines[0]
	}
	return strings.Join(lines, ",")
}

// clientETags says what a caller has, by If-None-Match.
type clientETags struct {
	plain, gzipped bool // the answer, as it is or compressed
	any            bool // *: anything, so that it counts only that there is an answer
}

// parseIfNoneMatch reads If-None-Match by weak comparison, as RFC 9110 says. Tags
// that lack their quotes are taken too, as people paste them so. An answer
// without a tag is never known.
func parseIfNoneMatch(header, etag string) (has clientETags) {
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
		has.gzipped = has.gzipped || tag == etag+gzipETagSuffix
	}
	return has
}
