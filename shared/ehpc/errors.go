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

// CredentialsRefused reports whether upstream refused who asked, and not what
// was asked: no other call with these credentials fares better.
func (e *Error) CredentialsRefused() bool {
	for _, prefix := range []string{"InvalidAccessKey", "MissingAccessKeyId", "InvalidSecurityToken", "MissingSecurityToken", "SecurityTokenExpired"} {
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

func noCredentials(ctx context.Context, op, region string, c cloud.Credentials, err error) *Error {
	e := &Error{Op: op, RegionID: region, Class: NotAuthorized, Code: "NoCredentials", Err: scrub(err, c)}
	if ctx.Err() != nil {
		e.Class, e.Code, e.Err = Canceled, "", ctx.Err()
	}
	return e
}

// transportError is for a call without a whole answer.
func (c *Client) transportError(ctx, within context.Context, op, region string, x *exchange, creds cloud.Credentials) *Error {
	e := &Error{Op: op, RegionID: region, Class: Temporary, Code: "NoAnswer", Status: x.status, RequestID: clip(x.header.Get("X-Acs-Request-Id"), maxShort)}
	switch {
	case ctx.Err() != nil:
		e.Class, e.Code, e.Err = Canceled, "", ctx.Err()
	case within.Err() != nil:
		e.Code, e.Err = "CallTimeout", fmt.Errorf("no whole answer within %v", c.options.CallTimeout)
	case errors.Is(x.err, errTooLarge):
		e.Class, e.Code, e.Err = Malformed, "AnswerTooLarge", fmt.Errorf("%w (%d bytes)", errTooLarge, c.options.MaxBody)
	default:
		if x.status != 0 {
			e.Code = "AnswerCutShort"
		}
		e.Err = scrub(x.err, creds)
	}
	return e
}

// refusal is for an answer with a status other than 2xx.
func refusal(op, region string, x *exchange, creds cloud.Credentials) *Error {
	e := parseErrorBody(x.body, creds)
	e.Op, e.RegionID, e.Status, e.RetryAfter = op, region, x.status, retryAfter(x.header, time.Now())
	if e.RequestID == "" {
		e.RequestID = clip(x.header.Get("X-Acs-Request-Id"), maxShort)
	}
	e.Class = classify(x.status, e.Code)
	return e
}

// malformed is for a 2xx answer that is not of the documented shape, or that
// carries an error after all.
func (r *reply) malformed(op, region string, why error) *Error {
	e := parseErrorBody(r.body, r.secret)
	e.Op, e.RegionID, e.Status, e.Class = op, region, r.status, Malformed
	if e.Code != "" {
		if class := classifyCode(e.Code); class != "" {
			e.Class = class
		}
	} else {
		e.Code, e.Message = "UndocumentedAnswer", ""
	}
	e.Err = scrub(why, r.secret)
	return e
}

// maxErrorBody is what is looked at of a body that should hold an error.
const maxErrorBody = 64 << 10

// parseErrorBody reads {Code, Message, RequestId, HostId, Recommend} as far as
// they are there. A body that is something else gives an empty Error.
func parseErrorBody(body []byte, creds cloud.Credentials) *Error {
	var doc map[string]json.RawMessage
	if len(body) > maxErrorBody || json.Unmarshal(body, &doc) != nil {
		return &Error{}
	}
	field := func(name string, limit int) string {
		var s string
		if json.Unmarshal(doc[name], &s) != nil {
			s = string(doc[name]) // a number, say
			if s == "null" {
				s = ""
			}
		}
		return clip(creds.Redact(s), limit)
	}
	return &Error{
		Code: field("Code", maxShort), Message: field("Message", maxText), RequestID: field("RequestId", maxShort),
		HostID: field("HostId", maxShort), Recommend: field("Recommend", maxText),
	}
}

// Bounds of texts that come from upstream, in bytes.
const (
	maxShort = 128
	maxText  = 512
)

// clip bounds a text and makes it printable.
func clip(s string, limit int) string {
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
func scrub(err error, creds cloud.Credentials) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := clip(creds.Redact(text), maxText); clean != text {
		return errors.New(clean)
	}
	return err
}

// retryAfter is the longest wait that the headers demand: Retry-After in
// seconds or as a date, x-acs-retry-after in seconds, and the TimeLeft of
// x-ratelimit-user-api and x-ratelimit-user, which SDKs read as milliseconds.
func retryAfter(h http.Header, now time.Time) time.Duration {
	longest := max(waitOf(h.Get("Retry-After"), time.Second, now), waitOf(h.Get("X-Acs-Retry-After"), time.Second, now))
	for _, name := range []string{"X-Ratelimit-User-Api", "X-Ratelimit-User"} {
		for pair := range strings.SplitSeq(h.Get(name), ",") {
			if left, ok := strings.CutPrefix(strings.TrimSpace(pair), "TimeLeft:"); ok {
				longest = max(longest, waitOf(left, time.Millisecond, now))
			}
		}
	}
	return longest
}

// maxWait bounds what is believed of a demand to wait: throttling windows of
// the gateway are a minute long.
const maxWait = time.Hour

// waitOf reads a number of units, or a date.
func waitOf(s string, unit time.Duration, now time.Time) time.Duration {
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
