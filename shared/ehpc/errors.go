package ehpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"community-images/shared/cloud"
	"community-images/shared/cloud/rpc"
	"community-images/shared/neterror"
)

// Class says how to handle an error.
type Class string

// The classes.
const (
	Throttled     Class = "throttled"      // too many calls; wait for RetryAfter
	NotAuthorized Class = "not-authorized" // key, signature, token or permission refused; see also ClockSkew
	NotFound      Class = "not-found"      // the cluster, region or action does not exist
	Temporary     Class = "temporary"      // an error of E-HPC or of the network
	Malformed     Class = "malformed"      // the answer does not have the documented shape
	Invalid       Class = "invalid"        // the parameters are refused
	Canceled      Class = "canceled"       // the caller's context ended
)

// Error is a call that did not succeed. Its texts from E-HPC are shortened, printable,
// and contain none of the secrets of the call.
type Error struct {
	Op         string        // ListCommunityImages, ListClusters or ListRegions
	RegionID   string        // that was asked
	Class      Class         // never empty
	Code       string        // E-HPC's error code, or ours if it sent none; may be empty
	Message    string        // E-HPC's; may be empty
	RequestID  string        // of E-HPC, which its support asks for; empty without an answer
	Recommend  string        // E-HPC's advice, mostly a URL
	HostID     string        // the endpoint as E-HPC names it; may be empty
	Status     int           // HTTP status; 0 if there was no answer
	RetryAfter time.Duration // the wait that E-HPC demands; 0 if none
	Err        error         // the error on this side; may be nil
}

// Error returns everything that helps to find the cause, in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "calling %s in %q: %s", e.Op, e.RegionID, e.Class)
	if e.Status != 0 {
		fmt.Fprintf(&b, ", status %d", e.Status)
	}
	if e.Code != "" {
		b.WriteString(", " + e.Code)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, " %q", e.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (request id %q)", e.RequestID)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Reason returns the cause in a few words: the message of E-HPC, or the error on this
// side, or the status. It has no network addresses, because everyone who can read the
// data can read the reason.
func (e *Error) Reason() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Err == nil && e.Status != 0:
		return fmt.Sprintf("status %d and no explanation", e.Status)
	case e.Err == nil:
		return ""
	}
	return neterror.Text(e.Err)
}

// Unwrap returns Err. errors.Is(err, context.DeadlineExceeded) is true only for the
// caller's own deadline, not for the timeout of a single call.
func (e *Error) Unwrap() error { return e.Err }

// CanRetry reports whether the same call may succeed later. Malformed answers can be
// retried, because an answer that cannot be read may have been cut, or be from a proxy.
func (e *Error) CanRetry() bool {
	return e.Class == Throttled || e.Class == Temporary || e.Class == Malformed
}

// CredentialsRefused reports whether E-HPC refused the credentials, and not what was
// asked. Every other call with these credentials would fail too.
func (e *Error) CredentialsRefused() bool {
	for _, prefix := range []string{"InvalidAccessKey", "MissingAccessKeyId", "InvalidSecurityToken",
		"MissingSecurityToken", "SecurityTokenExpired"} {
		if strings.HasPrefix(e.Code, prefix) {
			return true
		}
	}
	return e.ClockSkew()
}

// ClockSkew reports whether E-HPC refused the time stamp of the request. The clock of
// this machine is then wrong by more than 15 minutes.
func (e *Error) ClockSkew() bool {
	return strings.HasPrefix(e.Code, "InvalidTimeStamp") || e.Code == "IllegalTimestamp"
}

// newCredentialsError returns the error of a call that had no access key. It is Canceled
// if the context ended while the key was being fetched.
func (r *reply) newCredentialsError(ctx context.Context, err error) *Error {
	e := &Error{Op: r.action, RegionID: r.region, Class: NotAuthorized, Code: "NoCredentials",
		Err: redactError(err, r.credentials)}
	if ctx.Err() != nil {
		e.Class, e.Code, e.Err = Canceled, "", ctx.Err()
	}
	return e
}

// newTransportError returns the error of a call that got no whole response. ctx is the
// caller's. within is derived from it and also ends with the timeout of the call.
func (c *Client) newTransportError(ctx, within context.Context, r *reply, err error) *Error {
	e := &Error{
		Op: r.action, RegionID: r.region, Class: Temporary, Code: "NoAnswer", Status: r.Status,
		RequestID: clipText(r.Header.Get("X-Acs-Request-Id"), maxShort),
	}
	switch {
	case ctx.Err() != nil:
		e.Class, e.Code, e.Err = Canceled, "", ctx.Err()
	case within.Err() != nil:
		e.Code, e.Err = "CallTimeout", fmt.Errorf("no whole answer within %v", c.options.CallTimeout)
	case errors.Is(err, rpc.ErrTooLarge):
		e.Class, e.Code, e.Err = Malformed, "AnswerTooLarge", fmt.Errorf("%w (%d bytes)", err, c.options.MaxBody)
	default:
		if r.Status != 0 {
			e.Code = "AnswerCutShort"
		}
		e.Err = redactError(err, r.credentials)
	}
	return e
}

// newStatusError returns the error of a response whose status is not 2xx.
func (r *reply) newStatusError() *Error {
	e := r.parseErrorBody()
	e.RetryAfter = parseRetryAfter(r.Header, time.Now())
	if e.RequestID == "" {
		e.RequestID = clipText(r.Header.Get("X-Acs-Request-Id"), maxShort)
	}
	e.Class = classify(r.Status, e.Code)
	return e
}

// newMalformedError returns the error of a 2xx response that does not have the
// documented shape. If the body carries an error code, the code decides the class.
func (r *reply) newMalformedError(why error) *Error {
	e := r.parseErrorBody()
	e.Class = Malformed
	if e.Code != "" {
		if class := classifyCode(e.Code); class != "" {
			e.Class = class
		}
	} else {
		e.Code, e.Message = "UndocumentedAnswer", ""
	}
	e.Err = redactError(why, r.credentials)
	return e
}

// maxErrorBody is the size, in bytes, above which a body is not searched for an error.
const maxErrorBody = 64 << 10

// parseErrorBody reads the members Code, Message, RequestId, HostId and Recommend of the
// body. Members that are missing stay empty, and so do all if the body is not a JSON
// object.
func (r *reply) parseErrorBody() *Error {
	e := &Error{Op: r.action, RegionID: r.region, Status: r.Status}
	var doc map[string]json.RawMessage
	if len(r.Body) > maxErrorBody || json.Unmarshal(r.Body, &doc) != nil {
		return e
	}
	// field returns a member as text. Values that are not strings, such as numbers, are
	// returned as JSON.
	field := func(name string, limit int) string {
		var s string
		if json.Unmarshal(doc[name], &s) != nil {
			s = string(doc[name])
			if s == "null" {
				s = ""
			}
		}
		return clipText(r.credentials.Redact(s), limit)
	}
	e.Code, e.Message, e.RequestID = field("Code", maxShort), field("Message", maxText), field("RequestId", maxShort)
	e.HostID, e.Recommend = field("HostId", maxShort), field("Recommend", maxText)
	return e
}

// Limits of texts from E-HPC, in bytes.
const (
	maxShort = 128
	maxText  = 512
)

// clipText shortens a text to limit bytes and makes it printable.
func clipText(s string, limit int) string {
	// The cut may split a character, which then becomes a question mark.
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// redactError returns err if its text is short and has no secrets. Otherwise it returns
// an error with the rest of the text, which wraps nothing.
func redactError(err error, creds cloud.Credentials) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := clipText(creds.Redact(text), maxText); clean != text {
		return errors.New(clean)
	}
	return err
}

// parseRetryAfter returns the longest wait that the headers demand: Retry-After in
// seconds or as a date, x-acs-retry-after in seconds, and TimeLeft of x-ratelimit-user-
// api and x-ratelimit-user, which the SDKs read as milliseconds. It returns 0 if there
// is none.
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	longest := max(parseWait(h.Get("Retry-After"), time.Second, now),
		parseWait(h.Get("X-Acs-Retry-After"), time.Second, now))
	for _, name := range []string{"X-Ratelimit-User-Api", "X-Ratelimit-User"} {
		for pair := range strings.SplitSeq(h.Get(name), ",") {
			if left, ok := strings.CutPrefix(strings.TrimSpace(pair), "TimeLeft:"); ok {
				longest = max(longest, parseWait(left, time.Millisecond, now))
			}
		}
	}
	return longest
}

// maxWait is the longest wait that is accepted from a header. The throttling windows of
// the gateway are a minute long.
const maxWait = time.Hour

// parseWait reads a number of units, or an HTTP date. It returns a value from 0 to
// maxWait, and 0 for another text.
func parseWait(s string, unit time.Duration, now time.Time) time.Duration {
	number, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	wait := number * float64(unit)
	if err != nil {
		date, err := http.ParseTime(s)
		if err != nil {
			return 0
		}
		wait = float64(date.Sub(now))
	}
	if !(wait > 0) {
		return 0
	}
	return time.Duration(min(wait, float64(maxWait)))
}
