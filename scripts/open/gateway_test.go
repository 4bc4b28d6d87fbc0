package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRequestsAreMadeAnew: the deployment gets the question with the signature of
// the gateway, and nothing that belongs to the gateway.
func TestRequestsAreMadeAnew(t *testing.T) {
	t.Parallel()
	seen := make(chan *http.Request, 1)
	upstream := serveUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		for name, value := range map[string]string{
			"Content-Disposition": "attachment", "Access-Control-Allow-Origin": "*", "ETag": `"x"`, "Content-Type": "text/html",
			"Content-Security-Policy": "default-src 'none'", "Strict-Transport-Security": "max-age=1", "Connection": "X-Hop",
			"X-Hop": "1",
		} {
			w.Header().Set(name, value)
		}
		w.Header().Add("Set-Cookie", "lang=zh; Path=/")
		w.Header().Add("Set-Cookie", cookieName+"=stolen")
		io.WriteString(w, "page")
	})
	o := open(t, newProcess(environment(caller), nil, nil), "-url", upstream)
	got := o.send("GET", o.base+"/v1/images/m%2F1?q=a+b&ImageName__glob=*%2A&facets=", map[string]string{
		"Authorization": "Bearer " + o.secret, "Cookie": cookieName + "=" + o.secret + "; lang=en", "Origin": o.base,
		"Accept": "text/html", "If-None-Match": `"y"`, "X-Fc-Invocation-Type": "Async", "X-Forwarded-For": "1.2.3.4",
		"X-Acs-Action": "", "Connection": "Upgrade, X-Drop", "Upgrade": "websocket", "X-Drop": "1",
		"Referer": o.base + "/", "X-Acs-Security-Token": "x",
	}, "")
	if got.status != 200 || got.body != "page" || got.header.Get("Etag") != `"x"` ||
		got.header.Get("Content-Security-Policy") != "default-src 'none'" ||
		got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v %q", got.status, got.header, got.body)
	}
	for _, name := range append(slices.Clone(dropped), "X-Hop") {
		if got.header.Get(name) != "" {
			t.Errorf("%s is there: %q", name, got.header.Get(name))
		}
	}
	if cookies := got.header.Values("Set-Cookie"); !slices.Equal(cookies, []string{"lang=zh; Path=/"}) {
		t.Errorf("cookies %q", cookies)
	}
	r := <-seen
	if r.RequestURI != "/v1/images/m%2F1?q=a+b&ImageName__glob=*%2A&facets=" || r.Header.Get("Accept") != "text/html" ||
		r.Header.Get("If-None-Match") != `"y"` || r.Header.Get("Cookie") != "lang=en" || "http://"+r.Host != upstream {
		t.Errorf("%s %s %v", r.Host, r.RequestURI, r.Header)
	}
	for _, name := range []string{"X-Fc-Invocation-Type", "X-Forwarded-For", "Origin", "Referer", "Upgrade", "X-Drop"} {
		if r.Header.Get(name) != "" {
			t.Errorf("the deployment gets %s", name)
		}
	}
}

// TestMethodsAndBodies: only questions pass.
func TestMethodsAndBodies(t *testing.T) {
	t.Parallel()
	upstream := serveUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, r.Method+" "+string(body))
	})
	o := open(t, newProcess(environment(caller), nil, nil), "-url", upstream)
	for _, row := range []struct {
		method, target, body string
		status               int
		says                 string
	}{
		{"GET", "/v1/images", "ignored", 200, "GET "},
		{"HEAD", "/v1/images", "", 200, ""},
		{"POST", "/", "a=b", 200, "POST a=b"},
		{"POST", "/at/2026-11-01T00:00:00Z/cn-hangzhou/", "a=b", 200, "POST a=b"},
		{"POST", "/v1/images", "a=b", 405, "POST is for calls of E-HPC's API"},
		{"POST", "/sign-in", "a=b", 405, "the method is not allowed"},
		{"GET", "/sign-in", "", 303, "the gateway has signed in already"},
		{"PUT", "/", "", 405, "the method is not allowed"},
		{"OPTIONS", "/", "", 405, "the method is not allowed"},
		{"POST", "/", strings.Repeat("x", 65<<10), 413, "larger than 65536 bytes"},
		{"GET", "/v1/images?q=50%", "", 400, "write % as %25"},
	} {
		got := o.send(row.method, o.base+row.target, o.bearer(), row.body)
		if got.status != row.status || !strings.Contains(got.body, row.says) {
			t.Errorf("%s %s: %d %q", row.method, row.target, got.status, got.body)
		}
	}
}

// TestAHostileDeployment: nobody follows it, waits for it for ever or reads all
// that it sends.
func TestAHostileDeployment(t *testing.T) {
	t.Parallel()
	followed := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect was followed")
	}))
	t.Cleanup(followed.Close)
	done := make(chan struct{})
	defer close(done) // before the server waits for its connections
	upstream := serveUpstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, followed.URL, http.StatusFound)
		case "/huge":
			w.Header().Set("Content-Length", "99999999")
		case "/endless":
			for range 1000 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		case "/hang":
			<-done
		case "/stall":
			io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
			<-done
		case "/denied":
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"Code": "AccessDenied", "Message": "`+r.Header.Get("X-Acs-Security-Token")+`"}`)
		case "/question":
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"Code": "Forbidden", "Message": "no region"}`)
		case "/break":
			panic(http.ErrAbortHandler)
		}
	})
	p := newProcess(environment(caller), nil, nil)
	p.limits = limits{header: time.Second, total: 2 * time.Second, answer: 100 << 10}
	o := open(t, p, "-url", upstream)
	host := strings.TrimPrefix(upstream, "http://")
	for _, row := range []struct {
		target string
		status int
		says   string
	}{
		{"/redirect", 502, host + " answers with a redirect (302), which is not followed: check the URL\n"},
		{"/huge", 502, "the answer of " + host + " is larger than 102400 bytes: ask for less"},
		{"/endless", 200, " broken: unexpected EOF"},
		{"/hang", 504, host + " does not answer in time: check the network, and try again\n"},
		{"/stall", 200, "begin broken: unexpected EOF"},
		{"/denied", 502, host + " refuses the access key (403 AccessDenied): check that it is right"},
		{"/question", 403, `"no region"`},
		{"/break", 502, host + " cannot be reached, EOF: check the URL and the network\n"},
	} {
		got := o.get(row.target)
		if got.status != row.status || !strings.Contains(got.body, row.says) || len(got.body) > 110<<10 ||
			got.header.Get("Location") != "" || strings.Contains(got.body, caller.SecurityToken) {
			t.Errorf("%s: %d %.300q", row.target, got.status, got.body)
		}
	}
}
