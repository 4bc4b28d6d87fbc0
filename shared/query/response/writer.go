package response

import (
	"io"
	"net/http"
	"strconv"
	"time"
	"unsafe"

	"community-images/shared/apierror"
	"community-images/shared/query/lru"
)

// Settings say how all answers are sent.
type Settings struct {
	Gzip   bool                      // answers are compressed for clients that accept it
	TTL    time.Duration             // for which caches may keep an answer about the present
	Bodies *lru.Cache[string, *Body] // by a key that begins with the caller's grant
}

// Writer writes the response to one HTTP request, and remembers its status.
type Writer struct {
	http.ResponseWriter
	*Settings
	Request *http.Request
	ID      string // RequestId; may be empty
	Private bool   // the answer depends on the caller's token
	Status  int    // 0 until the header is written
}

// WriteHeader implements http.ResponseWriter.
func (w *Writer) WriteHeader(status int) {
	w.Status = status
	w.ResponseWriter.WriteHeader(status)
}

// WriteParts sends status 200 and the parts of the body, unless the method is
// HEAD.
func (w *Writer) WriteParts(parts [][]byte) {
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.WriteHeader(http.StatusOK)
	if w.Request.Method == http.MethodHead {
		return
	}
	if len(parts) == 1 {
		// Nobody changes the bytes, so they need no copy to become a string.
		// The recorder of the function passes a single string on as it is.
		_, _ = io.WriteString(w.ResponseWriter, unsafe.String(unsafe.SliceData(parts[0]), len(parts[0])))
		return
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			// The headers are sent; there is nobody left to tell.
			return // the caller has gone
		}
	}
}

// SetErrorHeaders sets the headers of an error. A route may have set those of the answer that
// failed.
func (w *Writer) SetErrorHeaders(e *apierror.Error) {
	header := w.Header()
	clear(header)
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	e.SetHeaders(header)
}

// SendError writes an error as JSON.
func (w *Writer) SendError(e *apierror.Error) {
	b := append(e.AppendJSON(nil, w.ID, w.Request.Host), '\n')
	if wantsPretty(w.Request.URL.RawQuery) {
		b = indentJSON(b)
	}
	w.WriteBody(e.Status, b)
}

// WriteBody sends a status and a body.
func (w *Writer) WriteBody(status int, b []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	if w.Request.Method != http.MethodHead {
		_, _ = w.Write(b)
	}
}
