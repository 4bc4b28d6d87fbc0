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
		signed           string // the beginning of Authorization, and what it names
	}{
		{"https://oss-cn-hangzhou.aliyuncs.com", "", false, false, "https://images.oss-cn-hangzhou.aliyuncs.com/a%2Fb",
			"OSS4-HMAC-SHA256 /cn-hangzhou/oss/"},
		{"https://oss-cn-hangzhou-internal.aliyuncs.com/", "", false, false,
			"https://images.oss-cn-hangzhou-internal.aliyuncs.com/a%2Fb", "OSS4-HMAC-SHA256 /cn-hangzhou/oss/"},
		{"oss-us-west-1.aliyuncs.com", "", false, false, "https://images.oss-us-west-1.aliyuncs.com/a%2Fb",
			"OSS4-HMAC-SHA256 /us-west-1/oss/"},
		{"https://oss-accelerate.aliyuncs.com", "", false, false, "https://images.oss-accelerate.aliyuncs.com/a%2Fb",
			"OSS "},
		{"https://oss-accelerate-overseas.aliyuncs.com", "", false, false,
			"https://images.oss-accelerate-overseas.aliyuncs.com/a%2Fb", "OSS "},
		{"https://oss-accelerate.aliyuncs.com", "oss-cn-beijing", false, false,
			"https://images.oss-accelerate.aliyuncs.com/a%2Fb", "OSS4-HMAC-SHA256 /cn-beijing/oss/"},
		{"http://127.0.0.1:9000", "", false, false, "http://127.0.0.1:9000/images/a%2Fb", "OSS "},
		{"http://127.0.0.1:9000", "cn-hangzhou", false, false, "http://127.0.0.1:9000/images/a%2Fb",
			"OSS4-HMAC-SHA256 /cn-hangzhou/oss/"},
		{"http://[::1]:9000", "", false, false, "http://[::1]:9000/images/a%2Fb", "OSS "},
		{"http://localhost:9000", "", false, false, "http://localhost:9000/images/a%2Fb", "OSS "},
		{"http://oss:9000", "", false, false, "http://oss:9000/images/a%2Fb", "OSS "},
		{"http://oss.example.test:9000", "", false, false, "http://images.oss.example.test:9000/a%2Fb", "OSS "},
		{"http://oss.example.test:9000", "", true, false, "http://oss.example.test:9000/images/a%2Fb", "OSS "},
		{"https://images.example.test", "cn-hangzhou", false, true, "https://images.example.test/a%2Fb",
			"OSS4-HMAC-SHA256 /cn-hangzhou/oss/"},
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
		begin, names, _ := strings.Cut(c.signed, " ")
		auth := got.Header.Get("Authorization")
		if !strings.HasPrefix(auth, begin+" ") || !strings.Contains(auth, names) {
			t.Errorf("%s: signed %q, want %q", c.endpoint, auth, c.signed)
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
	} {
		if _, err := ossbucket.New(o); err == nil || !strings.Contains(err.Error(), says) ||
			strings.Contains(err.Error(), "planted") {
			t.Errorf("%+v: %v, want %s", o.Endpoint, err, says)
		}
	}
}
