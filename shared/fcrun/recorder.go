package fcrun

import (
	"net/http"
	"strings"
)

// recorder is the http.ResponseWriter of one invocation. The response is sent as a
// whole, so an error can still replace what was written.
type recorder struct {
	// header is what the handler sets. Changes after the status was written are ignored.
	header http.Header
	status int                  // 0 until the header is written
	sent   map[string]string    // the headers when the status was written
	onDrop func(names []string) // called with the headers that did not fit

	single string          // the body, if it was written as one string
	parts  strings.Builder // the body otherwise
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
	// Take the headers now: the handler may go on to change them.
	var dropped []string
	if r.sent, dropped = responseHeaders(r.header); dropped != nil {
		r.onDrop(dropped)
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.beginParts(len(p))
	return r.parts.Write(p)
}

// WriteString implements io.StringWriter. A body that is written as a single
// string is passed on without a copy.
func (r *recorder) WriteString(s string) (int, error) {
	if r.single == "" && r.parts.Len() == 0 {
		if r.status == 0 {
			r.WriteHeader(http.StatusOK)
		}
		r.single = s
		return len(s), nil
	}
	r.beginParts(len(s))
	return r.parts.WriteString(s)
}

// beginParts prepares for a body that is written in several parts.
func (r *recorder) beginParts(more int) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.single != "" {
		// The first part was kept as a string; it becomes the beginning of the parts.
		r.parts.Grow(len(r.single) + more)
		r.parts.WriteString(r.single)
		r.single = ""
	}
}

// body returns the recorded body.
func (r *recorder) body() string {
	if r.single != "" {
		return r.single
	}
	return r.parts.String()
}
