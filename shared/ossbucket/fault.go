package ossbucket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"community-images/shared/neterror"
)

// fault is a request that did not go well.
type fault struct {
	verb, key string
	text      string
	cause     error // the sentinel or what lies below, or nil
	temporary bool  // the same request may go well later
	denied    bool  // by a policy
}

func (f *fault) Error() string { return fmt.Sprintf("%s %q: %s", f.verb, f.key, f.text) }
func (f *fault) Unwrap() error { return f.cause }

func isTemporary(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.temporary
}

// brokenError is an answer whose bytes are not what was sent.
type brokenError struct{ reason string }

func (e *brokenError) Error() string { return e.reason }

// credentialsError keeps the message apart from those of OSS.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "taking credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

var errNoKey = errors.New("there is no access key; a function gets one by its role")

// ErrNoBucket says that the bucket itself does not exist.
var ErrNoBucket = errors.New("there is no such bucket")

// sentinels are the meanings of OSS' error codes.
var sentinels = map[string]error{
	"NoSuchBucket":             ErrNoBucket,
	"NoSuchKey":                fs.ErrNotExist,
	"FileAlreadyExists":        fs.ErrExist,
	"PositionNotEqualToLength": fs.ErrExist,
	"ObjectNotAppendable":      fs.ErrExist,
	"AccessDenied":             fs.ErrPermission,
	"InvalidAccessKeyId":       fs.ErrPermission,
	"SignatureDoesNotMatch":    fs.ErrPermission,
	"SecurityTokenExpired":     fs.ErrPermission,
	"InvalidSecurityToken":     fs.ErrPermission,
}

// fault turns what the SDK returned into an error of this package.
func (x *exchange) fault(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	f := &fault{verb: x.verb, key: x.key}
	var service oss.ServiceError
	var broken *brokenError
	var transport *url.Error
	switch {
	case errors.As(err, &service) && service.Code != "":
		f.service(service, x)
	case ctx.Err() != nil:
		f.cause = ctx.Err()
	case x.ctx != nil && context.Cause(x.ctx) == errStalled:
		f.cause, f.temporary = errStalled, true
	case x.status >= 300:
		f.text = fmt.Sprintf("OSS answers %d without an error document%s", x.status, requestID(x.header))
		f.temporary = x.status >= 500 || x.status == http.StatusTooManyRequests || x.broken != nil
	case errors.As(err, &broken):
		f.text, f.temporary = broken.reason+requestID(x.header), true
	case x.broken != nil:
		f.text, f.temporary = neterror.Text(x.broken), true
	case errors.As(err, &transport):
		var certificate *tls.CertificateVerificationError
		// Only the text: a connect time-out would be a context.DeadlineExceeded.
		f.text, f.temporary = neterror.Text(transport.Err), !errors.As(err, &certificate)
	default:
		f.cause = err
	}
	if f.text == "" {
		f.text = f.cause.Error()
	}
	f.text = x.credentials.Redact(f.text)
	return f
}

// service takes over an error document. A key in a bucket that is not there
// is not a missing key.
func (f *fault) service(e oss.ServiceError, x *exchange) {
	f.text = fmt.Sprintf("OSS answers %d %s", e.StatusCode, e.Code)
	if e.Code == "NoSuchBucket" {
		f.text = fmt.Sprintf("bucket %q does not exist: %s", x.bucket, f.text)
	}
	if e.Message != "" {
		f.text += ": " + brief(e.Message)
	}
	if e.Ec != "" {
		f.text += ", EC " + brief(e.Ec)
	}
	f.text += requestID(x.header)
	f.cause, f.denied = sentinels[e.Code], e.Code == "AccessDenied"
	if f.cause == nil && e.StatusCode == http.StatusForbidden {
		f.cause = fs.ErrPermission
	}
	f.temporary = e.StatusCode >= 500 || e.StatusCode == http.StatusTooManyRequests || e.Code == "RequestTimeout"
}

func requestID(h http.Header) string {
	if id := h.Get(oss.HTTPHeaderOssRequestID); id != "" {
		return ", request id " + brief(id)
	}
	return ""
}

// brief bounds a text that came from outside and keeps it on one line.
func brief(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "..."
	}
	return s
}
