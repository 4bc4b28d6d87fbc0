package ossbucket_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// compressing is a gateway that compresses every answer, errors included, although
// nobody asked for it.
type compressing struct{ base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (c compressing) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.Copy(w, resp.Body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	resp.Header.Set("Content-Encoding", "gzip")
	resp.Body, resp.ContentLength = io.NopCloser(&packed), int64(packed.Len())
	return resp, nil
}

// TestCompressedAnswersAreRead: objects, parts, lists and error documents read as OSS
// sent them, and the limit counts what they decompress to.
func TestCompressedAnswersAreRead(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	b := open(t, e, func(o *ossbucket.Options) {
		o.Transport, o.MaxObject = compressing{http.DefaultTransport}, 1000
	})
	ctx := t.Context()
	if err := b.Put(ctx, "key", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if data, _, err := b.Get(ctx, "key", ""); string(data) != "0123456789" || err != nil {
		t.Errorf("the object is %q, %v", data, err)
	}
	if data, err := b.GetFrom(ctx, "key", 2, 3); string(data) != "234" || err != nil {
		t.Errorf("the part is %q, %v", data, err)
	}
	if keys, err := b.List(ctx, ""); len(keys) != 1 || err != nil {
		t.Errorf("the list is %q, %v", keys, err)
	}
	if _, _, err := b.Get(ctx, "none", ""); err == nil || !strings.Contains(err.Error(), "404 NoSuchKey") {
		t.Errorf("the error is %v", err)
	}
	if err := b.Put(ctx, "bomb", make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Get(ctx, "bomb", ""); err == nil || !strings.Contains(err.Error(), "larger than the limit") {
		t.Errorf("a large object: %v", err)
	}
}

// TestUnknownEncodingIsNamed: nothing is made of bytes that cannot be decoded.
func TestUnknownEncodingIsNamed(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	b := open(t, e, nil)
	if err := b.Put(t.Context(), "key", []byte("x")); err != nil {
		t.Fatal(err)
	}
	e.SetFault(times(always, spoil("Content-Encoding", "br")))
	if _, _, err := b.Get(t.Context(), "key", ""); err == nil || !strings.Contains(err.Error(), `Content-Encoding "br"`) {
		t.Errorf("got %v", err)
	}
}

// TestWrongSchemeOfTheEndpointIsExplained: both ways round, the error says what to
// check. Alone, "EOF" helps nobody.
func TestWrongSchemeOfTheEndpointIsExplained(t *testing.T) {
	t.Parallel()
	e := osstest.Start(t, "")
	for name, row := range map[string]struct{ endpoint, says string }{
		"https to a port that closes": {"https://" + closingPort(t),
			"the port may speak plain HTTP: check https:// in the endpoint"},
		"https to a port of plain HTTP":    {strings.Replace(e.URL, "http:", "https:", 1), "the port may speak plain HTTP"},
		"plain HTTP to a port with TLS":    {"http://" + tlsPort(t), "the port speaks TLS, not plain HTTP: use https://"},
		"plain HTTP to a port that closes": {"http://" + closingPort(t), "EOF"},
	} {
		b := open(t, e, func(o *ossbucket.Options) { o.Endpoint = row.endpoint })
		_, _, err := b.Get(context.Background(), "key", "")
		if err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, want %q", name, err, row.says)
		}
		if err != nil && strings.HasPrefix(row.endpoint, "http:") && strings.Contains(err.Error(), "handshake") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// closingPort is a port that reads a little and closes the connection in order.
func closingPort(t *testing.T) string {
	return listen(t, func(c net.Conn) { _, _ = io.ReadAtLeast(c, make([]byte, 4096), 100) })
}

// tlsPort is a port that answers plain HTTP with an alert of TLS, as a load balancer
// does.
func tlsPort(t *testing.T) string {
	return listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = c.Write([]byte("\x15\x03\x01\x00\x02\x02\x46"))
	})
}

// listen serves each connection of a new port until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}
