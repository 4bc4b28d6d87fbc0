package fcrun

import (
	"net/http"
	"strings"
)

// recorder is the http.ResponseWriter of one invocation. The answer leaves as
// a whole, so nothing that was written stands in the way of a later fault.
type recorder struct {
	header http.Header
	status int // 0 until the header is written
	sent   map[string]string
	drop   func(names []string) // is told of headers that did not fit

	whole string          // all that was written, if it was one string
	parts strings.Builder // else
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter. Informational statuses are
// dropped: FC's response has one status.
func (r *recorder) WriteHeader(status int) {
	if r.status != 0 || status >= 100 && status < 200 {
		return
	}
	if status < 200 || status > 999 {
		panic("fcrun: a handler wrote an invalid status") // as net/http does
	}
	r.status = status
	var dropped []string
	if r.sent, dropped = responseHeaders(r.header); dropped != nil {
		r.drop(dropped)
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.spill(len(p))
	return r.parts.Write(p)
}

// WriteString implements io.StringWriter. A body that is written as a single
// string is passed on without a copy.
func (r *recorder) WriteString(s string) (int, error) {
	if r.whole == "" && r.parts.Len() == 0 {
		if r.status == 0 {
			r.WriteHeader(http.StatusOK)
		}
		r.whole = s
		return len(s), nil
	}
	r.spill(len(s))
	return r.parts.WriteString(s)
}

func (r *recorder) spill(more int) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.whole != "" {
		r.parts.Grow(len(r.whole) + more)
		r.parts.WriteString(r.whole)
		r.whole = ""
	}
}

func (r *recorder) body() string {
	if r.whole != "" {
		return r.whole
	}
	return r.parts.String()
}
