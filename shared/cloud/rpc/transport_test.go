package rpc

import (
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/neterror"
)

// call makes one call to an address.
func call(t *testing.T, address string) (*Response, error) {
	t.Helper()
	client := New(Options{MaxBody: 1000, MaxConns: 1})
	defer client.Close()
	at, err := ParseEndpoint(address)
	if err != nil {
		t.Fatal(err)
	}
	return client.Do(t.Context(), cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"},
		Call{Endpoint: at, Action: "ListClusters", Version: "2018-04-12", Method: http.MethodPost})
}

// TestCompressedResponseIsRead: a gateway may compress although nobody asked for it.
// The limit counts the decompressed bytes.
func TestCompressedResponseIsRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, encoding, body string
		status               int
		err                  string
	}{
		{"an answer", "gzip", `{"Clusters":{}}`, http.StatusOK, ""},
		{"an error", "gzip", `{"Code":"Throttling"}`, http.StatusServiceUnavailable, ""},
		{"one that decompresses to too much", "gzip", strings.Repeat(" ", 1001), http.StatusOK, ErrTooLarge.Error()},
		{"another encoding", "br", "x", http.StatusOK, `the answer has Content-Encoding "br", which was not asked for`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", row.encoding)
			w.WriteHeader(row.status)
			packed := gzip.NewWriter(w)
			_, _ = io.WriteString(packed, row.body)
			_ = packed.Close()
		}))
		resp, err := call(t, server.URL)
		server.Close()
		if resp.Status != row.status {
			t.Errorf("%s: status %d, want %d", row.name, resp.Status, row.status)
		}
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%s: %v, want %q", row.name, err, row.err)
			}
		} else if err != nil || string(resp.Body) != row.body {
			t.Errorf("%s: %q, %v, want %q", row.name, resp.Body, err, row.body)
		}
	}
}

// TestHTTPSToAPlainPortIsExplained: the peer closes, or answers in plain HTTP.
func TestHTTPSToAPlainPortIsExplained(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	closing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer closing.Close()
	go func() {
		for {
			c, err := closing.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 4096))
			_ = c.Close()
		}
	}()
	for name, host := range map[string]string{"it answers": plain.Listener.Addr().String(),
		"it closes": closing.Addr().String()} {
		_, err := call(t, "https://"+host)
		var handshake *neterror.HandshakeError
		if !errors.As(err, &handshake) || !strings.Contains(neterror.Text(err), "check https:// in the endpoint") {
			t.Errorf("%s: %v", name, err)
		}
		// A port that closes without an answer says nothing of TLS to plain HTTP.
		if _, err := call(t, "http://"+host); errors.As(err, &handshake) {
			t.Errorf("%s, plain: %v", name, err)
		}
	}
	// An unknown certificate is another matter, and says so itself.
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	if _, err := call(t, secure.URL); err == nil || strings.Contains(err.Error(), "plain HTTP") ||
		!strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
}
