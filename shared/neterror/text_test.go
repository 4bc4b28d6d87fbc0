package neterror_test

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"community-images/shared/neterror"
)

func TestTextHasNoAddress(t *testing.T) {
	t.Parallel()
	address := &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 443}
	refused := &net.OpError{Op: "dial", Net: "tcp", Addr: address, Err: syscall.ECONNREFUSED}
	for _, row := range []struct {
		name string
		err  error
		text string
	}{
		{"a connection is refused", refused, "dial: connection refused"},
		{"a proxy's connection is refused", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused},
			"proxyconnect: dial: connection refused"},
		{"it is wrapped", fmt.Errorf("asking 10.1.2.3: %w", refused), "dial: connection refused"},
		{"there is no such host",
			&net.OpError{Op: "dial", Err: &net.DNSError{Name: "oss.example", Server: "10.0.0.2:53", IsNotFound: true}},
			`looking up "oss.example": no such host`},
		{"the resolver does not answer",
			&net.DNSError{Name: "oss.example", Server: "10.0.0.2:53", IsTimeout: true},
			`looking up "oss.example": no answer`},
		{"it is none of the network's", errors.New("unexpected EOF"), "unexpected EOF"},
	} {
		if got := neterror.Text(row.err); got != row.text {
			t.Errorf("%s: %q, want %q", row.name, got, row.text)
		}
	}
}
