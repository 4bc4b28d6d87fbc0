package main

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// TestOnlyTheSecretOpens sends what other people, other pages and other machines
// can send.
func TestOnlyTheSecretOpens(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	upstream := serveUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		io.WriteString(w, "data")
	})
	p := newProcess(environment(caller), nil, nil)
	o, other := open(t, p, "-url", upstream), open(t, p, "-url", upstream)
	if o.secret == other.secret || len(o.secret) < 26 {
		t.Fatalf("secrets %q and %q", o.secret, other.secret)
	}
	page, err := url.Parse(o.page)
	if err != nil {
		t.Fatal(err)
	}
	cookie := cookieName + "=" + o.secret
	type header = map[string]string
	for _, row := range []struct {
		name, method, target string
		header               header
	}{
		{"no secret", "GET", "/v1/images", nil},
		{"no secret at /", "GET", "/", nil},
		{"no secret, HEAD", "HEAD", "/", nil},
		{"no secret, POST", "POST", "/", nil},
		{"no secret, DELETE", "DELETE", "/", nil},
		{"the cookie of another start", "GET", "/", header{"Cookie": cookieName + "=" + other.secret}},
		{"the bearer of another start", "GET", "/", header{"Authorization": "Bearer " + other.secret}},
		{"the address of another start", "GET", "/?open=" + other.secret, nil},
		{"a wrong address with a cookie", "GET", "/?open=x", header{"Cookie": cookie}},
		{"two secrets in the address", "GET", "/?open=" + o.secret + "&open=" + o.secret, nil},
		{"the address by POST", "POST", "/?open=" + o.secret, nil},
		{"the beginning of the secret", "GET", "/", header{"Cookie": cookie[:len(cookie)-1]}},
		{"an empty cookie", "GET", "/", header{"Cookie": cookieName + "="}},
		{"basic authentication", "GET", "/", header{"Authorization": "Basic " + o.secret}},
		{"another host", "GET", "/", header{"Cookie": cookie, "Host": "evil.example"}},
		{"another host with our port", "GET", "/", header{"Cookie": cookie, "Host": "evil.example:" + page.Port()}},
		{"another port", "GET", "/", header{"Cookie": cookie, "Host": "127.0.0.1:1"}},
		{"no port", "GET", "/", header{"Cookie": cookie, "Host": "127.0.0.1"}},
		{"the name of another start", "GET", "/", header{"Cookie": cookie, "Host": hostOf(t, other.page)}},
		{"another host at the address", "GET", "/?open=" + o.secret, header{"Host": "evil.example"}},
		{"another origin", "GET", "/", header{"Cookie": cookie, "Origin": "http://evil.example"}},
		{"another port's origin", "POST", "/", header{"Cookie": cookie, "Origin": "http://127.0.0.1:1"}},
		{"the origin of a sandbox", "POST", "/", header{"Cookie": cookie, "Origin": "null"}},
		{"another origin with a bearer", "GET", "/", header{
			"Authorization": "Bearer " + o.secret, "Origin": "https://x.example"}},
		{"a page of another site", "GET", "/", header{"Cookie": cookie, "Sec-Fetch-Site": "cross-site"}},
		{"a page of another port", "GET", "/", header{"Cookie": cookie, "Sec-Fetch-Site": "same-site"}},
		{"another site at the address", "GET", "/?open=" + o.secret, header{"Sec-Fetch-Site": "cross-site"}},
	} {
		got := o.send(row.method, o.base+row.target, row.header, "")
		if got.status != 403 || row.method != "HEAD" && got.body != "forbidden\n" || got.header.Get("Set-Cookie") != "" ||
			got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %v %q", row.name, got.status, got.header, got.body)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the deployment was asked %d times", n)
	}
	for _, row := range []struct {
		name, address string
		header        header
	}{
		{"a cookie", o.base + "/", header{"Cookie": "a=b; " + cookie}},
		{"a planted cookie before ours", o.base + "/", header{"Cookie": cookieName + "=x; " + cookie}},
		{"a cookie at the name", "http://" + page.Host + "/", header{"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}},
		{"a cookie, typed", o.base + "/", header{"Cookie": cookie, "Sec-Fetch-Site": "none"}},
		{"our origin", o.base + "/", header{"Cookie": cookie, "Origin": o.base}},
		{"a bearer", o.base + "/", header{"Authorization": "bearer " + o.secret}},
		{"localhost", "http://localhost:" + page.Port() + "/", header{"Authorization": "Bearer " + o.secret}},
	} {
		if got := o.send("GET", row.address, row.header, ""); got.status != 200 || got.body != "data" {
			t.Errorf("%s: %d %q", row.name, got.status, got.body)
		}
	}
}

// hostOf returns host and port of an address.
func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// TestThePrintedAddressBecomesACookie moves the secret from the address to a cookie.
func TestThePrintedAddressBecomesACookie(t *testing.T) {
	t.Parallel()
	o := open(t, newProcess(environment(caller), nil, nil), "-url", serveUpstream(t, http.NotFound))
	host := hostOf(t, o.page)
	for _, row := range []struct{ target, location string }{
		{"/?open=" + o.secret, "/"},
		{"/v1/images?ClusterId=*&open=" + o.secret + "&q=a%20b", "/v1/images?ClusterId=*&q=a%20b"},
		{"//evil.example/x?open=" + o.secret, "//evil.example/x"},
	} {
		got := o.send("GET", "http://"+host+row.target, nil, "")
		if got.status != 303 || got.header.Get("Location") != "http://"+host+row.location ||
			got.header.Get("Set-Cookie") != cookieName+"="+o.secret+"; Path=/; HttpOnly; SameSite=Strict" ||
			got.header.Get("Cache-Control") != "no-store" || strings.Contains(got.body, o.secret) {
			t.Errorf("%s: %d %v %s", row.target, got.status, got.header, got.body)
		}
	}
	if !strings.HasSuffix(strings.Split(host, ":")[0], ".localhost") {
		t.Errorf("the page is at %s, whose cookies other ports get", host)
	}
}

// TestTheFileForCurlIsPrivate: nobody else can read it, and it goes away.
func TestTheFileForCurlIsPrivate(t *testing.T) {
	t.Parallel()
	o := open(t, newProcess(environment(caller), nil, nil), "-url", serveUpstream(t, http.NotFound))
	info, err := os.Stat(o.curlFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if code := o.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if _, err := os.Stat(o.curlFile); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
	for _, secret := range []string{caller.AccessKeySecret, caller.SecurityToken, caller.AccessKeyID} {
		if strings.Contains(o.out.String(), secret) {
			t.Errorf("the output shows %q", secret)
		}
	}
}
