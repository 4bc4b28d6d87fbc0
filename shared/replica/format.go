package replica

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// detectFormat reads from a query or form whether the answer is to be XML. It
// ignores everything else, faults included, so that errors have the requested
// format as well. The first Format counts, also of several that FC has joined by
// commas.
func (q *parsedRequest) detectFormat(coded string) {
	for pair := range strings.SplitSeq(coded, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); q.formatKnown || err != nil || !strings.EqualFold(name, "Format") {
			continue
		}
		value, err := url.QueryUnescape(value)
		value, _, _ = strings.Cut(value, ",")
		q.formatKnown, q.xml = true, err == nil && strings.EqualFold(value, "XML")
	}
}

// isKnownFormat reports whether a value of Format is JSON, XML or empty, in any
// case.
func isKnownFormat(value string) bool {
	return value == "" || strings.EqualFold(value, "JSON") || strings.EqualFold(value, "XML")
}

// hasFormBody reports whether a request is a POST with a form.
func hasFormBody(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded"
}
