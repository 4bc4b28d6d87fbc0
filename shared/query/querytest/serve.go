package querytest

import (
	"net/http"
	"testing"
)

// discardWriter is an http.ResponseWriter that keeps nothing of the body.
type discardWriter struct {
	header http.Header
	status int
}

func (w *discardWriter) Header() http.Header         { return w.header }
func (w *discardWriter) WriteHeader(status int)      { w.status = status }
func (w *discardWriter) Write(p []byte) (int, error) { return len(p), nil }

// ServeOnce serves r for a benchmark, at no cost of its own, and fails the
// benchmark if the answer has another status.
func ServeOnce(b *testing.B, h http.Handler, r *http.Request, status int) {
	w := discardWriter{header: http.Header{}}
	h.ServeHTTP(&w, r)
	if w.status != status {
		b.Fatalf("%s answers %d", r.URL, w.status)
	}
}
