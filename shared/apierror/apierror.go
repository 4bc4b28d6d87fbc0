// Package apierror is an error in the shape that Alibaba Cloud's APIs give it:
// an HTTP status and a JSON object with RequestId, HostId, Code, Message and
// Recommend. Lookups, the replica and the FC adapter all answer with it.
package apierror

import (
	"net/http"
	"strconv"

	"community-images/shared/catalog"
	"community-images/shared/message"
)

// maxHostBytes bounds the HostId, which is the Host header of the request.
const maxHostBytes = 255

// Error is an error as the caller sees it.
type Error struct {
	Status    int          // HTTP status
	Code      string       // stable identifier, for programs
	Message   message.Text // what was wrong and what is allowed, for people
	Recommend message.Text // what the caller can do; may be empty

	RetryAfter   int    // seconds until a retry may succeed; 0: no header
	Allow        string // the methods that are allowed, for 405
	Authenticate string // value of WWW-Authenticate, for 401

	// Members are further members of the JSON object. They begin with a comma.
	Members []byte
	// Cause is the internal error. It is logged and never sent to the caller.
	Cause error
}

// New returns an error for programs, whose texts are in English only.
func New(status int, code, text, recommend string) *Error {
	e := &Error{Status: status, Code: code, Message: message.Untranslated(text)}
	if recommend != "" {
		e.Recommend = message.Untranslated(recommend)
	}
	return e
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message.String() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// SetHeaders sets the headers Retry-After, WWW-Authenticate and Allow that the
// error asks for.
func (e *Error) SetHeaders(h http.Header) {
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	if e.Authenticate != "" {
		h.Set("WWW-Authenticate", e.Authenticate)
	}
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
}

// AppendJSON appends the JSON object to b. host is the Host header of the request.
func (e *Error) AppendJSON(b []byte, requestID, host string) []byte {
	b = append(b, `{"RequestId":`...)
	b = catalog.AppendString(b, requestID)
	b = append(b, `,"HostId":`...)
	b = catalog.AppendString(b, host[:min(len(host), maxHostBytes)])
	b = append(b, `,"Code":`...)
	b = catalog.AppendString(b, e.Code)
	b = append(b, `,"Message":`...)
	b = catalog.AppendString(b, e.Message.String())
	b = append(b, `,"Recommend":`...)
	b = catalog.AppendString(b, e.Recommend.String())
	b = append(b, e.Members...)
	return append(b, '}')
}
