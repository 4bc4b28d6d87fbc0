package acsauth

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Whatever strangers send, the answer is a refusal: nobody knows the secret.
func FuzzVerify(f *testing.F) {
	example := acs3Example()
	f.Add("POST", "/", example.URL.RawQuery, example.Header.Get("Authorization"), "host: ecs", "2023-10-26T10:22:32Z",
		[]byte(nil))
	f.Add("GET", "/", strings.SplitN(rpc1Examples[0].url, "?", 2)[1], "", "", "", []byte(nil))
	f.Add("POST", "/a%2Fb/é", "a=1&a=%41;b", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host;;,Signature=b", "x", "y",
		[]byte("a=b"))
	signed := strings.Replace(example.Header.Get("Authorization"), "x-acs-date", "x-acs-date;x-acs-extra", 1)
	// all that it needs but the right signature
	f.Add("POST", "/", example.URL.RawQuery, signed, " a \x00\n", "2023-10-26T10:22:32Z", []byte(nil))
	f.Add("", "//%2e%2E/\xff%zz", "&&=&%3b=%zz", signed+",Signature=,Credential", "", "2023-10-26T10:22:32.0Z",
		[]byte("\x00"))
	f.Add("POST", "*", strings.Repeat("a&", 300), "", "", "", []byte(strings.Repeat("b=1&", 300)))
	f.Add("POST", "",
		"SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=n&Timestamp=0000-01-01T00:00:00Z"+
			"&AccessKeyId=a&Signature=%00", "", "", "", []byte("Signature=b"))
	f.Add("GET", "/", "", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders="+strings.Repeat("a;", 4000)+",Signature=b", "",
		"9999-12-31T23:59:59Z", []byte(nil))
	f.Fuzz(func(t *testing.T, method, path, query, authorization, extra, date string, body []byte) {
		r := httptest.NewRequest(http.MethodGet, "/", bytes.NewReader(body))
		r.Method, r.Host = method, "ecs.cn-shanghai.aliyuncs.com"
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, path, query
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Acs-Date", date)
		r.Header.Set("X-Acs-Extra", extra)
		r.Header.Set("X-Acs-Signature-Nonce", "n")
		r.Header.Set("X-Acs-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
		if authorization == "" {
			r.Header.Del("Authorization")
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		lookup := func(string) (string, bool) { return "a secret that no corpus knows", true }
		for _, now := range []time.Time{acs3Time, time.Date(2023, 3, 13, 8, 34, 30, 0, time.UTC)} {
			if sig, err := Verify(r, body, lookup, now); err == nil {
				t.Fatalf("accepted as %+v", sig)
			} else {
				code(t, err)
			}
		}
	})
}
