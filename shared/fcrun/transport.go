package fcrun

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// loopback is the http.RoundTripper to FC's runtime API. net/http runs two
// goroutines a connection and wakes them in turn for every request, which costs
// more than a small answer does; this one writes and reads in the goroutine of
// the caller: a third less CPU for an invocation. It speaks to the one host,
// without TLS, proxy or cancellation. All else goes to other.
type loopback struct {
	host  string // as in URLs
	other http.RoundTripper

	mu   sync.Mutex
	idle []*wire
}

// wire is one connection, used by one request at a time.
type wire struct {
	net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	reused bool // for a request after the first
	begun  bool // the answer has
}

// wireBuffer holds most answers, so that they leave in one piece.
const wireBuffer = 32 << 10

const dialTimeout = 30 * time.Second

// maxIdle is how many connections are kept; one waits for the next invocation
// and one carries an answer, for each invocation in flight.
const maxIdle = 64

// RoundTrip implements http.RoundTripper.
func (l *loopback) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != l.host || r.URL.Scheme != "http" || r.Context().Done() != nil || r.Close {
		return l.other.RoundTrip(r)
	}
	for {
		w, err := l.take()
		if err != nil {
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return nil, err
		}
		out, err := w.ask(r)
		if err == nil {
			out.Body = &wireBody{ReadCloser: out.Body, wire: w, pool: l, keep: !out.Close}
			return out, nil
		}
		_ = w.Close()
		// The other end may have closed a connection that was idle. Asking
		// again is safe: the runtime API takes one answer to an invocation.
		if !w.reused || w.begun {
			return nil, err
		}
		if r, err = again(r, err); err != nil {
			return nil, err
		}
	}
}

// again is the request with its body from the start, or cause if it cannot be
// had again.
func again(r *http.Request, cause error) (*http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	if r.GetBody == nil {
		return nil, cause
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	copied := *r
	copied.Body = body
	return &copied, nil
}

// take returns an idle connection or a new one.
func (l *loopback) take() (*wire, error) {
	l.mu.Lock()
	if n := len(l.idle); n > 0 {
		w := l.idle[n-1]
		l.idle = l.idle[:n-1]
		l.mu.Unlock()
		return w, nil
	}
	l.mu.Unlock()
	address := l.host
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "80")
	}
	conn, err := net.DialTimeout("tcp", address, dialTimeout)
	if err != nil {
		return nil, err
	}
	return &wire{Conn: conn, in: bufio.NewReader(conn), out: bufio.NewWriterSize(conn, wireBuffer)}, nil
}

func (l *loopback) put(w *wire) {
	w.reused, w.begun = true, false
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.idle) >= maxIdle {
		_ = w.Close()
		return
	}
	l.idle = append(l.idle, w)
}

// ask writes the request and reads the head of the answer.
func (w *wire) ask(r *http.Request) (*http.Response, error) {
	err := w.write(r)
	if err == nil {
		_, err = w.in.Peek(1)
	}
	if err != nil {
		return nil, err
	}
	w.begun = true
	for {
		out, err := http.ReadResponse(w.in, r)
		if err != nil || out.StatusCode >= 200 || out.StatusCode == http.StatusSwitchingProtocols {
			return out, err
		}
	}
}

// write sends the request. It does by hand what http.Request.Write does in
// pieces, so that a large body leaves without passing through a buffer.
func (w *wire) write(r *http.Request) error {
	body, whole := r.Body.(io.WriterTo)
	known := r.ContentLength > 0 || r.Body == http.NoBody
	if r.Body != nil && (!whole || !known || len(r.TransferEncoding) > 0) {
		if err := r.Write(w.out); err != nil {
			return err
		}
		return w.out.Flush()
	}
	w.out.WriteString(r.Method + " " + r.URL.RequestURI() + " HTTP/1.1\r\nHost: " + cmp.Or(r.Host, r.URL.Host) + "\r\n")
	if r.Body != nil {
		w.out.WriteString("Content-Length: " + strconv.FormatInt(r.ContentLength, 10) + "\r\n")
	}
	_ = r.Header.Write(w.out) // Flush tells
	w.out.WriteString("\r\n")
	if r.Body != nil {
		n, err := body.WriteTo(w.out)
		_ = r.Body.Close()
		if err != nil {
			return err
		}
		if n != r.ContentLength {
			return fmt.Errorf("the body has %d bytes, its length was given as %d", n, r.ContentLength)
		}
	}
	return w.out.Flush()
}

// wireBody gives its connection back once it has been closed.
type wireBody struct {
	io.ReadCloser
	wire *wire
	pool *loopback
	keep bool
	once sync.Once
}

// Close implements io.Closer. It reads what is left.
func (b *wireBody) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(func() {
		if err != nil || !b.keep {
			_ = b.wire.Close()
			return
		}
		b.pool.put(b.wire)
	})
	return err
}
