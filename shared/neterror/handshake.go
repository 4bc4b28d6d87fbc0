package neterror

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
)

// HandshakeError is a TLS handshake that ended because the peer does not speak TLS, as
// far as can be seen. Alone, the error says no more than "EOF".
type HandshakeError struct{ Err error }

// Error returns what is likely wrong.
func (e *HandshakeError) Error() string {
	return "the TLS handshake failed (" + Text(e.Err) + "); the port may speak plain HTTP: check https:// in the endpoint"
}

// Unwrap returns the error of the connection.
func (e *HandshakeError) Unwrap() error { return e.Err }

// Handshake notices how the TLS handshake for one request ends. net/http does not say
// in which phase a connection broke.
type Handshake struct{ failed atomic.Bool }

// Watch returns the context to make the request with.
func (h *Handshake) Watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { h.failed.Store(err != nil) },
	})
}

// Explain returns a *HandshakeError if the request failed because the peer answered
// the handshake with something else, and err otherwise. Errors of certificates and of
// time say enough by themselves.
func (h *Handshake) Explain(err error) error {
	if err == nil || !h.failed.Load() {
		return err
	}
	var record tls.RecordHeaderError
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
		errors.As(err, &record) || strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		return &HandshakeError{err}
	}
	return err
}
