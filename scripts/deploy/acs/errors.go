package acs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"community-images/shared/cloud/rpc"
)

// Error is a call that was refused or did not come through.
type Error struct {
	Action    string
	Status    int // 0: there was no whole answer
	Code      string
	Message   string
	RequestID string
	Err       error // why there was no answer
}

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

func (e *Error) Unwrap() error { return e.Err }

// Temporary says whether the same call may go well a little later: no answer,
// too many calls, or a fault of the service.
func (e *Error) Temporary() bool {
	return e.Err != nil || e.Status == 429 || e.Status >= 500 || strings.HasPrefix(e.Code, "Throttling") || e.Code == "ServiceUnavailable"
}

// Is reports whether err is a refusal with one of the codes.
func Is(err error, codes ...string) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range codes {
		if e.Code == code {
			return true
		}
	}
	return false
}

// refusal reads the error document that all services share.
func refusal(action string, r *rpc.Response) error {
	var doc struct{ RequestId, Code, Message string }
	if err := json.Unmarshal(r.Body, &doc); err != nil || doc.Code == "" {
		doc.Code, doc.Message = "no error document", brief(string(r.Body))
	}
	return &Error{
		Action: action, Status: r.Status, Code: doc.Code, Message: brief(doc.Message),
		RequestID: cmp.Or(doc.RequestId, r.Header.Get("X-Fc-Request-Id"), r.Header.Get("X-Acs-Request-Id")),
	}
}

// brief bounds a text that came from outside and keeps it on one line.
func brief(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > 600 {
		return string(r[:600]) + "..."
	}
	return s
}
