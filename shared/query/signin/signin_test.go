package signin_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"community-images/shared/query/signin"
)

// newRequest returns a request for https://images.example. header holds names and values in
// turn.
func newRequest(header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Host = "images.example"
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestAddressesToReturnTo(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"/", "/v1/images", "/v1/images?q=a%20b&sort=-Size", "/v1/images/m-%2F1", "/?next=//x",
		"/v1/diff?from=2026-11-23T10:00:00Z", "/.//evil.example"} {
		if got := signin.LocalAddress(good); got != good {
			t.Errorf("%q becomes %q", good, got)
		}
	}
	for _, bad := range []string{"", "v1", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example",
		"/\t/evil.example", "/\n/evil.example", " /", "https://evil.example/", "https:evil.example", "javascript:alert(1)",
		"/é", "/%zz", "/v1/images?\r\nSet-Cookie:a=b", "/sign-in", "/sign-out", "/sign-in?x=1",
		"/" + string(make([]byte, 5000))} {
		if got := signin.LocalAddress(bad); got != "/" {
			t.Errorf("%q becomes %q", bad, got)
		}
	}
}

func TestOwnOrigin(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		what   string
		header []string
		want   bool
	}{
		{"a form of this service", []string{"Origin", "https://images.example"}, true},
		{"in another case", []string{"Origin", "HTTPS://IMAGES.example"}, true},
		{"by a browser that tells more", []string{"Origin", "https://images.example", "Sec-Fetch-Site", "same-origin"}, true},
		{"no origin", nil, false},
		{"an empty one", []string{"Origin", ""}, false},
		{"a hidden one", []string{"Origin", "null"}, false},
		{"another site", []string{"Origin", "https://evil.example"}, false},
		{"a subdomain", []string{"Origin", "https://a.images.example"}, false},
		{"another port", []string{"Origin", "https://images.example:8443"}, false},
		{"plain HTTP", []string{"Origin", "http://images.example"}, false},
		{"two", []string{"Origin", "https://images.example", "Origin", "https://evil.example"}, false},
		{"two that FC has joined", []string{"Origin", "https://images.example,https://evil.example"}, false},
		{"a name with more", []string{"Origin", "https://images.example.evil.example"}, false},
		{"another site with a forged origin", []string{"Origin", "https://images.example", "Sec-Fetch-Site",
			"cross-site"}, false},
		{"a subdomain with a forged origin", []string{"Origin", "https://images.example", "Sec-Fetch-Site",
			"same-site"}, false},
	} {
		if got := signin.HasOwnOrigin(newRequest(row.header...)); got != row.want {
			t.Errorf("%s: %v", row.what, got)
		}
	}
	r := newRequest("Origin", "https://images.example")
	if r.Host = "images.example:443"; !signin.HasOwnOrigin(r) {
		t.Error("the port of https in Host makes another origin")
	}
}

func TestPlainHTTPIsRecognized(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		host, forwarded string
		tls, want       bool
	}{
		{"images.example", "", false, false}, // nobody knows
		{"images.example", "https", false, false},
		{"images.example", "http", false, true},
		{"images.example", "HTTP, https", false, true},
		{"127.0.0.1:8080", "", false, true},
		{"localhost:8080", "", false, true},
		{"[::1]:8080", "", false, true},
		{"[::1]", "", false, true},
		{"127.0.0.1:8443", "", true, false},
		{"127.0.0.1:8443", "https", false, false},
	} {
		r := newRequest()
		if r.Host = row.host; row.forwarded != "" {
			r.Header.Set("X-Forwarded-Proto", row.forwarded)
		}
		if row.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := signin.IsPlainHTTP(r); got != row.want {
			t.Errorf("%+v: %v", row, got)
		}
	}
}

// A page of another site may link here. It must not read with the cookie.
func TestWhoMayUseTheCookie(t *testing.T) {
	t.Parallel()
	const cookie = "__Host-token=ci_abc"
	for _, row := range []struct {
		what   string
		header []string
		token  string
		given  bool
	}{
		{"an address that was typed", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, "ci_abc", true},
		{"an old browser", nil, "ci_abc", true},
		{"the script of a page", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, "ci_abc", true},
		{"a link on another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "document"}, "ci_abc", true},
		{"a frame of another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Dest", "iframe"}, "", false},
		{"a script of another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"}, "", false},
		{"a script of a neighbour", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"}, "", false},
		{"one in an old browser", []string{"Origin", "https://evil.example"}, "", false},
		{"plain HTTP", []string{"X-Forwarded-Proto", "http"}, "", false},
		{"two cookies", []string{"Cookie", "__Host-token=ci_other"}, "", false},
	} {
		r := newRequest(append(row.header, "Cookie", cookie)...)
		if token, given := signin.FindToken(r); token != row.token || given != row.given {
			t.Errorf("%s: %q, %v", row.what, token, given)
		}
	}
	for value, want := range map[string]bool{"": true, "a b": true, `"ci_abc"`: true} {
		r := newRequest("Cookie", "__Host-token="+value)
		if token, given := signin.FindToken(r); token != "" && token != "ci_abc" || given != want {
			t.Errorf("the cookie %q: %q, %v", value, token, given)
		}
	}
	if token, given := signin.FindToken(newRequest("Cookie", "token=ci_abc")); token != "" || given {
		t.Errorf("a cookie of another name: %q", token)
	}
}
