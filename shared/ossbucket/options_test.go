package ossbucket_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		endpoint, region string
		path, cname      bool
		want             string // scheme, host, path
		signed           string // the region in Authorization
	}{
		{"https://oss-cn-hangzhou.aliyuncs.com", "", false, false, "https://images.oss-cn-hangzhou.aliyuncs.com/a%2Fb",
			"cn-hangzhou"},
		{"https://oss-cn-hangzhou-internal.aliyuncs.com/", "", false, false,
			"https://images.oss-cn-hangzhou-internal.aliyuncs.com/a%2Fb", "cn-hangzhou"},
		{"oss-us-west-1.aliyuncs.com", "", false, false, "https://images.oss-us-west-1.aliyuncs.com/a%2Fb",
			"us-west-1"},
		{"https://oss-ap-southeast-1-internal.aliyuncs.com", "", false, false,
			"https://images.oss-ap-southeast-1-internal.aliyuncs.com/a%2Fb", "ap-southeast-1"},
		// The host of OSS knows its region better than a setting.
		{"https://oss-cn-hangzhou.aliyuncs.com", "cn-beijing", false, false,
			"https://images.oss-cn-hangzhou.aliyuncs.com/a%2Fb", "cn-hangzhou"},
		// The bucket may stand in the host already.
		{"https://images.oss-cn-hangzhou.aliyuncs.com", "", false, false,
			"https://images.oss-cn-hangzhou.aliyuncs.com/a%2Fb", "cn-hangzhou"},
		{"https://images.oss-cn-hangzhou-internal.aliyuncs.com", "", false, true,
			"https://images.oss-cn-hangzhou-internal.aliyuncs.com/a%2Fb", "cn-hangzhou"},
		{"https://cn-hangzhou.oss.aliyuncs.com", "", false, false,
			"https://images.cn-hangzhou.oss.aliyuncs.com/a%2Fb", "cn-hangzhou"},
		// Hosts of transfer acceleration have no region.
		{"https://oss-accelerate.aliyuncs.com", "oss-cn-beijing", false, false,
			"https://images.oss-accelerate.aliyuncs.com/a%2Fb", "cn-beijing"},
		{"https://oss-accelerate-overseas.aliyuncs.com", "us-west-1", false, false,
			"https://images.oss-accelerate-overseas.aliyuncs.com/a%2Fb", "us-west-1"},
		{"http://127.0.0.1:9000", "cn-hangzhou", false, false, "http://127.0.0.1:9000/images/a%2Fb", "cn-hangzhou"},
		{"http://[::1]:9000", "cn-hangzhou", false, false, "http://[::1]:9000/images/a%2Fb", "cn-hangzhou"},
		{"http://localhost:9000", "cn-hangzhou", false, false, "http://localhost:9000/images/a%2Fb", "cn-hangzhou"},
		{"http://oss:9000", "cn-hangzhou", false, false, "http://oss:9000/images/a%2Fb", "cn-hangzhou"},
		{"http://oss.example.test:9000", "cn-hangzhou", false, false, "http://images.oss.example.test:9000/a%2Fb",
			"cn-hangzhou"},
		{"http://oss.example.test:9000", "cn-hangzhou", true, false, "http://oss.example.test:9000/images/a%2Fb",
			"cn-hangzhou"},
		{"https://images.example.test", "cn-hangzhou", false, true, "https://images.example.test/a%2Fb",
			"cn-hangzhou"},
	} {
		var got *http.Request
		b, err := ossbucket.New(ossbucket.Options{
			Endpoint: c.endpoint, Region: c.region, Bucket: "images", PathStyle: c.path, CNAME: c.cname,
			Credentials: func(context.Context) (cloud.Credentials, error) {
				return cloud.Credentials{AccessKeyID: "id", AccessKeySecret: "secret", SecurityToken: "token"}, nil
			},
			Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				got = r
				return &http.Response{StatusCode: 200, Header: http.Header{"Etag": {`"x"`}},
					Body: io.NopCloser(bytes.NewReader(nil))}, nil
			}),
		})
		if err != nil {
			t.Errorf("%s: %v", c.endpoint, err)
			continue
		}
		if _, _, err := b.Get(context.Background(), "a/b", ""); err != nil {
			t.Errorf("%s: %v", c.endpoint, err)
			continue
		}
		if url := got.URL.Scheme + "://" + got.Host + got.URL.EscapedPath(); url != c.want {
			t.Errorf("%s: request to %s, want %s", c.endpoint, url, c.want)
		}
		auth := got.Header.Get("Authorization")
		if !strings.HasPrefix(auth, "OSS4-HMAC-SHA256 ") || !strings.Contains(auth, "/"+c.signed+"/oss/") {
			t.Errorf("%s: signed %q, want version 4 for %q", c.endpoint, auth, c.signed)
		}
		if got.Header.Get("X-Oss-Security-Token") != "token" {
			t.Errorf("%s: no token", c.endpoint)
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	credentials := func(context.Context) (cloud.Credentials, error) { return cloud.Credentials{}, nil }
	for says, o := range map[string]ossbucket.Options{
		"no credentials":         {Endpoint: "http://127.0.0.1", Bucket: "images"},
		`bucket "Images" is not`: {Endpoint: "http://127.0.0.1", Bucket: "Images", Credentials: credentials},
		`bucket "" is not`:       {Endpoint: "http://127.0.0.1", Credentials: credentials},
		"endpoint is not a URL":  {Bucket: "images", Credentials: credentials},
		`scheme "ftp"`:           {Endpoint: "ftp://x", Bucket: "images", Credentials: credentials},
		`endpoint at "x.y" is more`: {Endpoint: "https://user:planted@x.y/", Bucket: "images",
			Credentials: credentials},
		`endpoint at "x.z" is more`: {Endpoint: "https://x.z/bucket", Bucket: "images", Credentials: credentials},
		"endpoint is not a":         {Endpoint: "http://%zz", Bucket: "images", Credentials: credentials},
		`endpoint "127.0.0.1:9000" does not tell the region, which requests are signed for; set OSS_REGION`: {
			Endpoint: "http://127.0.0.1:9000", Bucket: "images", Credentials: credentials},
		`endpoint "oss-accelerate.aliyuncs.com" does not tell the region`: {
			Endpoint: "https://oss-accelerate.aliyuncs.com", Bucket: "images", Credentials: credentials},
		`endpoint "oss-accelerate-overseas.aliyuncs.com" does not tell the region`: {
			Endpoint: "https://oss-accelerate-overseas.aliyuncs.com", Bucket: "images", Credentials: credentials},
		`begins with "other", which is not the bucket "images"`: {
			Endpoint: "https://other.oss-cn-hangzhou.aliyuncs.com", Bucket: "images", Credentials: credentials},
	} {
		if _, err := ossbucket.New(o); err == nil || !strings.Contains(err.Error(), says) ||
			strings.Contains(err.Error(), "planted") {
			t.Errorf("%+v: %v, want %s", o.Endpoint, err, says)
		}
	}
}
