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

// requestError is a request that failed.
type requestError struct {
	// operation is a gerund such as "getting", and key the object or the prefix.
	operation, key string
	// text is what went wrong, without credentials and addresses.
	text      string
	cause     error // the sentinel or what lies below, or nil
	temporary bool  // the same request may go well later
	denied    bool  // by a policy
}

// Error returns the operation, the key and what went wrong.
func (f *requestError) Error() string { return fmt.Sprintf("%s %q: %s", f.operation, f.key, f.text) }

// Unwrap returns the sentinel, for example fs.ErrNotExist, or nil.
func (f *requestError) Unwrap() error { return f.cause }

// isTemporary reports whether the same request may succeed later.
func isTemporary(err error) bool {
	var f *requestError
	return errors.As(err, &f) && f.temporary
}

// corruptError is a response whose bytes are not those that were sent.
// reason has both values: the computed and the stated one.
type corruptError struct{ reason string }

// Error returns the reason.
func (e *corruptError) Error() string { return e.reason }

// credentialsError is an error of Options.Credentials.
type credentialsError struct{ err error }

// Error says that no request was made.
func (e *credentialsError) Error() string { return "taking credentials: " + e.err.Error() }

// Unwrap returns the error of Options.Credentials.
func (e *credentialsError) Unwrap() error { return e.err }

// errNoKey is the error of an access key with an empty part. It is not sent: OSS
// would treat the request as anonymous and report a missing permission instead.
var errNoKey = errors.New("there is no access key; a function gets one by its role")

// ErrNoBucket means that the bucket itself does not exist.
var ErrNoBucket = errors.New("there is no such bucket")

// sentinels are the meanings of OSS' error codes.
var sentinels = map[string]error{
	"NoSuchBucket":             ErrNoBucket,
	"NoSuchKey":                fs.ErrNotExist,
	"FileAlreadyExists":        fs.ErrExist,
	"PositionNotEqualToLength": fs.ErrExist,
	"ObjectNotAppendable":      errors.ErrUnsupported,
	"AccessDenied":             fs.ErrPermission,
	"InvalidAccessKeyId":       fs.ErrPermission,
	"SignatureDoesNotMatch":    fs.ErrPermission,
	"SecurityTokenExpired":     fs.ErrPermission,
	"InvalidSecurityToken":     fs.ErrPermission,
}

// toError turns an error of the SDK into one of this package, without credentials
// and URLs.
func (x *attempt) toError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	f := &requestError{operation: x.verb, key: x.key}
	f.classify(ctx, x, err)
	// A cause without a text of its own says enough.
	if f.text == "" {
		f.text = f.cause.Error()
	}
	f.text = x.credentials.Redact(f.text)
	return f
}

// classify fills in the text and the cause of an error, and whether it is temporary.
func (f *requestError) classify(ctx context.Context, x *attempt, err error) {
	var service oss.ServiceError
	var broken *corruptError
	var transport *url.Error
	switch {
	// The order matters. An answer of OSS counts even if the time is over by now.
	case errors.As(err, &service) && service.Code != "":
		f.setServiceError(service, x)
	case x.serviceError != nil:
		f.setServiceError(*x.serviceError, x)
	case ctx.Err() != nil:
		f.cause = ctx.Err()
	case x.ctx != nil && context.Cause(x.ctx) == errStalled:
		f.cause, f.temporary = errStalled, true
	// For example a proxy's HTML page.
	case x.status >= 300:
		f.text = fmt.Sprintf("OSS answers %d without an error document%s", x.status, requestIDSuffix(x.header))
		f.temporary = x.status >= 500 || x.status == http.StatusTooManyRequests || x.readError != nil
	// The bytes were damaged on their way: another attempt may get them whole.
	case errors.As(err, &broken):
		f.text, f.temporary = broken.reason+requestIDSuffix(x.header), true
	// The connection broke in the middle of the body.
	case x.readError != nil:
		f.text, f.temporary = neterror.Text(x.readError), true
	case errors.As(err, &transport):
		var certificate *tls.CertificateVerificationError
		// Only the text: a connect time-out would be a context.DeadlineExceeded.
		f.text, f.temporary = neterror.Text(transport.Err), !errors.As(err, &certificate)
	default:
		f.cause = err
	}
}

// setServiceError fills in the error document of OSS. A key in a missing bucket
// is not a missing key.
func (f *requestError) setServiceError(e oss.ServiceError, x *attempt) {
	f.text = fmt.Sprintf("OSS answers %d %s", e.StatusCode, e.Code)
	if e.Code == "NoSuchBucket" {
		f.text = fmt.Sprintf("bucket %q does not exist: %s", x.bucket, f.text)
	}
	if e.Message != "" {
		f.text += ": " + shorten(e.Message)
	}
	if e.Ec != "" {
		f.text += ", EC " + shorten(e.Ec)
	}
	f.text += requestIDSuffix(x.header)
	f.cause, f.denied = sentinels[e.Code], e.Code == "AccessDenied" && e.StatusCode == http.StatusForbidden
	// OSS has more codes for a refusal than sentinels lists.
	if f.cause == nil && e.StatusCode == http.StatusForbidden {
		f.cause = fs.ErrPermission
	}
	f.temporary = e.StatusCode >= 500 || e.StatusCode == http.StatusTooManyRequests || e.Code == "RequestTimeout"
}

// requestIDSuffix returns ", request id ..." or an empty text.
func requestIDSuffix(h http.Header) string {
	if id := h.Get(oss.HTTPHeaderOssRequestID); id != "" {
		return ", request id " + shorten(id)
	}
	return ""
}

// shorten cuts a text of OSS to 200 characters on one line.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "..."
	}
	return s
}
