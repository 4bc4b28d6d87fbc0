// Package neterror says what went wrong with a connection without the
// addresses at its ends: reasons become part of the data, which others read.
package neterror

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// Text is what an error says, without addresses. The name that could not be
// looked up stays.
func Text(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var handshake *HandshakeError
	switch {
	// It has the text of the error that it wraps.
	case errors.As(err, &handshake):
		return handshake.Error()
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("looking up %q: no such host", dns.Name)
	case errors.As(err, &dns):
		return fmt.Sprintf("looking up %q: no answer", dns.Name)
	// Only the operation, for example "dial", and the reason: net.OpError itself would
	// add both addresses.
	case errors.As(err, &op):
		return op.Op + ": " + Text(op.Err)
	// The beginning of a TLS record, where a status line was expected.
	case strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`):
		return "the port speaks TLS, not plain HTTP: use https:// in the endpoint"
	}
	return err.Error()
}
