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
	rpc      *rpc.Client
	endpoint rpc.Endpoint
	// version is the version of the API, for example 2019-09-10.
	version string
	// credentials sign every call.
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
	// Action is the name of the operation, for example CreateStack.
	Action string
	// Path is that of a resource-oriented API. It is empty for an RPC API.
	Path string
	// Query is signed and sent in the URL.
	Query map[string]string
	// Form is sent in the body. ROS takes long parameters only there.
	Form map[string]string
	// Header has headers besides those of the signature.
	Header map[string]string
	// Body is sent instead of Form.
	Body []byte
}

// Response is a response with a 2xx status.
type Response struct {
	Header http.Header
	// Body is the whole body, at most maxBody bytes.
	Body []byte
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
