package replica

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// heedFormat reads from a query or a form whether the answer is to be XML. It
// looks for nothing else and minds no fault: what is wrong with a request is
// told in the format that it asks for, too. The first that is named counts.
func (q *question) heedFormat(coded string) {
	for pair := range strings.SplitSeq(coded, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); q.formatRead || err != nil || !strings.EqualFold(name, "Format") {
			continue
		}
		value, err := url.QueryUnescape(value)
		q.formatRead, q.xml = true, err == nil && strings.EqualFold(value, "XML")
	}
}

// knownFormat says whether a value of Format is one; empty: it is not given.
func knownFormat(value string) bool {
	return value == "" || strings.EqualFold(value, "JSON") || strings.EqualFold(value, "XML")
}

// postsForm says whether the body of a request is a form that counts.
func postsForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded"
}
