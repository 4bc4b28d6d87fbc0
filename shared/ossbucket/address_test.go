package ossbucket_test

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// TestErrorsHaveNoAddresses: why something could not be stored stands in the
// data, for whoever may read that, and the addresses of a network are not for
// them.
func TestErrorsHaveNoAddresses(t *testing.T) {
	t.Parallel()
	address := regexp.MustCompile(`\d+\.\d+\.\d+\.\d+|\[::|:\d{2,}`)
	e := osstest.Start(t, "")
	fails := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	lookup := func(dns net.DNSError) http.RoundTripper {
		dns.Name, dns.Server = "oss.example", "10.0.0.2:53"
		return fails(&net.OpError{Op: "dial", Net: "tcp", Err: &dns})
	}
	for name, c := range map[string]struct {
		endpoint  string
		transport http.RoundTripper
		says      string
	}{
		"nobody listens": {"http://" + closed(t), nil, "dial: connect: connection refused"},
		"no such host": {e.URL, lookup(net.DNSError{Err: "no such host", IsNotFound: true}),
			`looking up "oss.example": no such host`},
		"a resolver that is slow": {e.URL, lookup(net.DNSError{Err: "i/o timeout", IsTimeout: true}),
			`looking up "oss.example": no answer`},
		"a proxy that refuses": {e.URL, fails(&net.OpError{Op: "proxyconnect", Net: "tcp",
			Err: &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 4), Port: 3128},
				Err: net.ErrClosed}}),
			"proxyconnect: dial: use of closed"},
		"a connection that breaks": {e.URL, fails(
			&net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 3), Port: 4711},
				Err: net.ErrClosed}), "read: use of closed"},
	} {
		b := open(t, e, func(o *ossbucket.Options) { o.Endpoint, o.Transport = c.endpoint, c.transport })
		for verb, call := range calls {
			_, err := call(context.Background(), b)
			if err == nil || address.MatchString(err.Error()) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s, %s: %v", name, verb, err)
			}
		}
	}
	b := open(t, e, nil)
	if err := b.Put(t.Context(), "key", make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	e.SetFault(times(always, osstest.Fault{Half: true}))
	if _, _, err := b.Get(t.Context(), "key", ""); err == nil || address.MatchString(err.Error()) {
		t.Errorf("half a body: %v", err)
	}
}

// closed is an address at which nobody listens.
func closed(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
