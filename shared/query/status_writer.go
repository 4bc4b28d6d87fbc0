package query

import (
	"io"
	"net/http"
)

// statusWriter remembers the status of a response.
type statusWriter struct {
	http.ResponseWriter
	status int // 0 until the header is written
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// WriteString implements io.StringWriter. It passes the string on as one,
// because the recorder of the function then needs no copy.
func (w *statusWriter) WriteString(s string) (int, error) { return io.WriteString(w.ResponseWriter, s) }
