package ossbucket

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// ossHostPattern matches hosts of OSS in a region. It captures what stands before,
// mostly a bucket, and the region, either of "oss-<region>[-internal]" or of the
// dual-stack form "<region>.oss". Hosts of transfer acceleration have no region.
var ossHostPattern = regexp.MustCompile(
	`^(?:(.+)\.)?(?:oss-([a-z]+-[a-z0-9-]+?)(?:-internal)?|([a-z]+-[a-z0-9-]+)\.oss)\.aliyuncs\.com$`)

// accelerateOverseas is the part of an acceleration host that looks like a region.
const accelerateOverseas = "accelerate-overseas"

// resolveEndpoint checks the endpoint and fills in the region and the style.
func (o Options) resolveEndpoint() (Options, error) {
	u, err := parseEndpoint(o.Endpoint)
	if err != nil {
		return o, err
	}
	if m := ossHostPattern.FindStringSubmatch(u.Hostname()); m != nil && m[2] != accelerateOverseas {
		// The SDK puts the bucket in front of the host, so it must not be there yet.
		if before := m[1]; before != "" && !o.CNAME {
			if before != o.Bucket {
				return o, fmt.Errorf("endpoint host %q begins with %q, which is not the bucket %q",
					u.Hostname(), before, o.Bucket)
			}
			u.Host = strings.TrimPrefix(u.Host, before+".")
		}
		o.Region = m[2] + m[3] // a host of OSS knows best
	}
	if o.Region = strings.TrimPrefix(o.Region, "oss-"); o.Region == "" {
		return o, fmt.Errorf("the host of endpoint %q does not tell the region, which requests are signed for; set "+
			"OSS_REGION, for example cn-hangzhou", u.Host)
	}
	o.Endpoint = u.Scheme + "://" + u.Host
	_, notIP := netip.ParseAddr(u.Hostname())
	o.PathStyle = o.PathStyle || !o.CNAME && (notIP == nil || !strings.Contains(u.Hostname(), "."))
	return o, nil
}

// parseEndpoint parses a URL or a host, which is reached over https.
func parseEndpoint(endpoint string) (*url.URL, error) {
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, errors.New("endpoint is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("endpoint has scheme %q; it may be http or https", u.Scheme)
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("endpoint at %q is more than a scheme, a host and a port", u.Host)
	}
	return u, nil
}
