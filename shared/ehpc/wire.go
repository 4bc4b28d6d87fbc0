package ehpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// wire is the HTTP client under the OpenAPI core. It reads answers whole,
// within a bound, and leaves them with their status and headers in the
// exchange that travels in the request's context.
//
// The core itself gets an empty 200 in their place: it has nothing to decode
// in the "binary" mode, and its handling of errors loses the status of bodies
// that are not JSON and can panic on JSON that is not an object.
type wire struct {
	transport *http.Transport
	maxBody   int64
	lastSize  atomic.Int64 // of an answer that did not state its length
}

// maxGuess is how much room is made before anything has arrived.
const maxGuess = 1 << 20

type exchangeKey struct{}

// exchange is what one call brought back.
type exchange struct {
	status int // 0: no answer
	header http.Header
	body   []byte
	err    error // no answer, or one whose body did not arrive whole
}

var (
	errTooLarge = errors.New("the answer is larger than allowed")
	errNotSent  = errors.New("the request was not sent")
	errNoKey    = errors.New("there is no access key")
)

func newWire(maxConns int, maxBody int64) *wire {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &wire{maxBody: maxBody, transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: maxConns,
		// A call that is still dialling takes a connection that becomes free
		// before; its own is then one too many. This makes the bound hold.
		MaxConnsPerHost: maxConns,
		IdleConnTimeout: 90 * time.Second,
		// Unpacking would cost more than the signed call itself.
		DisableCompression: true,
	}}
}

// Call implements the core's HttpClient. The transport is used directly: it
// follows no redirect, so a signed request never goes elsewhere, and its
// errors do not quote the URL.
func (w *wire) Call(req *http.Request, _ *http.Transport) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errNotSent
	}
	resp, err := w.transport.RoundTrip(req)
	if err != nil {
		x.err = err
		return nil, err
	}
	x.status, x.header = resp.StatusCode, resp.Header
	x.body, x.err = w.readAll(req.Context(), resp)
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// readAll reads to the end, or the connection could not be used again.
func (w *wire) readAll(ctx context.Context, resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	size := resp.ContentLength
	if size > w.maxBody {
		return nil, errTooLarge
	}
	if size < 0 {
		size = w.lastSize.Load()
	}
	size = min(size, maxGuess) // a length is only a claim
	// One byte more than needed, so that the end shows without growing.
	buf := make([]byte, 0, size+1)
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > w.maxBody:
			return nil, errTooLarge
		case err == io.EOF:
			if resp.ContentLength < 0 {
				w.lastSize.Store(int64(len(buf)))
			}
			return buf, nil
		case err != nil:
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return buf, err
		case len(buf) == cap(buf):
			buf = append(buf, 0)[:len(buf)]
		}
	}
}
