package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestPersonSignsInAtTheFunction: the form passes Function Compute and reaches the lookups,
// though the replica takes all other calls by POST.
func TestPersonSignsInAtTheFunction(t *testing.T) {
	t.Parallel()
	f := newEHPCFixture(t)
	base := f.startReplica(tokenSetting())
	f.runSnapshot()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, target, body string, header ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, base+target, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "images.example.com"
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(text)
	}
	const target = "/v1/images?ClusterId=*&RegionId=cn-shanghai"
	if r, text := ask("GET", target, ""); r.StatusCode != 401 || !strings.Contains(text, `type="password"`) {
		t.Fatalf("without a token: %d %s", r.StatusCode, text)
	}
	form := url.Values{"token": {limitedToken}, "return": {target}}.Encode()
	if r, text := ask("POST", "/sign-in", form, "Origin", "https://evil.example"); r.StatusCode != 403 ||
		len(r.Cookies()) > 0 {
		t.Errorf("a form of another site: %d %v %s", r.StatusCode, r.Header, text)
	}
	r, text := ask("POST", "/sign-in", form, "Origin", "https://images.example.com")
	if r.StatusCode != 303 || r.Header.Get("Location") != target || len(r.Cookies()) != 1 {
		t.Fatalf("signing in: %d %v %s", r.StatusCode, r.Header, text)
	}
	cookie := r.Cookies()[0].Name + "=" + r.Cookies()[0].Value
	if r, text := ask("GET", target, "", "Cookie", cookie); r.StatusCode != 200 || !strings.Contains(text, "/sign-out") {
		t.Errorf("signed in: %d %s", r.StatusCode, text)
	}
	if r, text := ask("POST", "/", "Action=ListRegions&Version=2018-04-12", "Cookie", cookie, "Origin",
		"https://images.example.com"); r.StatusCode < 400 || !strings.Contains(text, `"Code":"`) {
		t.Errorf("the replica answers to a cookie: %d %s", r.StatusCode, text)
	}
	if r, text := ask("POST", "/", "Action=ListRegions&Version=2018-04-12", "Authorization",
		"Bearer "+wholeToken); r.StatusCode != 200 || !strings.Contains(text, "cn-shanghai") {
		t.Errorf("the replica by POST: %d %s", r.StatusCode, text)
	}
	r, text = ask("POST", "/sign-out", "", "Cookie", cookie, "Origin", "https://images.example.com")
	if r.StatusCode != 303 || len(r.Cookies()) != 1 || r.Cookies()[0].Value != "" {
		t.Errorf("signing out: %d %v %s", r.StatusCode, r.Header, text)
	}
}
