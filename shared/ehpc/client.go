// Package ehpc is the client of Elastic High Performance Computing (E-HPC,
// API version 2018-04-12): ListCommunityImages, ListClusters and ListRegions.
//
// It promises that every call ends within its time-out and within a bound of
// memory, that nothing is retried, that an answer which is not of the
// documented shape is an error and never an empty or short list, that every
// error is an *Error with a class to act on and without secrets, and that it
// is safe for concurrent use.
//
// Requests are built and signed by the OpenAPI core that all current Alibaba
// Cloud SDKs share. Answers are read by this package: the core drops statuses,
// does not bound bodies and takes redirects for success.
package ehpc

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"

	"community-images/shared/catalog"
	"community-images/shared/cloud"
)

const version = "2018-04-12"

// Defaults of Options.
const (
	DefaultCallTimeout = 20 * time.Second
	DefaultMaxBody     = 32 << 20
	DefaultMaxIdle     = 128
)

// Options configure a Client. Credentials is required.
type Options struct {
	// Endpoint is an http or https URL without a path that is used for every
	// region. Empty: https://ehpc.<region>.aliyuncs.com.
	Endpoint string
	// Credentials is asked at every call, for STS tokens rotate.
	Credentials func(context.Context) (cloud.Credentials, error)
	// CallTimeout bounds one request and the reading of its answer.
	CallTimeout time.Duration
	// MaxBody bounds an answer, in bytes.
	MaxBody int64
	// MaxIdle is the number of connections to each endpoint: no more are
	// opened, and all of them are kept while idle. More concurrent calls than
	// that wait for one another, within their CallTimeout.
	MaxIdle int
	// UserAgent is appended to the SDK's.
	UserAgent string
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	options  Options
	protocol string // of Endpoint; empty: by region
	host     string
	wire     *wire
	// cores holds idle OpenAPI clients. A core writes to itself on each call,
	// so no two calls may share one at a time; the connections are shared.
	cores sync.Pool
}

// New checks the options and fills in defaults. It makes no call.
func New(o Options) (*Client, error) {
	if o.Credentials == nil {
		return nil, fmt.Errorf("making the E-HPC client: no credentials given")
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = DefaultCallTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxIdle <= 0 {
		o.MaxIdle = DefaultMaxIdle
	}
	c := &Client{options: o, wire: newWire(o.MaxIdle, o.MaxBody)}
	if o.Endpoint != "" {
		u, err := url.Parse(o.Endpoint)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("making the E-HPC client: endpoint %q is not an http or https URL of a host alone", clip(o.Endpoint, maxShort))
		}
		c.protocol, c.host = u.Scheme, u.Host
	}
	return c, nil
}

// Close drops the idle connections.
func (c *Client) Close() { c.wire.transport.CloseIdleConnections() }

// reply is an answer with a 2xx status and its body.
type reply struct {
	status int
	body   []byte
	secret cloud.Credentials // that signed the call: not to be repeated in errors
}

// call makes one request. query holds the parameters besides RegionId.
func (c *Client) call(ctx context.Context, op, region string, query map[string]*string) (*reply, error) {
	if err := catalog.ValidateName("RegionId", region); err != nil {
		return nil, &Error{Op: op, RegionID: clip(region, maxShort), Class: Invalid, Code: "InvalidRegionId", Err: err}
	}
	creds, err := c.options.Credentials(ctx)
	if err == nil && !creds.Usable() {
		err = errNoKey
	}
	if err != nil {
		return nil, noCredentials(ctx, op, region, creds, err)
	}
	// RegionId is a common parameter of RPC calls. The regional endpoint does
	// not need it, one endpoint for several regions does.
	query["RegionId"] = &region

	within, cancel := context.WithTimeout(ctx, c.options.CallTimeout)
	defer cancel()
	x := &exchange{}
	sdkErr := c.send(context.WithValue(within, exchangeKey{}, x), op, region, creds, query)
	if x.err == nil && x.status == 0 {
		x.err = sdkErr // the request never reached the wire
		if x.err == nil {
			x.err = errNotSent
		}
	}
	r := &reply{status: x.status, body: x.body, secret: creds}
	switch {
	case x.err != nil:
		return nil, c.transportError(ctx, within, op, region, x, creds)
	case x.status < 200 || x.status > 299:
		return nil, refusal(op, region, x, creds)
	}
	return r, nil
}

// send lets the OpenAPI core build and sign the request; x in ctx takes what
// comes back.
func (c *Client) send(ctx context.Context, op, region string, creds cloud.Credentials, query map[string]*string) error {
	protocol, host := c.protocol, c.host
	if host == "" {
		protocol, host = "https", "ehpc."+region+".aliyuncs.com"
	}
	core, _ := c.cores.Get().(*openapi.Client)
	if core == nil {
		// Not by NewClient: it would link every way of finding credentials
		// there is, and all that they take.
		core = &openapi.Client{HttpClient: c.wire, UserAgent: dara.String(c.options.UserAgent)}
	}
	defer c.cores.Put(core)
	core.Protocol, core.Endpoint = &protocol, &host
	core.Credential = signer(creds)
	defer func() { core.Credential = nil }()
	// What CallApiWithCtx would choose, without linking the other dialects.
	_, err := core.DoRequestWithCtx(ctx, &openapi.Params{
		Action: &op, Version: dara.String(version), Protocol: &protocol, Pathname: dara.String("/"),
		// GET, so that net/http may repeat it on a connection that turns out
		// to be dead, as they all are after an instance was frozen.
		Method: dara.String("GET"), AuthType: dara.String("AK"), Style: dara.String("RPC"),
		ReqBodyType: dara.String("formData"), BodyType: dara.String("binary"),
	}, &openapi.OpenApiRequest{Query: query}, &dara.RuntimeOptions{})
	return err
}
