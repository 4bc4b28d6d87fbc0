package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"community-images/shared/cloud"
	"community-images/shared/neterror"
)

// transport is the HTTP client under the OpenAPI core. It reads whole responses,
// within a bound, into the exchange of the request's context.
//
// The core gets an empty 200 instead. In its "binary" mode it has nothing to
// decode then. Its own handling of errors loses the status of bodies that are not
// JSON, and can panic on JSON that is not an object.
type transport struct {
	http     *http.Transport
	maxBody  int64
	lastSize atomic.Int64 // of a response that did not state its length
}

// maxFirstBuffer is the largest buffer that is made before anything has arrived.
const maxFirstBuffer = 1 << 20

// exchangeKey is the context key of the *exchange of a request.
type exchangeKey struct{}

// exchange holds the response to one request.
type exchange struct {
	response  Response
	handshake neterror.Handshake
	err       error // no response, or one whose body did not arrive whole
}

// ErrTooLarge means that a response has more bytes than Options.MaxBody.
var ErrTooLarge = errors.New("the answer is larger than allowed")

// newTransport returns a transport that keeps up to maxConns connections to each host.
func newTransport(maxConns int, maxBody int64) *transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &transport{maxBody: maxBody, http: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: maxConns,
		// A call that is still dialling takes a connection that becomes free before,
		// and its own is then one too many. This keeps the bound.
		MaxConnsPerHost: maxConns,
		IdleConnTimeout: 90 * time.Second,
		// Decompressing would cost more than the signed call itself.
		DisableCompression: true,
	}}
}

// Call implements the core's HttpClient. It uses the transport directly, so it
// follows no redirect with a signed request, and errors do not quote the URL.
func (t *transport) Call(req *http.Request, _ *http.Transport) (*http.Response, error) {
	// The core may wrap the request, but it passes the context on.
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, ErrNotSent
	}
	if req.URL.Scheme == "https" {
		req = req.WithContext(x.handshake.Watch(req.Context()))
	}
	resp, err := t.http.RoundTrip(req)
	if err != nil {
		x.err = x.handshake.Explain(err)
		return nil, err
	}
	x.response.Status, x.response.Header = resp.StatusCode, resp.Header
	if x.err = cloud.DecodeBody(resp); x.err != nil {
		_ = resp.Body.Close()
		return nil, x.err
	}
	x.response.Body, x.err = t.readAll(req.Context(), resp)
	empty := &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Body: http.NoBody}
	empty.Request = req
	return empty, nil
}

// readAll reads a body to its end, so that the connection can be used again.
func (t *transport) readAll(ctx context.Context, resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	size := resp.ContentLength
	if size > t.maxBody {
		return nil, ErrTooLarge
	}
	if size < 0 {
		size = t.lastSize.Load()
	}
	size = min(size, maxFirstBuffer) // the stated length may be wrong
	// One byte more than needed, so that the end shows without growing.
	buf := make([]byte, 0, size+1)
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > t.maxBody:
			return nil, ErrTooLarge
		case err == io.EOF:
			if resp.ContentLength < 0 {
				t.lastSize.Store(int64(len(buf)))
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
