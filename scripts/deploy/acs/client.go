// Package acs calls Alibaba Cloud's APIs.
//
// Each call is signed by the OpenAPI core of the vendor's SDKs, ends with its
// context, reads a bounded response, and does not follow redirects. Each
// refusal is an *Error with the service's own code.
package acs

import (
	"context"
	"fmt"
	"net/http"

	"community-images/shared/cloud"
	"community-images/shared/cloud/rpc"
)

// Client calls one service at one endpoint.
type Client struct {
	rpc         *rpc.Client
	endpoint    rpc.Endpoint
	version     string
	credentials cloud.Credentials
}

// maxBody is the largest response that FC allows to a synchronous call.
const maxBody = 32 << 20

// New returns a client for an API version. The endpoint is a URL without a
// path.
func New(endpoint, version string, c cloud.Credentials) (*Client, error) {
	at, err := rpc.ParseEndpoint(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q is %w", endpoint, err)
	}
	options := rpc.Options{MaxBody: maxBody, MaxConns: 4, UserAgent: "community-images-deploy"}
	return &Client{rpc: rpc.New(options), endpoint: at, version: version, credentials: c}, nil
}

// Call is one request.
type Call struct {
	Action string
	Path   string // of a resource-oriented API; empty: an RPC API
	Query  map[string]string
	Form   map[string]string // goes into the body
	Header map[string]string
	Body   []byte // instead of Form
}

// Response is a response with a 2xx status.
type Response struct {
	Header http.Header
	Body   []byte
}

// Do makes a call. It returns an *Error if the service refused it or no
// response came.
func (c *Client) Do(ctx context.Context, call Call) (Response, error) {
	response, err := c.rpc.Do(ctx, c.credentials, rpc.Call{
		Endpoint: c.endpoint, Action: call.Action, Version: c.version, Method: http.MethodPost,
		Path: call.Path, Query: call.Query, Header: call.Header, Form: call.Form, Body: call.Body,
	})
	switch {
	case ctx.Err() != nil:
		return Response{}, fmt.Errorf("calling %s: %w", call.Action, ctx.Err())
	case err != nil:
		return Response{}, &Error{Action: call.Action, Err: err}
	case response.Status < 200 || response.Status > 299:
		return Response{}, newRefusal(call.Action, response)
	}
	return Response{Header: response.Header, Body: response.Body}, nil
}
