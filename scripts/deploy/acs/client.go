// Package acs makes calls of Alibaba Cloud's APIs.
//
// It promises that every call is signed by the OpenAPI core that the vendor's
// SDKs share, ends with its context, reads a bounded answer, follows no
// redirect, and that every refusal is an *Error with the service's own code. A
// Client is for one goroutine at a time.
package acs

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"community-images/shared/cloud"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
)

// Client calls one service at one endpoint.
type Client struct {
	core *openapi.Client
	wire *wire
}

// New returns a client. endpoint is a URL of a host alone.
func New(endpoint, version string, c cloud.Credentials) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("endpoint %q is not an http or https URL of a host alone", endpoint)
	}
	w := newWire(version)
	core, err := openapi.NewClient(&openapi.Config{
		Protocol: &u.Scheme, Endpoint: &u.Host, HttpClient: w, UserAgent: dara.String("community-images-deploy"),
		AccessKeyId: &c.AccessKeyID, AccessKeySecret: &c.AccessKeySecret, SecurityToken: &c.SecurityToken,
	})
	if err != nil {
		return nil, fmt.Errorf("making the client of %s: %w", u.Host, err)
	}
	return &Client{core: core, wire: w}, nil
}

// Call is one request. Path is that of a resource-oriented API; a call without
// one is of the RPC kind.
type Call struct {
	Action string
	Path   string
	Query  map[string]string
	Form   map[string]string // goes into the body
	Header map[string]string
	Body   []byte // instead of Form
}

// Answer is what came back with a 2xx status.
type Answer struct {
	Header http.Header
	Body   []byte
}

// Do makes a call.
func (c *Client) Do(ctx context.Context, call Call) (Answer, error) {
	style, path := "ROA", call.Path
	if path == "" {
		style, path = "RPC", "/"
	}
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
	x := &exchange{}
	_, err := c.core.CallApiWithCtx(context.WithValue(ctx, exchangeKey{}, x), &openapi.Params{
		Action: &call.Action, Version: &c.wire.version, Protocol: c.core.Protocol, Pathname: &path, Method: dara.String(http.MethodPost),
		AuthType: dara.String("AK"), Style: &style, ReqBodyType: dara.String("formData"), BodyType: dara.String("binary"),
	}, request, &dara.RuntimeOptions{})
	if x.err == nil && x.status == 0 {
		x.err = err
	}
	switch {
	case ctx.Err() != nil:
		return Answer{}, fmt.Errorf("calling %s: %w", call.Action, ctx.Err())
	case x.err != nil:
		return Answer{}, &Error{Action: call.Action, Err: x.err}
	case x.status < 200 || x.status > 299:
		return Answer{}, refusal(call.Action, x)
	}
	return Answer{Header: x.header, Body: x.body}, nil
}

func pointers(m map[string]string) map[string]*string {
	out := map[string]*string{}
	for name, value := range m {
		out[name] = &value
	}
	return out
}
