package ossbucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"community-images/shared/cloud"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// Options say which bucket to use and how to reach it.
type Options struct {
	// Endpoint is a URL or a host: "https://oss-cn-hangzhou.aliyuncs.com",
	// "http://127.0.0.1:9000". A bare host is reached over https. The bucket
	// becomes part of the host name, except at an IP address, "localhost" or a
	// name without a dot, where it is the first step of the path.
	Endpoint string

	// Region, "cn-hangzhou", is the bucket's. Requests are signed for it, with
	// version 4: OSS refuses version 1 for accounts and buckets made since 2025. A
	// region in the host name of an aliyuncs.com endpoint counts instead of it.
	// Required with any other endpoint, for example one of transfer acceleration.
	Region string

	// Bucket is the name of the bucket. Required.
	Bucket string

	PathStyle bool // the bucket is a step of the path at any endpoint
	CNAME     bool // the endpoint is a domain bound to the bucket

	// Credentials is asked before every try of every request, with the context
	// of the call, so that rotated and per-invocation credentials are used.
	Credentials func(ctx context.Context) (cloud.Credentials, error)

	ConnectTimeout time.Duration // default 3 s; not used with a Transport
	ReadTimeout    time.Duration // without a byte in either direction, then the try has failed; default 15 s

	MaxObject int64 // bytes; reading a larger object whole, or more of one at once, is an error; default 256 MiB

	// Transport replaces the default connection pool. It must not ask for
	// compressed answers, which OSS gives without length and etag.
	Transport http.RoundTripper

	// Retry says how requests that may be repeated are repeated.
	Retry Retry
}

// Retry configures retries. Pauses are random, from none to a longest one, which
// doubles from try to try.
type Retry struct {
	Tries      int           // including the first; default 3
	FirstDelay time.Duration // the longest pause before the second try; default 50 ms
	MaxDelay   time.Duration // bounds the longest pause; default 1 s
}

// withDefaults fills in the defaults.
func (o Options) withDefaults() Options {
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 3*time.Second)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 15*time.Second)
	o.MaxObject = cmp.Or(o.MaxObject, 256<<20)
	o.Retry.Tries = cmp.Or(o.Retry.Tries, 3)
	o.Retry.FirstDelay = cmp.Or(o.Retry.FirstDelay, 50*time.Millisecond)
	o.Retry.MaxDelay = cmp.Or(o.Retry.MaxDelay, time.Second)
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: o.ConnectTimeout}).DialContext,
			TLSHandshakeTimeout: 2 * o.ConnectTimeout,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     50 * time.Second, // OSS closes after 60
			DisableCompression:  true,
		}
	}
	return o
}

// resolve checks the options and fills in the defaults.
func (o Options) resolve() (Options, error) {
	// The SDK's own error does not say what is allowed.
	if err := oss.CheckBucketName(o.Bucket); err != nil {
		return o, fmt.Errorf("bucket %q is not 3 to 63 lower-case letters, digits and inner hyphens", o.Bucket)
	}
	if o.Credentials == nil {
		return o, errors.New("no credentials given")
	}
	o, err := o.resolveEndpoint()
	return o.withDefaults(), err
}

// newSDKBucket returns an SDK client that signs with these credentials. The SDK's
// own hook for credentials does not get the context of the call. Clients are
// cheap: the connections belong to the HTTP client.
func (b *Bucket) newSDKBucket(c cloud.Credentials) (*oss.Bucket, error) {
	options := []oss.ClientOption{
		oss.HTTPClient(b.http), oss.SecurityToken(c.SecurityToken), oss.EnableCRC(false), // checked here, for reads too
		oss.ForcePathStyle(b.options.PathStyle), oss.UseCname(b.options.CNAME),
		oss.AuthVersion(oss.AuthV4), oss.Region(b.options.Region),
	}
	client, err := oss.New(b.options.Endpoint, c.AccessKeyID, c.AccessKeySecret, options...)
	if err != nil {
		return nil, err
	}
	return client.Bucket(b.options.Bucket)
}
