// Package ehpc is the client of Elastic High Performance Computing (E-HPC, API version
// 2018-04-12): ListCommunityImages, ListClusters and ListRegions.
//
// It promises that
//   - every call ends within its timeout and reads a bounded number of bytes,
//   - nothing is retried,
//   - an answer that does not have the documented shape is an error, and never an empty
//     or short list,
//   - every error is an *Error, with a class that says how to handle it, and without
//     secrets,
//   - it is safe for concurrent use.
package ehpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/cloud/rpc"
)

// version is the version of the API.
const version = "2018-04-12"

// Defaults of Options.
const (
	DefaultEndpoint    = "https://ehpc." + regionPlaceholder + ".aliyuncs.com"
	DefaultCallTimeout = 20 * time.Second
	DefaultMaxBody     = 32 << 20
	DefaultMaxIdle     = 128
)

// regionPlaceholder stands in Options.Endpoint for the region of a call.
const regionPlaceholder = "{region}"

// Options configure a Client.
type Options struct {
	// Endpoint is an http or https URL without a path. "{region}" in it stands for the
	// region of a call, as in https://ehpc-vpc.{region}.aliyuncs.com. Empty means
	// DefaultEndpoint.
	Endpoint string
	// Credentials is called for every call, because temporary credentials change. It is
	// required.
	Credentials func(context.Context) (cloud.Credentials, error)
	// CallTimeout limits one request, the reading of its answer included. 0 means
	// DefaultCallTimeout.
	CallTimeout time.Duration
	// MaxBody is the largest answer, in bytes, that is read. 0 means DefaultMaxBody.
	MaxBody int64
	// MaxIdle is the number of connections to each endpoint. No more are opened, and all
	// are kept while idle. More concurrent calls wait for a connection; that time counts
	// for their CallTimeout. 0 means DefaultMaxIdle.
	MaxIdle int
	// UserAgent is appended to the user agent of the SDK.
	UserAgent string
}

// Client makes calls. It is safe for concurrent use.
type Client struct {
	options Options     // with the defaults filled in
	rpc     *rpc.Client // signs and sends
}

// New checks the options and fills in defaults. It makes no call. It returns an error if
// Credentials is nil or Endpoint is not an http or https URL without a path.
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
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	c := &Client{options: o, rpc: rpc.New(rpc.Options{
		MaxBody: o.MaxBody, MaxConns: o.MaxIdle, UserAgent: o.UserAgent,
	})}
	if _, err := c.endpoint("cn-hangzhou"); err != nil { // any region shows whether the URL is one
		return nil, fmt.Errorf("making the E-HPC client: endpoint %q is %w", clipText(o.Endpoint, maxShort), err)
	}
	return c, nil
}

// endpoint returns the address of the API of a region.
func (c *Client) endpoint(regionID string) (rpc.Endpoint, error) {
	return rpc.ParseEndpoint(strings.ReplaceAll(c.options.Endpoint, regionPlaceholder, regionID))
}

// Close closes the idle connections.
func (c *Client) Close() { c.rpc.Close() }

// reply is a response, and the call that it belongs to.
type reply struct {
	*rpc.Response                    // nil until the call was made
	action, region string            // of the call, for errors
	credentials    cloud.Credentials // that signed the call; errors must not repeat them
}

// errNoKey means that Options.Credentials returned no usable access key.
var errNoKey = errors.New("there is no access key")

// call makes one request and returns a response with a 2xx status. query holds the
// parameters besides RegionId.
func (c *Client) call(ctx context.Context, op, region string, query map[string]string) (*reply, error) {
	if err := catalog.ValidateName("RegionId", region); err != nil {
		return nil, &Error{Op: op, RegionID: clipText(region, maxShort), Class: Invalid, Code: "InvalidRegionId",
			Err: err}
	}
	credentials, err := c.options.Credentials(ctx)
	if err == nil && !credentials.Usable() {
		err = errNoKey
	}
	// From here on errors must not repeat the credentials.
	r := &reply{action: op, region: region, credentials: credentials}
	if err != nil {
		return nil, r.newCredentialsError(ctx, err)
	}
	endpoint, err := c.endpoint(region)
	if err != nil {
		return nil, &Error{Op: op, RegionID: region, Class: Invalid, Code: "InvalidEndpoint", Err: err}
	}
	// RegionId is a common parameter of RPC calls. A regional endpoint does not need
	// it, one endpoint for several regions does.
	query["RegionId"] = region
	within, cancel := context.WithTimeout(ctx, c.options.CallTimeout)
	defer cancel()
	r.Response, err = c.rpc.Do(within, credentials, rpc.Call{
		Endpoint: endpoint, Action: op, Version: version, Query: query,
		// GET, so that net/http may repeat the request on a connection that turns out to
		// be dead. All are, after an instance was frozen.
		Method: http.MethodGet,
	})
	switch {
	case err != nil:
		return nil, c.newTransportError(ctx, within, r, err)
	case r.Status < 200 || r.Status > 299:
		return nil, r.newStatusError()
	}
	return r, nil
}
