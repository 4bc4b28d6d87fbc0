package acsauth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/google/go-cmp/cmp"
)

// The example of help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature.
func acs3Example() *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/"+
		"?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai", nil)
	for name, value := range map[string]string{
		"Authorization": "ACS3-HMAC-SHA256 Credential=YourAccessKeyId," +
			"SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
			"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
		"x-acs-action":          "RunInstances",
		"x-acs-content-sha256":  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"x-acs-date":            "2023-10-26T10:22:32Z",
		"x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
		"x-acs-version":         "2014-05-26",
	} {
		r.Header.Set(name, value)
	}
	return r
}

var acs3Time = time.Date(2023, 10, 26, 10, 22, 32, 0, time.UTC)

// The examples of help.aliyun.com/zh/sdk/product-overview/rpc-mechanism, of
// alibabacloud.com/help/doc-detail/28139.htm, and of the SMS signature page.
var rpc1Examples = []struct{ url, secret, stringToSign string }{
	{"https://ecs.cn-beijing.aliyuncs.com/?AccessKeyId=testid&Action=DescribeDedicatedHosts&Format=JSON" +
		"&RegionId=cn-beijing&SignatureMethod=HMAC-SHA1&SignatureNonce=edb2b34af0af9a6d14deaf7c1a5315eb" +
		"&SignatureVersion=1.0&Timestamp=2023-03-13T08%3A34%3A30Z&Version=2014-05-26" +
		"&Signature=9NaGiOspFP5UPcwX8Iwt2YJXXuk%3D",
		"testsecret",
		"GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeDedicatedHosts%26Format%3DJSON" +
			"%26RegionId%3Dcn-beijing%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Dedb2b34af0af9a6d14deaf7c1a5315eb" +
			"%26SignatureVersion%3D1.0%26Timestamp%3D2023-03-13T08%253A34%253A30Z%26Version%3D2014-05-26"},
	{"http://ecs.aliyuncs.com/?Timestamp=2016-02-23T12:46:24Z&Format=XML&AccessKeyId=testid&Action=DescribeRegions" +
		"&SignatureMethod=HMAC-SHA1&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26" +
		"&SignatureVersion=1.0&Signature=OLeaidS1JvxuMvnyHOwuJ%2BuX5qY%3D",
		"testsecret",
		"GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML" +
			"%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf" +
			"%26SignatureVersion%3D1.0%26Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26"},
	{"http://dysmsapi.aliyuncs.com/?AccessKeyId=testId&Action=SendSms&Format=XML&OutId=123" +
		"&PhoneNumbers=15300000001&RegionId=cn-hangzhou" +
		"&SignName=%E9%98%BF%E9%87%8C%E4%BA%91%E7%9F%AD%E4%BF%A1%E6%B5%8B%E8%AF%95%E4%B8%93%E7%94%A8" +
		"&SignatureMethod=HMAC-SHA1&SignatureNonce=45e25e9b-0a6f-4070-8c85-2956eda1b466" +
		"&SignatureVersion=1.0&TemplateCode=SMS_71390007&TemplateParam=%7B%22customer%22%3A%22test%22%7D" +
		"&Timestamp=2017-07-12T02%3A42%3A19Z&Version=2017-05-25&Signature=zJDF%2BLrzhj%2FThnlvIToysFRq6t4%3D",
		"testSecret", ""},
}

func one(id, secret string) Lookup {
	return func(asked string) (string, bool) {
		if asked == id {
			return secret, true
		}
		return "", false
	}
}

// code is the code of a refusal; empty: accepted.
func code(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		t.Fatalf("%v is no *Error", err)
	case e.Status < 400 || e.Status > 499 || e.Message == "":
		t.Fatalf("refusal %+v has no fitting status or no message", e)
	}
	return e.Code
}

func TestPublishedExampleOfACS3(t *testing.T) {
	t.Parallel()
	sig, err := Verify(acs3Example(), nil, one("YourAccessKeyId", "YourAccessKeySecret"), acs3Time)
	if err != nil {
		t.Fatal(err)
	}
	want := &Signature{AccessKeyID: "YourAccessKeyId", Nonce: "3156853299f313e23d1673dc12e1703d", Time: acs3Time,
		Dialect: ACS3}
	if diff := cmp.Diff(want, sig); diff != "" {
		t.Error(diff)
	}
	_, err = Verify(acs3Example(), nil, one("YourAccessKeyId", "another"), acs3Time)
	var e *Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.StringToSign,
		"ACS3-HMAC-SHA256\n7ea06492da5221eba5297e897ce16e55f964061054b7695beedaac1145b1e259\n\nPOST\n/\nImageId=") {
		t.Errorf("refusal is %+v", e)
	}
}

func TestPublishedExamplesOfRPC1(t *testing.T) {
	t.Parallel()
	for _, tc := range rpc1Examples {
		r := httptest.NewRequest(http.MethodGet, tc.url, nil)
		at, id := r.URL.Query().Get("Timestamp"), r.URL.Query().Get("AccessKeyId")
		now, _ := time.Parse(time.RFC3339, at)
		sig, err := Verify(r, nil, one(id, tc.secret), now)
		if err != nil || sig.AccessKeyID != id || sig.Dialect != RPC1 || !sig.Time.Equal(now) || sig.Nonce == "" {
			t.Errorf("%s: %+v, %v", tc.url, sig, err)
		}
		var e *Error
		if _, err = Verify(r, nil, one(id, "another"), now); !errors.As(err, &e) || tc.stringToSign != "" &&
			e.StringToSign != tc.stringToSign {
			t.Errorf("%s: refusal is %+v", tc.url, e)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	acs3 := func(change func(*http.Request)) *http.Request {
		r := acs3Example()
		change(r)
		return r
	}
	authorization := func(old, new string) *http.Request {
		return acs3(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		})
	}
	rpc1 := func(old, new string) *http.Request {
		return httptest.NewRequest(http.MethodGet, strings.Replace(rpc1Examples[0].url, old, new, 1), nil)
	}
	for name, tc := range map[string]struct {
		r    *http.Request
		body string
		want string
	}{
		"nothing is signed": {r: httptest.NewRequest(http.MethodGet, "/", nil),
			want: "MissingParameter"},
		"ACS3: another algorithm": {r: authorization("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"),
			want: "IncompleteSignature"},
		"ACS3: no credential": {r: authorization("Credential=YourAccessKeyId,", ""),
			want: "IncompleteSignature"},
		"ACS3: two credentials": {r: authorization("Credential=", "Credential=a,Credential="),
			want: "IncompleteSignature"},
		"ACS3: two authorizations": {r: acs3(func(r *http.Request) {
			r.Header.Add("Authorization", r.Header.Get("Authorization"))
		}), want: "IncompleteSignature"},
		"ACS3: an unknown key": {r: authorization("YourAccessKeyId", "Other"),
			want: "InvalidAccessKeyId.NotFound"},
		"ACS3: host is not signed":       {r: authorization("host;", ""), want: "IncompleteSignature"},
		"ACS3: the action is not signed": {r: authorization("x-acs-action;", ""), want: "IncompleteSignature"},
		"ACS3: unsorted names": {r: authorization("host;x-acs-action", "x-acs-action;host"),
			want: "IncompleteSignature"},
		"ACS3: a name twice": {r: authorization("host;", "host;host;"), want: "IncompleteSignature"},
		"ACS3: too many names": {r: authorization("host;", "host;"+strings.Repeat("a;", 70)),
			want: "IncompleteSignature"},
		"ACS3: an endless header": {r: authorization("host;", strings.Repeat("a", 9000)),
			want: "IncompleteSignature"},
		"ACS3: another signature": {r: authorization("Signature=0", "Signature=1"),
			want: "SignatureDoesNotMatch"},
		"ACS3: the signature in upper case": {r: authorization("06563a9e1b", "06563A9E1B"),
			want: "SignatureDoesNotMatch"},
		"ACS3: another host": {r: acs3(func(r *http.Request) {
			r.Host = "evil.example"
		}), want: "SignatureDoesNotMatch"},
		"ACS3: another action": {r: acs3(func(r *http.Request) {
			r.Header.Set("X-Acs-Action", "DeleteAll")
		}), want: "SignatureDoesNotMatch"},
		"ACS3: two actions": {r: acs3(func(r *http.Request) {
			r.Header.Add("X-Acs-Action", "DeleteAll")
		}), want: "IncompleteSignature"},
		"ACS3: one header more": {r: acs3(func(r *http.Request) {
			r.Header.Set("X-Acs-Security-Token", "t")
		}), want: "IncompleteSignature"},
		"ACS3: another method": {r: acs3(func(r *http.Request) {
			r.Method = http.MethodGet
		}), want: "SignatureDoesNotMatch"},
		"ACS3: another path": {r: acs3(func(r *http.Request) {
			r.URL.Path = "/x"
		}), want: "SignatureDoesNotMatch"},
		"ACS3: one parameter more": {r: acs3(func(r *http.Request) {
			r.URL.RawQuery += "&a="
		}), want: "SignatureDoesNotMatch"},
		"ACS3: a broken parameter": {r: acs3(func(r *http.Request) {
			r.URL.RawQuery += "&a=%zz"
		}), want: "InvalidParameter"},
		"ACS3: a semicolon": {r: acs3(func(r *http.Request) {
			r.URL.RawQuery += ";a=1"
		}), want: "InvalidParameter"},
		"ACS3: a body that is not hashed": {r: acs3Example(), body: "x", want: "IncompleteSignature"},
		"ACS3: no hash": {r: acs3(func(r *http.Request) {
			r.Header.Del("X-Acs-Content-Sha256")
		}), want: "MissingParameter"},
		"ACS3: no date": {r: acs3(func(r *http.Request) {
			r.Header.Del("X-Acs-Date")
		}), want: "MissingParameter"},
		"ACS3: no nonce": {r: acs3(func(r *http.Request) {
			r.Header.Del("X-Acs-Signature-Nonce")
		}), want: "MissingParameter"},
		"ACS3: a date in another form": {r: acs3(func(r *http.Request) {
			r.Header.Set("X-Acs-Date", "2023-10-26 10:22:32")
		}), want: "InvalidTimeStamp.Format"},
		"ACS3: another second": {r: acs3(func(r *http.Request) {
			r.Header.Set("X-Acs-Date", "2023-10-26T10:22:33Z")
		}), want: "SignatureDoesNotMatch"},
		"RPC: an unknown key": {r: rpc1("=testid", "=other"), want: "InvalidAccessKeyId.NotFound"},
		"RPC: no key":         {r: rpc1("AccessKeyId=testid", ""), want: "MissingParameter"},
		"RPC: no nonce":       {r: rpc1("SignatureNonce=edb2", "X="), want: "MissingParameter"},
		"RPC: no signature":   {r: rpc1("&Signature=", "&Sig="), want: "MissingParameter"},
		"RPC: no time":        {r: rpc1("Timestamp=", "T="), want: "MissingParameter"},
		"RPC: a time with an offset": {r: rpc1("08%3A34%3A30Z", "08%3A34%3A30%2B00:00"),
			want: "InvalidTimeStamp.Format"},
		"RPC: another method of signing": {r: rpc1("HMAC-SHA1", "HMAC-SHA256"), want: "IncompleteSignature"},
		"RPC: a bearer token": {r: rpc1("Format=JSON", "SignatureType=BEARERTOKEN"),
			want: "IncompleteSignature"},
		"RPC: another action": {r: rpc1("Describe", "Delete"), want: "SignatureDoesNotMatch"},
		"RPC: one parameter more": {r: rpc1("Format=JSON", "Format=JSON&A=1"),
			want: "SignatureDoesNotMatch"},
		"RPC: a parameter twice": {r: rpc1("Format=JSON", "Format=JSON&Action=Other"),
			want: "InvalidParameter"},
		"RPC: too many parameters": {r: rpc1("Format=JSON", "Format=JSON"+strings.Repeat("&a=1", 300)),
			want: "InvalidParameter"},
		"RPC: an endless query": {r: rpc1("Format=JSON", "Format="+strings.Repeat("a", 40000)),
			want: "InvalidParameter"},
		"RPC: a body that is not a form":      {r: rpc1("", ""), body: "{}", want: "InvalidParameter"},
		"RPC: parameters differ only in case": {r: rpc1("RegionId", "regionid"), want: "SignatureDoesNotMatch"},
	} {
		now := acs3Time
		if tc.r.Header.Get("Authorization") == "" {
			now = time.Date(2023, 3, 13, 8, 34, 30, 0, time.UTC)
		}
		lookup := func(id string) (string, bool) {
			secret, ok := map[string]string{"YourAccessKeyId": "YourAccessKeySecret", "testid": "testsecret"}[id]
			return secret, ok
		}
		_, err := Verify(tc.r, []byte(tc.body), lookup, now)
		if got := code(t, err); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// Whatever is changed of what a signed request means, it is refused. The case
// of a percent-encoding (%3a for %3A) means nothing: parameters are signed by
// value.
func TestEveryChangeIsNoticed(t *testing.T) {
	t.Parallel()
	refused := func(what string, r *http.Request, now time.Time) {
		lookup := func(id string) (string, bool) {
			return map[string]string{"YourAccessKeyId": "YourAccessKeySecret", "testid": "testsecret"}[id], true
		}
		if sig, err := Verify(r, nil, lookup, now); err == nil {
			t.Errorf("%s: accepted as %+v", what, sig)
		}
	}
	each := func(s string, try func(changed string)) {
		for i := range len(s) {
			for _, c := range []byte{s[i] ^ 1, s[i] ^ 0x20} {
				if c > ' ' && c < 0x7f && c != '#' {
					try(s[:i] + string(c) + s[i+1:])
				}
			}
			try(s[:i] + s[i+1:])
		}
	}
	for name, values := range acs3Example().Header {
		each(values[0], func(changed string) {
			r := acs3Example()
			r.Header.Set(name, changed)
			refused(name+": "+changed, r, acs3Time)
		})
	}
	each(acs3Example().URL.RawQuery, func(changed string) {
		r := acs3Example()
		r.URL.RawQuery = changed
		refused("query: "+changed, r, acs3Time)
	})
	each(acs3Example().Host, func(changed string) {
		r := acs3Example()
		r.Host = changed
		refused("host: "+changed, r, acs3Time)
	})
	head, query, _ := strings.Cut(rpc1Examples[0].url, "?")
	original, _ := url.ParseQuery(query)
	each(query, func(changed string) {
		if values, err := url.ParseQuery(changed); err == nil && cmp.Equal(values, original) {
			return
		}
		r := httptest.NewRequest(http.MethodGet, head, nil)
		r.URL.RawQuery = changed
		refused("query: "+changed, r, time.Date(2023, 3, 13, 8, 34, 30, 0, time.UTC))
	})
}

func TestClocksMayDifferByFifteenMinutes(t *testing.T) {
	t.Parallel()
	for offset, want := range map[time.Duration]string{
		0: "", Skew: "", -Skew: "", Skew + time.Second: "InvalidTimeStamp.Expired",
		-Skew - time.Second: "InvalidTimeStamp.Expired",
	} {
		_, err := Verify(acs3Example(), nil, one("YourAccessKeyId", "YourAccessKeySecret"), acs3Time.Add(offset))
		if got := code(t, err); got != want {
			t.Errorf("%v off: %q, want %q", offset, got, want)
		}
	}
	if got := code(t, NonceUsed()); got != "SignatureNonceUsed" {
		t.Error(got)
	}
}

// A key with an empty secret would make every signature computable.
func TestEmptySecretNeverMatches(t *testing.T) {
	t.Parallel()
	_, err := Verify(acs3Example(), nil, one("YourAccessKeyId", ""), acs3Time)
	if got := code(t, err); got != "InvalidAccessKeyId.NotFound" {
		t.Error(got)
	}
}

// The official client is the other side of both dialects.
func TestOfficialClientIsUnderstood(t *testing.T) {
	t.Parallel()
	odd := map[string]*string{"RegionId": dara.String("cn-hangzhou"), "Name": dara.String("a b+c*d~e/f?g&h=i%20é\"<>"),
		"Empty": dara.String(""), "Tag.1.Key": dara.String("ключ")}
	for _, algorithm := range []string{"ACS3-HMAC-SHA256", "v2"} {
		for _, method := range []string{"GET", "POST"} {
			for _, token := range []string{"", "sts/token+with=odd chars"} {
				for _, body := range []map[string]interface{}{nil, {"Form": "x y", "List": "[1,2]"}} {
					if body != nil && method == "GET" {
						continue
					}
					name := strings.Join([]string{algorithm, method, token}, " ")
					sig, err := roundTrip(t, algorithm, method, token, odd, body, "secret", "secret")
					if err != nil || sig.AccessKeyID != "LTAIid" || sig.SecurityToken != token || sig.Nonce == "" {
						t.Errorf("%s, body %v: %+v, %v", name, body, sig, err)
					}
					_, err = roundTrip(t, algorithm, method, token, odd, body, "secret", "other")
					if got := code(t, err); got != "SignatureDoesNotMatch" {
						t.Errorf("%s, body %v, another secret: %q", name, body, got)
					}
				}
			}
		}
	}
}

// roundTrip signs with one secret and verifies with another.
func roundTrip(t *testing.T, algorithm, method, token string, query map[string]*string, body map[string]interface{},
	signed, known string) (sig *Signature, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		sig, err = Verify(r, b, one("LTAIid", known), time.Now())
	}))
	defer server.Close()
	client, clientErr := openapi.NewClient(&openapi.Config{
		AccessKeyId: dara.String("LTAIid"), AccessKeySecret: &signed, SecurityToken: &token, HttpClient: plainHTTP{},
		Protocol: dara.String("HTTP"), Endpoint: dara.String(strings.TrimPrefix(server.URL, "http://")),
		SignatureAlgorithm: &algorithm,
	})
	if clientErr != nil {
		t.Fatal(clientErr)
	}
	req := &openapi.OpenApiRequest{Query: query}
	if body != nil {
		req.Body = body
	}
	_, clientErr = client.CallApiWithCtx(context.Background(), &openapi.Params{
		Action: dara.String("ListCommunityImages"), Version: dara.String("2018-04-12"), Protocol: dara.String("HTTP"),
		Pathname: dara.String("/"),
		Method:   &method, AuthType: dara.String("AK"), Style: dara.String("RPC"), ReqBodyType: dara.String("formData"),
		BodyType: dara.String("string"),
	}, req, &dara.RuntimeOptions{})
	if clientErr != nil {
		t.Fatal(clientErr)
	}
	return sig, err
}

// plainHTTP keeps the client off its process-wide pool, which is not clean
// under the race detector.
type plainHTTP struct{}

func (plainHTTP) Call(r *http.Request, _ *http.Transport) (*http.Response, error) {
	return http.DefaultClient.Do(r)
}

// The official SDKs sign the path as it was given to them, the standard wants
// each step encoded. Both are good, and neither is good for another path.
func TestPathsAsSentAndEncoded(t *testing.T) {
	t.Parallel()
	const sent, encoded = "/at/2026-11-01T00:00:00Z/", "/at/2026-11-01T00%3A00%3A00Z/"
	for _, row := range []struct {
		signed, asked string
		want          string
	}{
		{sent, sent, ""},
		{encoded, encoded, ""},
		{encoded, sent, ""}, // a proxy may have decoded it
		{sent, encoded, "SignatureDoesNotMatch"},
		{sent, "/at/2026-11-02T00:00:00Z/", "SignatureDoesNotMatch"},
		{sent, "/", "SignatureDoesNotMatch"},
		{"/", sent, "SignatureDoesNotMatch"},
	} {
		r := acs3Example()
		u, err := url.Parse("https://" + r.Host + row.asked + "?" + r.URL.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		r.Header.Set("Authorization", signPath(r, row.signed, "YourAccessKeySecret"))
		_, err = Verify(r, nil, one("YourAccessKeyId", "YourAccessKeySecret"), acs3Time)
		if got := code(t, err); got != row.want {
			t.Errorf("signed %s, asked %s: %q, want %q", row.signed, row.asked, got, row.want)
		}
	}
}

// signPath signs the published example anew, for another path.
func signPath(r *http.Request, path, secret string) string {
	authorization := r.Header.Get("Authorization")
	_, names, _, _ := parseAuthorization(authorization)
	headers, _ := canonicalHeaders(r, names, false)
	query, _ := canonicalQuery(r.URL.RawQuery)
	sum := sha256.Sum256([]byte(r.Method + "\n" + path + "\n" + query + "\n" + headers + "\n" +
		strings.Join(names, ";") + "\n" + r.Header.Get("X-Acs-Content-Sha256")))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(acs3Algorithm + "\n" + hex.EncodeToString(sum[:])))
	before, _, _ := strings.Cut(authorization, "Signature=")
	return before + "Signature=" + hex.EncodeToString(mac.Sum(nil))
}
