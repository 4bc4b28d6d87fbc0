package acs

import (
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// maxBody is what FC allows a synchronous answer.
const maxBody = 32 << 20

// wire is the HTTP client under the OpenAPI core, which would lose the status
// of answers that are not JSON and read them without a bound. It leaves each
// answer in the exchange of the request's context and shows the core an empty
// one.
type wire struct {
	version   string
	transport *http.Transport
}

type exchangeKey struct{}

type exchange struct {
	status int // 0: no answer
	header http.Header
	body   []byte
	err    error
}

func newWire(version string) *wire {
	return &wire{version: version, transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     30 * time.Second,
	}}
}

// Call implements the core's HttpClient.
func (w *wire) Call(req *http.Request, _ *http.Transport) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("the request was not made by this package")
	}
	resp, err := w.transport.RoundTrip(req)
	if err != nil {
		x.err = err
		return nil, err
	}
	defer resp.Body.Close()
	x.status, x.header = resp.StatusCode, resp.Header
	x.body, x.err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if x.err == nil && len(x.body) > maxBody {
		x.err = errors.New("the answer is larger than 32 MB")
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}
