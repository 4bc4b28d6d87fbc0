package receiver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Error says why a receiver did not take a message.
type Error struct {
	// Reason is for people. It has no text that comes from the receiver.
	Reason string
	// IsTransient is true if another try in a moment can help.
	IsTransient bool
	// RetryAfter is the pause that the receiver demands; 0: none.
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string { return e.Reason }

// maxRetryAfter bounds the pause that a receiver can demand.
const maxRetryAfter = time.Hour

// newConnectionError returns what went wrong with a connection, without addresses and names.
func newConnectionError(err error) *Error {
	var dns *net.DNSError
	var errno syscall.Errno
	var record tls.RecordHeaderError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return &Error{Reason: "the address is not public; NOTIFY_ALLOW_PRIVATE=true allows such addresses"}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &Error{Reason: "there is no such host"}
	case errors.As(err, &dns):
		return &Error{Reason: "the host could not be looked up", IsTransient: true}
	case errors.As(err, &certificate), errors.As(err, new(x509.HostnameError)),
		errors.As(err, new(x509.UnknownAuthorityError)):
		return &Error{Reason: "the certificate is not valid for the host"}
	case errors.As(err, &record):
		return &Error{Reason: "the port does not speak TLS"}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &Error{Reason: "no answer in time"}
	case errors.As(err, &errno):
		return &Error{Reason: "the connection failed: " + errno.Error(), IsTransient: true}
	}
	return &Error{Reason: "the connection failed", IsTransient: true}
}

// checkStatus returns an error unless the status is a success.
func checkStatus(r *http.Response) error {
	switch status := r.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return &Error{Reason: fmt.Sprintf("answered %d, a redirect, which is not followed", status)}
	case status == http.StatusTooManyRequests:
		return &Error{Reason: "answered 429, too many messages", RetryAfter: retryAfter(r.Header)}
	default:
		return &Error{
			Reason: fmt.Sprintf("answered %d", status), IsTransient: status >= 500 && r.Header.Get("Retry-After") == "",
			RetryAfter: retryAfter(r.Header),
		}
	}
}

// retryAfter returns the pause that an answer demands, in whole seconds.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 1e6))*time.Second, maxRetryAfter)
}
