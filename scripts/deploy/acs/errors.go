package acs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/cloud/rpc"
)

// Error says that the service refused a call, or that no complete response
// came.
type Error struct {
	// Action is the operation that was called.
	Action string
	// Status is the HTTP status. 0: no complete response came.
	Status int
	// Code and Message are the service's own. Message is on one line.
	Code, Message string
	// RequestID is what the vendor's support asks for. It may be empty.
	RequestID string
	// Err says why no complete response came.
	Err error
}

// Error returns what was called and why it failed.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("calling %s: %v", e.Action, e.Err)
	}
	text := fmt.Sprintf("calling %s: %d %s: %s", e.Action, e.Status, e.Code, e.Message)
	if e.RequestID != "" {
		text += ", request id " + e.RequestID
	}
	return text
}

// Unwrap returns why no complete response came.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same call may succeed later: without a
// response, after too many calls, and after an error of the service.
func (e *Error) Temporary() bool {
	return e.Err != nil || e.Status == http.StatusTooManyRequests || e.Status >= 500 ||
		strings.HasPrefix(e.Code, "Throttling") || e.Code == "ServiceUnavailable"
}

// HasCode reports whether err is a refusal with one of the codes.
func HasCode(err error, codes ...string) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(codes, e.Code)
}

// newRefusal reads the error document of a response. All services have the same
// one.
func newRefusal(action string, r *rpc.Response) error {
	var doc struct{ RequestId, Code, Message string }
	if err := json.Unmarshal(r.Body, &doc); err != nil || doc.Code == "" {
		doc.Code, doc.Message = "no error document", truncate(string(r.Body))
	}
	return &Error{
		Action: action, Status: r.Status, Code: doc.Code, Message: truncate(doc.Message),
		RequestID: cmp.Or(doc.RequestId, r.Header.Get("X-Fc-Request-Id"), r.Header.Get("X-Acs-Request-Id")),
	}
}

// truncate returns the beginning of a foreign text on one line.
func truncate(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > 600 {
		return string(r[:600]) + "..."
	}
	return s
}
