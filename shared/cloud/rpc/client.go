// Package rpc calls Alibaba Cloud's APIs. It makes one request for each call:
// signed by the OpenAPI core that all current SDKs of the vendor share, ended by
// its context, without redirects and retries, and with a bounded response.
//
// The core builds and signs requests only. This package reads the responses,
// because the core loses the status of bodies that are not JSON, does not bound
// them, and takes redirects for success.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"

	"community-images/shared/cloud"
)

// Options configure a Client. All are required but UserAgent.
type Options struct {
	// MaxBody bounds a response, in bytes.
	MaxBody int64
	// MaxConns is the number of connections to each host: no more are opened, and
	// all of them are kept while idle. More concurrent calls wait for one another.
	MaxConns int
	// UserAgent is appended to the SDK's.
	UserAgent string
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	// transport has the connections of all cores.
	transport *transport
	// userAgent is Options.UserAgent.
	userAgent string
	// cores holds idle OpenAPI clients. A core writes to itself on each call, so no
	// two calls may share one at a time. They share the connections.
	cores sync.Pool
}

// New returns a client. It makes no call.
func New(o Options) *Client {
	return &Client{transport: newTransport(o.MaxConns, o.MaxBody), userAgent: o.UserAgent}
}

// Close closes the idle connections.
func (c *Client) Close() { c.transport.http.CloseIdleConnections() }

// Endpoint is where a service listens.
// Protocol is "http" or "https", Host a name with an optional port.
type Endpoint struct{ Protocol, Host string }

// ParseEndpoint reads an http or https URL of a host alone.
func ParseEndpoint(address string) (Endpoint, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return Endpoint{}, errors.New("not an http or https URL of a host alone")
	}
	return Endpoint{u.Scheme, u.Host}, nil
}

// Call is one request.
type Call struct {
	// Endpoint is where the call goes, usually the region's host.
	Endpoint Endpoint
	// Action is the name of the operation, for example "ListClusters".
	Action  string
	Version string // of the API
	// Method is an HTTP method; RPC calls use POST.
	Method string
	// Path belongs to a resource-oriented API. Empty: an RPC call to "/".
	Path string
	// Query has the parameters of the operation, not encoded.
	Query map[string]string
	// Header is added to the signed headers of the core.
	Header map[string]string
	Form   map[string]string // sent as the body
	Body   []byte            // sent instead of Form
}

// Response is what a call returned. It is never nil; Status is 0 if there was no
// response.
type Response struct {
	// Status is the HTTP status.
	Status int
	// Header has the response's headers; nil without a response.
	Header http.Header
	// Body is as it was sent. With an error it may be only the beginning.
	Body []byte
}

// ErrNotSent means that the core did not send the request.
var ErrNotSent = errors.New("the request was not sent")

// Do makes a call. Every status is a success for it. It returns an error if no
// whole response arrived; the response then has what did.
func (c *Client) Do(ctx context.Context, credentials cloud.Credentials, call Call) (*Response, error) {
	core, _ := c.cores.Get().(*openapi.Client)
	if core == nil {
		// Not by NewClient: it would link every way of finding credentials.
		core = &openapi.Client{HttpClient: c.transport, UserAgent: dara.String(c.userAgent)}
	}
	defer c.cores.Put(core)
	core.Protocol, core.Endpoint = &call.Endpoint.Protocol, &call.Endpoint.Host
	core.Credential = signer(credentials)
	defer func() { core.Credential = nil }() // an idle core must not keep a key
	x := &exchange{}
	// CallApiWithCtx would do the same, and link signatures of other versions.
	_, err := core.DoRequestWithCtx(context.WithValue(ctx, exchangeKey{}, x), call.params(), call.request(),
		&dara.RuntimeOptions{})
	if x.err == nil && x.response.Status == 0 { // the request never reached the transport
		if x.err = err; err == nil {
			x.err = ErrNotSent
		}
	}
	if x.err != nil && ctx.Err() != nil {
		x.err = fmt.Errorf("waiting for the response: %w", ctx.Err())
	}
	return &x.response, x.err
}

// params tells the core how to address and sign the call.
func (call *Call) params() *openapi.Params {
	style, path := "ROA", call.Path
	if path == "" {
		style, path = "RPC", "/"
	}
	return &openapi.Params{
		Action: &call.Action, Version: &call.Version, Protocol: &call.Endpoint.Protocol, Pathname: &path,
		Method: &call.Method, AuthType: dara.String("AK"), Style: &style, ReqBodyType: dara.String("formData"),
		BodyType: dara.String("binary"), // the core decodes nothing; transport has the body
	}
}

// request returns the parameters, headers and the body in the core's types.
func (call *Call) request() *openapi.OpenApiRequest {
	request := &openapi.OpenApiRequest{Query: pointers(call.Query), Headers: pointers(call.Header)}
	switch {
	case call.Body != nil:
		request.Stream = dara.ToReader(call.Body)
	case call.Form != nil:
		form := map[string]any{}
		for name, value := range call.Form {
			form[name] = value
		}
		request.Body = form
	}
	return request
}

// pointers returns a map with a pointer to each value, as the core's types want it.
// The core adds its own headers to the map, so it must be a new one.
func pointers(m map[string]string) map[string]*string {
	out := map[string]*string{}
	for name, value := range m {
		out[name] = &value
	}
	return out
}
