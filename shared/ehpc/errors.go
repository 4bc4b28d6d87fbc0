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

	"community-images/shared/cloud"
	"community-images/shared/cloud/rpc"
	"community-images/shared/neterror"
)

// Class says what to do about an error.
type Class string

// The classes. Throttled, Temporary and Malformed errors are worth a second
// try: an answer that cannot be read may have been cut, or be a proxy's.
const (
	Throttled     Class = "throttled"      // asked too often; heed RetryAfter
	NotAuthorized Class = "not-authorized" // key, signature, token or permission refused; see also ClockSkew
	NotFound      Class = "not-found"      // what was asked about does not exist
	Temporary     Class = "temporary"      // a fault of upstream or of the way there
	Malformed     Class = "malformed"      // an answer that is not of the documented shape
	Invalid       Class = "invalid"        // refused for what it asks
	Canceled      Class = "canceled"       // the caller's context ended
)

// Error is a call that did not succeed. Texts that come from upstream are
// clipped and hold none of the caller's secrets.
type Error struct {
	Op         string // ListCommunityImages, ListClusters or ListRegions
	RegionID   string
	Class      Class
	Code       string // upstream's error code; ours where upstream gave none; may be empty
	Message    string // upstream's; may be empty
	RequestID  string
	Recommend  string // upstream's advice, mostly a URL
	HostID     string
	Status     int           // HTTP status; 0: no answer
	RetryAfter time.Duration // how long upstream demands to wait; 0: it does not say
	Err        error         // what went wrong on this side; may be nil
}

// Error gives all that helps to find the cause, in one line.
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

// Reason says in a few words why: upstream's message, or what went wrong on
// this side, or at least the status. Addresses in the network are left out, for
// whoever reads the data may read the reason.
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

// Unwrap returns Err. errors.Is(err, context.DeadlineExceeded) holds for the
// caller's own deadline only, not for the time-out of a single call.
func (e *Error) Unwrap() error { return e.Err }

// CanRetry reports whether the same call may succeed later.
func (e *Error) CanRetry() bool {
	return e.Class == Throttled || e.Class == Temporary || e.Class == Malformed
}

// CredentialsRefused reports whether upstream refused who asked, and not what
// was asked: no other call with these credentials fares better.
func (e *Error) CredentialsRefused() bool {
	for _, prefix := range []string{"InvalidAccessKey", "MissingAccessKeyId", "InvalidSecurityToken",
		"MissingSecurityToken", "SecurityTokenExpired"} {
		if strings.HasPrefix(e.Code, prefix) {
			return true
		}
	}
	return e.ClockSkew()
}

// ClockSkew reports whether upstream refused the time stamp of the request:
// this machine's clock is wrong by more than 15 minutes.
func (e *Error) ClockSkew() bool {
	return strings.HasPrefix(e.Code, "InvalidTimeStamp") || e.Code == "IllegalTimestamp"
}

// noCredentials returns the error of a call that had no access key.
func (r *reply) newCredentialsError(ctx context.Context, err error) *Error {
	e := &Error{Op: r.action, RegionID: r.region, Class: NotAuthorized, Code: "NoCredentials",
		Err: redactError(err, r.credentials)}
	if ctx.Err() != nil {
		e.Class, e.Code, e.Err = Canceled, "", ctx.Err()
	}
	return e
}

// transportError returns the error of a call without a whole response. ctx is the
// caller's; within also ends with the time-out of the call.
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

// refusal returns the error of a response whose status is not 2xx.
func (r *reply) newStatusError() *Error {
	e := r.parseErrorBody()
	e.RetryAfter = parseRetryAfter(r.Header, time.Now())
	if e.RequestID == "" {
		e.RequestID = clipText(r.Header.Get("X-Acs-Request-Id"), maxShort)
	}
	e.Class = classify(r.Status, e.Code)
	return e
}

// malformed returns the error of a 2xx response that does not have the documented
// shape, or that carries an error after all.
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

// maxErrorBody is what is looked at of a body that should hold an error.
const maxErrorBody = 64 << 10

// parseError reads the members Code, Message, RequestId, HostId and Recommend of the
// body, as far as they are present. They are empty for another kind of body.
func (r *reply) parseErrorBody() *Error {
	e := &Error{Op: r.action, RegionID: r.region, Status: r.Status}
	var doc map[string]json.RawMessage
	if len(r.Body) > maxErrorBody || json.Unmarshal(r.Body, &doc) != nil {
		return e
	}
	field := func(name string, limit int) string {
		var s string
		if json.Unmarshal(doc[name], &s) != nil {
			s = string(doc[name]) // for example a number
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

// Bounds of texts that come from upstream, in bytes.
const (
	maxShort = 128
	maxText  = 512
)

// clip bounds a text and makes it printable.
func clipText(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// scrub keeps err if its text is short and without secrets; otherwise it keeps
// what is harmless of the text.
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

// retryAfter is the longest wait that the headers demand: Retry-After in
// seconds or as a date, x-acs-retry-after in seconds, and the TimeLeft of
// x-ratelimit-user-api and x-ratelimit-user, which SDKs read as milliseconds.
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

// maxWait bounds what is believed of a demand to wait: throttling windows of
// the gateway are a minute long.
const maxWait = time.Hour

// waitOf reads a number of units, or a date.
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
