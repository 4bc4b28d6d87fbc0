package osstest

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// TestStringToSignV1 is the example of "Include a V1 signature in the
// Authorization header" in OSS' documentation.
func TestStringToSignV1(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("PUT", "http://oss-example.oss-cn-hangzhou.aliyuncs.com/nelson", nil)
	for name, value := range map[string]string{
		"Content-Md5": "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM=", "Content-Type": "text/html",
		"Date": "Thu, 17 Nov 2005 18:49:58 GMT", "X-OSS-Meta-Author": "foo@bar.com", "X-OSS-Magic": "abracadabra",
	} {
		r.Header.Set(name, value)
	}
	text := stringToSignV1(r, Request{Bucket: "oss-example", Key: "nelson", Query: r.URL.Query()})
	got := base64.StdEncoding.EncodeToString(mac(sha1.New, []byte("OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV"), text))
	if want := "26NBxoKdsyly4EDv6inkoDft/yA="; got != want {
		t.Errorf("signature %s of\n%s\nwant %s", got, text, want)
	}
}

// TestStringToSignV4 is an example of the signer tests of OSS' Go SDK v2.
func TestStringToSignV4(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("PUT",
		"http://bucket.oss-cn-hangzhou.aliyuncs.com/x?param1=value1&%2Bparam1=value3&%7Cparam1=value4&%2Bparam2&%7Cparam2&param2", nil)
	for name, value := range map[string]string{
		"x-oss-head1": "value", "abc": "value", "ZAbc": "value", "XYZ": "value", "Content-Type": "text/plain",
		"x-oss-content-sha256": "UNSIGNED-PAYLOAD",
		"x-oss-date":           time.Unix(1702743657, 0).UTC().Format("20060102T150405Z"),
	} {
		r.Header.Set(name, value)
	}
	scope := []string{"20231216", "cn-hangzhou", "oss", "aliyun_v4_request"}
	text := stringToSignV4(r, Request{Bucket: "bucket", Key: "1234+-/123/1.txt", Query: r.URL.Query()}, scope, "")
	key := []byte("aliyun_v4sk")
	for _, part := range scope {
		key = mac(sha256.New, key, part)
	}
	got := hex.EncodeToString(mac(sha256.New, key, text))
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
		v4Only bool
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
		}, want: "SignatureDoesNotMatch", v4Only: true},
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
		}, want: "SignatureDoesNotMatch", v4Only: true},
		"the scope, cut": {change: func(r *http.Request) {
			replaceAuth(r, "/aliyun_v4_request", "")
		}, want: "InvalidArgument", v4Only: true},
		"the signature, cut": {change: func(r *http.Request) {
			r.Header.Del("Authorization")
		}, want: "AccessDenied"},
		"the signature's version": {change: func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 x")
		}, want: "AccessDenied"},
	} {
		for _, version := range []oss.AuthVersionType{oss.AuthV1, oss.AuthV4} {
			if c.v4Only && version != oss.AuthV4 {
				continue
			}
			e := Start(t, "")
			bucket := client(t, e, func(r *http.Request) {
				c.change(r)
			}, oss.AuthVersion(version), oss.Region("cn-hangzhou"))
			_, err := bucket.AppendObject("a/b c.ndjson", strings.NewReader("x"), 0)
			if got := codeOf(err); got != c.want {
				t.Errorf("changing %s, version %s: %q (%v), want %q", name, version, got, err, c.want)
			}
		}
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
	options = append(options, oss.SecurityToken(e.Key.Token), oss.HTTPClient(&http.Client{Transport: changing{change}}))
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
