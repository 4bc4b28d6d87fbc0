package fcrun

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// echoServer is a server, most often one that echoes, and a client that reaches it over loopback.
type echoServer struct {
	t      *testing.T
	server *httptest.Server
	client *http.Client
	dialed atomic.Int32
	other  atomic.Int32 // requests that went the other way
}

func newEchoServer(t *testing.T, handler http.HandlerFunc) *echoServer {
	r := &echoServer{t: t, server: httptest.NewUnstartedServer(handler)}
	r.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.dialed.Add(1)
		}
	}
	r.server.Start()
	t.Cleanup(r.server.Close)
	r.client = &http.Client{Transport: &loopback{host: r.server.Listener.Addr().String(), other: tripper(func(q *http.Request) (*http.Response, error) {
		r.other.Add(1)
		return http.DefaultTransport.RoundTrip(q)
	})}}
	return r
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Method", r.Method)
	_, _ = w.Write(body)
}

// post sends a body and returns what came back.
func (r *echoServer) post(body string) (string, error) {
	out, err := r.client.Post(r.server.URL, "text/plain", bytes.NewBufferString(body))
	if err != nil {
		return "", err
	}
	defer out.Body.Close()
	back, err := io.ReadAll(out.Body)
	return string(back), err
}

func TestLoopbackKeepsItsConnection(t *testing.T) {
	t.Parallel()
	r := newEchoServer(t, echo)
	for _, body := range []string{"", "small", strings.Repeat("large ", 100_000)} {
		if got, err := r.post(body); err != nil || got != body {
			t.Fatalf("%d bytes come back as %d: %v", len(body), len(got), err)
		}
	}
	out, err := r.client.Get(r.server.URL)
	if err != nil || out.Header.Get("X-Method") != "GET" {
		t.Fatal(err)
	}
	out.Body.Close()
	out.Body.Close() // a second time is harmless
	if n, other := r.dialed.Load(), r.other.Load(); n != 1 || other != 0 {
		t.Errorf("four requests took %d connections, and %d the other way", n, other)
	}
}

func TestLoopbackReadsWhatTheCallerLeaves(t *testing.T) {
	t.Parallel()
	r := newEchoServer(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 10 { // chunked
			_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
			w.(http.Flusher).Flush()
		}
	})
	for range 3 {
		out, err := r.client.Get(r.server.URL)
		if err != nil {
			t.Fatal(err)
		}
		out.Body.Close()
	}
	if n := r.dialed.Load(); n != 1 {
		t.Errorf("three requests took %d connections", n)
	}
}

func TestLoopbackReplacesAConnectionThatWasClosedWhileIdle(t *testing.T) {
	t.Parallel()
	r := newEchoServer(t, echo)
	for range 3 {
		if got, err := r.post("again"); err != nil || got != "again" {
			t.Fatal(got, err)
		}
		r.server.CloseClientConnections()
	}
	if n := r.dialed.Load(); n != 3 {
		t.Errorf("three requests took %d connections", n)
	}
}

func TestLoopbackDoesNotRepeatWhatWasAnsweredInPart(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	r := newEchoServer(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Le")
			_ = conn.Close()
		}
	})
	if _, err := r.post("first"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.post("second"); err == nil {
		t.Error("half an answer gives no error")
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("two requests arrived as %d", n)
	}
}

func TestLoopbackLeavesOtherRequestsAlone(t *testing.T) {
	t.Parallel()
	r := newEchoServer(t, echo)
	elsewhere := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(elsewhere.Close)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cancellable, err := http.NewRequestWithContext(ctx, "GET", r.server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, ask := range []func() (*http.Response, error){
		func() (*http.Response, error) { return r.client.Get(elsewhere.URL) },
		func() (*http.Response, error) { return r.client.Do(cancellable) },
	} {
		out, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		out.Body.Close()
	}
	if n := r.other.Load(); n != 2 {
		t.Errorf("%d of 2 requests went the other way", n)
	}
}

func TestLoopbackSaysThatNobodyListens(t *testing.T) {
	t.Parallel()
	r := newEchoServer(t, echo)
	r.server.Close()
	var fault *net.OpError
	if _, err := r.post("x"); !errors.As(err, &fault) || fault.Op != "dial" {
		t.Errorf("a server that is gone gives %v", err)
	}
}

func TestLoopbackServesManyAtOnce(t *testing.T) {
	t.Parallel()
	r := newEchoServer(t, echo)
	var group sync.WaitGroup
	for range 2 * maxIdle {
		group.Go(func() {
			for _, body := range []string{"one", "another"} {
				if got, err := r.post(body); err != nil || got != body {
					t.Error(got, err)
				}
			}
		})
	}
	group.Wait()
}

func TestLoopbackSendsBodiesOfEveryKind(t *testing.T) {
	t.Parallel()
	var told atomic.Value
	r := newEchoServer(t, func(w http.ResponseWriter, q *http.Request) {
		told.Store(fmt.Sprint(q.Host, " ", q.RequestURI, " ", q.ContentLength, " ", q.Header.Get("X-Kind")))
		echo(w, q)
	})
	for _, row := range []struct {
		name   string
		body   io.Reader
		length int64 // to claim; 0: what net/http finds
		want   string
	}{
		{"of a known length", strings.NewReader("body"), 0, "host.example /a%20b?c=d 4 x"},
		{"of an unknown length", io.MultiReader(strings.NewReader("body")), 0, "host.example /a%20b?c=d -1 x"},
		{"that is empty", strings.NewReader(""), 0, "host.example /a%20b?c=d 0 x"},
		{"that is shorter than claimed", strings.NewReader("body"), 5, ""},
	} {
		q, err := http.NewRequest("POST", r.server.URL+"/a%20b?c=d", row.body)
		if err != nil {
			t.Fatal(err)
		}
		q.Host = "host.example"
		q.Header.Set("X-Kind", "x")
		q.ContentLength = cmp.Or(row.length, q.ContentLength)
		out, err := r.client.Do(q)
		if row.want == "" {
			if err == nil {
				t.Errorf("a body %s is sent", row.name)
			}
			continue
		}
		if err != nil {
			t.Fatal(row.name, err)
		}
		out.Body.Close()
		if got := told.Load(); got != row.want {
			t.Errorf("a body %s arrives as %q, want %q", row.name, got, row.want)
		}
	}
	if n := r.other.Load(); n != 0 {
		t.Errorf("%d requests went the other way", n)
	}
}
