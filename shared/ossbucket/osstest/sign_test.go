package osstest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// TestStringToSignV4 is an example of the signer tests of OSS' Go SDK v2.
func TestStringToSignV4(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("PUT",
		"http://bucket.oss-cn-hangzhou.aliyuncs.com/x"+
			"?param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2&%7Cparam2&param2", nil)
	for name, value := range map[string]string{
		"x-oss-head1": "value", "abc": "value", "ZAbc": "value", "XYZ": "value", "Content-Type": "text/plain",
		"x-oss-content-sha256": "UNSIGNED-PAYLOAD",
		"x-oss-date":           time.Unix(1702743657, 0).UTC().Format("20060102T150405Z"),
	} {
		r.Header.Set(name, value)
	}
	scope := []string{"20231216", "cn-hangzhou", "oss", "aliyun_v4_request"}
	text := stringToSignV4(r, Request{Bucket: "bucket", Key: "1234+-/123/1.txt", Query: r.URL.Query()},
		signatureV4{scope: scope})
	got := signV4("sk", scope, text)
	if want := "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe"; got != want {
		t.Errorf("signature %s of\n%s\nwant %s", got, text, want)
	}
}

// TestEveryPartOfARequestIsSigned changes one part of a request on its way.
func TestEveryPartOfARequestIsSigned(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"nothing": {change: func(*http.Request) {}},
		"the key": {change: func(r *http.Request) {
			r.URL.Path += "x"
			r.URL.RawPath = ""
		}, want: "SignatureDoesNotMatch"},
		"the position": {change: func(r *http.Request) {
			r.URL.RawQuery = "append&position=7"
		}, want: "SignatureDoesNotMatch"},
		"another parameter": {change: func(r *http.Request) {
			r.URL.RawQuery += "&more=1"
		}, want: "SignatureDoesNotMatch"},
		"the method": {change: func(r *http.Request) { r.Method = "PUT" }, want: "SignatureDoesNotMatch"},
		"the type": {change: func(r *http.Request) {
			r.Header.Set("Content-Type", "text/html")
		}, want: "SignatureDoesNotMatch"},
		"the MD5": {change: func(r *http.Request) {
			r.Header.Set("Content-MD5", "AAAA")
		}, want: "SignatureDoesNotMatch"},
		"a header of OSS": {change: func(r *http.Request) {
			r.Header.Set("X-Oss-Forbid-Overwrite", "true")
		}, want: "SignatureDoesNotMatch"},
		"the token": {change: func(r *http.Request) {
			r.Header.Set("X-Oss-Security-Token", "x")
		}, want: "InvalidSecurityToken"},
		"the token, taken out": {change: func(r *http.Request) {
			r.Header.Del("X-Oss-Security-Token")
		}, want: "InvalidSecurityToken"},
		"the signature": {change: func(r *http.Request) {
			r.Header.Set("Authorization", r.Header.Get("Authorization")+"0")
		}, want: "SignatureDoesNotMatch"},
		"the id": {change: func(r *http.Request) {
			replaceAuth(r, "LTAItestkey", "LTAIother")
		}, want: "InvalidAccessKeyId"},
		"the region": {change: func(r *http.Request) {
			replaceAuth(r, "cn-hangzhou", "cn-beijing")
		}, want: "InvalidArgument"},
		"the day": {change: func(r *http.Request) {
			replaceAuth(r, time.Now().UTC().Format("/20060102/"), "/20250301/")
		}, want: "InvalidArgument"},
		"the service": {change: func(r *http.Request) {
			replaceAuth(r, "/oss/", "/ecs/")
		}, want: "InvalidArgument"},
		"the time": {change: func(r *http.Request) {
			r.Header.Set("X-Oss-Date", time.Now().UTC().Add(time.Second).Format("20060102T150405Z"))
		}, want: "SignatureDoesNotMatch"},
		"the hash of the body": {change: func(r *http.Request) {
			r.Header.Set("X-Oss-Content-Sha256", "0000")
		}, want: "InvalidArgument"},
		"the hash of the body, cut": {change: func(r *http.Request) {
			r.Header.Del("X-Oss-Content-Sha256")
		}, want: "InvalidArgument"},
		"the list of additional headers": {change: func(r *http.Request) {
			replaceAuth(r, ",Signature=", ",AdditionalHeaders=host,Signature=")
		}, want: "SignatureDoesNotMatch"},
		"an empty list of additional headers": {change: func(r *http.Request) {
			replaceAuth(r, ",Signature=", ",AdditionalHeaders=,Signature=")
		}, want: "InvalidArgument"},
		"a part that is there twice": {change: func(r *http.Request) {
			replaceAuth(r, ",Signature=", ",Signature=0,Signature=")
		}, want: "InvalidArgument"},
		"the scope, cut": {change: func(r *http.Request) {
			replaceAuth(r, "/aliyun_v4_request", "")
		}, want: "InvalidArgument"},
		"the signature, cut": {change: func(r *http.Request) {
			r.Header.Del("Authorization")
		}, want: "AccessDenied"},
		"the signature's version": {change: func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x")
		}, want: "AccessDenied"},
	} {
		e := Start(t, "")
		bucket := client(t, e, c.change)
		_, err := bucket.AppendObject("a/b c.ndjson", strings.NewReader("x"), 0)
		if got := codeOf(err); got != c.want {
			t.Errorf("changing %s: %q (%v), want %q", name, got, err, c.want)
		}
	}
}

// TestVersion1SignaturesAreRefused: OSS refuses them for accounts made since March
// 2025 and buckets made since September 2025.
func TestVersion1SignaturesAreRefused(t *testing.T) {
	t.Parallel()
	e := Start(t, "")
	err := client(t, e, nil, oss.AuthVersion(oss.AuthV1)).PutObject("key", strings.NewReader("x"))
	var refused oss.ServiceError
	if !errors.As(err, &refused) || refused.StatusCode != 403 || refused.Ec != "0002-00000080" {
		t.Errorf("got %v, want 403 with EC 0002-00000080", err)
	}
}

func replaceAuth(r *http.Request, old, with string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
}

func TestClockThatIsFarOff(t *testing.T) {
	t.Parallel()
	for offset, want := range map[time.Duration]string{
		16 * time.Minute: "RequestTimeTooSkewed", -16 * time.Minute: "RequestTimeTooSkewed", 14 * time.Minute: "",
		-14 * time.Minute: "",
	} {
		e := Start(t, "")
		e.now = func() time.Time { return time.Now().Add(offset) }
		if got := codeOf(client(t, e, nil).PutObject("key", strings.NewReader("x"))); got != want {
			t.Errorf("%s off: %q, want %q", offset, got, want)
		}
	}
}

// client is the SDK, whose requests may be changed after they were signed.
func client(t *testing.T, e *Endpoint, change func(*http.Request), options ...oss.ClientOption) *oss.Bucket {
	t.Helper()
	options = append([]oss.ClientOption{
		oss.AuthVersion(oss.AuthV4), oss.Region(e.Region), oss.SecurityToken(e.Key.Token),
		oss.HTTPClient(&http.Client{Transport: changing{change}}),
	}, options...)
	c, err := oss.New(e.URL, e.Key.ID, e.Key.Secret, options...)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Bucket(e.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type changing struct{ change func(*http.Request) }

func (c changing) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.change != nil {
		r = r.Clone(context.Background())
		c.change(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func codeOf(err error) string {
	if e, ok := err.(oss.ServiceError); ok {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
