package osstest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Request is what a fault hook sees of a request.
type Request struct {
	N           int64 // from 1, over all requests
	Method      string
	Bucket, Key string
	Query       url.Values
	Header      http.Header
}

// AccessKeyID returns the id of the key that the request says it is signed with; it
// may be wrong.
func (r Request) AccessKeyID() string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	id, _, _ := strings.Cut(credential, "/")
	return id
}

// recordLine describes the request in the record of requests.
func (r Request) recordLine() string {
	line := r.Method + " " + r.Key
	if r.Key == "" {
		line += "?prefix=" + r.Query.Get("prefix")
	}
	if r.Query.Has("append") {
		line += " append " + r.Query.Get("position")
	}
	if r.Header.Get("X-Oss-Forbid-Overwrite") != "" {
		line += " if-absent"
	}
	if r.Header.Get("If-None-Match") != "" {
		line += " if-none-match"
	}
	if from := r.Header.Get("Range"); from != "" {
		line += " from " + strings.TrimPrefix(from, "bytes=")
	}
	return line
}

// Fault is what goes wrong with one request. Status, Body and Reset replace the
// response; the other fields change the real one.
type Fault struct {
	Status  int    // of an error
	Code    string // of its document
	Message string // of its document; default: what OSS says
	Body    string // instead of a document: what a proxy would say
	Reset   bool   // the connection is reset, without an answer
	Applied bool   // the request took place before the answer was replaced

	Delay    time.Duration // before the answer
	Stall    bool          // after half the body, until the client gives up
	Half     bool          // the connection is reset after half the body
	FlipBit  bool          // in the body
	WrongCRC bool          // in the header
	Longer   bool          // the body, by a byte more than its headers say of the object
	Spoil    func(http.Header)
}

func (f *Fault) replacesResponse() bool { return f.Status != 0 || f.Reset }

// writeResponse writes the response that replaces the real one.
func (f *Fault) writeResponse(a *response) {
	a.status = f.Status
	if f.Code != "" {
		a.setError(ossError{Code: f.Code, Message: f.Message})
		return
	}
	a.header.Set("Content-Type", "text/html")
	a.body.WriteString(f.Body)
}

func (f *Fault) describe(a *response) string {
	if f.Reset {
		return "reset"
	}
	if a.code != "" {
		return fmt.Sprintf("%d %s", a.status, a.code)
	}
	return fmt.Sprint(a.status)
}

// send sends a response, with the faults of the transport.
func (f *Fault) send(w http.ResponseWriter, r *http.Request, a *response) {
	if f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		}
	}
	if f.Reset {
		panic(http.ErrAbortHandler)
	}
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	header.Set("X-Oss-Request-Id", a.id)
	header.Set("Server", "AliyunOSS")
	if f.WrongCRC {
		header.Set("X-Oss-Hash-Crc64ecma", "1")
	}
	if f.Spoil != nil {
		f.Spoil(header)
	}
	body := a.body.Bytes()
	if f.Longer {
		body = append(body, 0)
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if f.FlipBit && len(body) > 0 {
		body[len(body)/2] ^= 1
	}
	w.WriteHeader(a.status)
	if r.Method == http.MethodHead {
		return
	}
	if !f.Half && !f.Stall {
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	if f.Stall {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}
