package query_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
)

// navigation is the header Accept of a browser that opens an address.
const navigation = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// open asks for a page as a browser does.
func open(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	return get(h, target, append([]string{"Accept", navigation}, header...)...)
}

// post sends a form as a page of https://images.example does. header can replace what it
// sends.
func post(h http.Handler, target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Host = "images.example"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://images.example")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// signedIn returns the header of a person who has signed in.
func signedIn(name string) []string { return []string{"Cookie", "__Host-token=" + token(name)} }

// pageTargets are addresses that are pages.
var pageTargets = []string{"/", "/v1/images?ClusterId=*"}

func TestPersonSignsInAndOut(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).HandlerWithReplica(allow(access.Grant{Name: "all"}))
	const target = "/v1/images?ClusterId=*&sort=-Size"
	rec := open(h, target)
	checkSignInPage(t, rec, 401)
	for _, want := range []string{`action="https://images.example/sign-in"`, `method="post"`, `type="password"`,
		`name="return" value="/v1/images?ClusterId=*&amp;sort=-Size"`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("the page to sign in has no %s: %s", want, rec.Body)
		}
	}
	rec = post(h, "/sign-in", url.Values{"token": {" " + token("all") + "\r\n"}, "return": {target}})
	if rec.Code != 303 || rec.Header().Get("Location") != target || rec.Header().Get("Cache-Control") != "no-store" ||
		rec.Header().Get("Set-Cookie") != "__Host-token="+token("all")+"; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Fatal(dump(rec))
	}
	rec = open(h, target, signedIn("all")...)
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "m-cent79") ||
		!strings.Contains(rec.Body.String(), `action="/sign-out"`) ||
		rec.Header().Get("Cache-Control") != "private, no-cache" ||
		rec.Header().Get("Vary") != "Accept, Accept-Encoding, Authorization, Accept-Language, Cookie" {
		t.Error(dump(rec))
	}
	again := open(h, target, append(signedIn("all"), "If-None-Match", rec.Header().Get("ETag"))...)
	if again.Code != 304 || again.Body.Len() > 0 {
		t.Errorf("the page has not changed: %s", dump(again))
	}
	rec = post(h, "/sign-out", nil, signedIn("all")...)
	if rec.Code != 303 || rec.Header().Get("Location") != "/" ||
		rec.Header().Get("Set-Cookie") != "__Host-token=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax" ||
		rec.Header().Get("Clear-Site-Data") != `"cache"` {
		t.Error(dump(rec))
	}
	checkSignInPage(t, open(h, "/sign-in"), 200)
}

// checkSignInPage checks that an answer is the page to sign in, and that nobody keeps it.
func checkSignInPage(t *testing.T, rec *httptest.ResponseRecorder, status int) {
	t.Helper()
	header := rec.Header()
	if rec.Code != status || header.Get("Content-Type") != "text/html; charset=utf-8" ||
		header.Get("Cache-Control") != "no-store" || header.Get("Content-Security-Policy") == "" ||
		!strings.Contains(header.Get("Vary"), "Cookie") || header.Get("Referrer-Policy") != "same-origin" ||
		!strings.Contains(rec.Body.String(), `<form method="post"`) {
		t.Errorf("want the page to sign in with %d: %s", status, dump(rec))
	}
}

// Each row is what a person sends, and what the page says.
func TestSigningInIsRefused(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	old := access.Token{Hash: sha256.Sum256([]byte(token("old"))), Expires: w.Now, Grant: access.Grant{Name: "old"}}
	h := w.HandlerWithReplica(allow(access.Grant{Name: "all"}, access.Grant{Name: "far", Regions: []string{"cn-far"}}),
		func(o *query.Options) { o.Tokens = append(o.Tokens, old) })
	foreign, invalid := "did not come from a page of this service", "This token is not valid"
	for _, row := range []struct {
		what   string
		token  string
		header []string
		status int
		want   string
	}{
		{"an unknown token", token("other"), nil, 401, invalid},
		{"one that has expired", token("old"), nil, 401, invalid},
		{"none", "", nil, 401, invalid},
		{"one that is no token", "<script>alert(1)</script>\r\nX: y", nil, 401, invalid},
		{"one for other regions", token("far"), nil, 403, "none of the regions"},
		{"a form of another site", token("all"), []string{"Origin", "https://evil.example"}, 403, foreign},
		{"a form of nobody", token("all"), []string{"Origin", "null"}, 403, foreign},
		{"a form without an origin", token("all"), []string{"Origin", ""}, 403, foreign},
		{"a form of a neighbour", token("all"), []string{"Sec-Fetch-Site", "same-site"}, 403, foreign},
		{"plain HTTP", token("all"), []string{"Origin", "http://images.example"}, 403, "Signing in needs https"},
		{"plain HTTP that is told", token("all"), []string{"X-Forwarded-Proto", "http"}, 403, "Signing in needs https"},
	} {
		for _, target := range []string{"/sign-in", "/sign-out"} {
			if target == "/sign-out" && row.header == nil {
				continue
			}
			rec := post(h, target, url.Values{"token": {row.token}, "return": {"/v1/images"}}, row.header...)
			if rec.Code != row.status || !strings.Contains(rec.Body.String(), row.want) ||
				rec.Header().Get("Set-Cookie") != "" || rec.Header().Get("Content-Security-Policy") == "" {
				t.Errorf("%s to %s: %s", row.what, target, dump(rec))
			}
			if row.token != "" && strings.Contains(rec.Body.String(), row.token) {
				t.Errorf("%s to %s: the answer repeats the token: %s", row.what, target, rec.Body)
			}
			hasForm := strings.Contains(rec.Body.String(), `type="password"`)
			if hasForm == strings.HasPrefix(row.what, "plain") && row.header == nil {
				t.Errorf("%s: there is a form: %v", row.what, hasForm)
			}
		}
	}
	if rec := open(h, "/v1/images", "X-Forwarded-Proto", "http"); rec.Code != 401 ||
		strings.Contains(rec.Body.String(), `type="password"`) {
		t.Errorf("plain HTTP is asked for a token: %s", dump(rec))
	}
	if rec := post(h, "/sign-in", url.Values{"token": {strings.Repeat("x", 20000)}}); rec.Code != 400 {
		t.Errorf("a large form: %s", dump(rec))
	}
	// Nothing of the form may stand in the address.
	if rec := post(h, "/sign-in?token="+token("all"), nil); rec.Code != 401 || rec.Header().Get("Set-Cookie") != "" {
		t.Errorf("a token in the address: %s", dump(rec))
	}
}

func TestReturnAddressLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "all"}))
	for _, back := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", ""} {
		form := url.Values{"token": {token("all")}, "return": {back}}
		if rec := post(h, "/sign-in", form); rec.Code != 303 || rec.Header().Get("Location") != "/" {
			t.Errorf("%q leads to %q", back, rec.Header().Get("Location"))
		}
		form.Set("token", "wrong")
		if rec := post(h, "/sign-in", form); !strings.Contains(rec.Body.String(), `name="return" value="/"`) {
			t.Errorf("%q stays in the page: %s", back, rec.Body)
		}
	}
}

// TestCookieCountsForPagesOnly: programs and other sites cannot use what a person has signed
// in for.
func TestCookieCountsForPagesOnly(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).HandlerWithReplica(allow(access.Grant{Name: "all"}))
	cookie := signedIn("all")
	for _, target := range append([]string{"/?Action=ListRegions&Version=2018-04-12", "/v1/images?format=json",
		"/v1/images?form%61t=json&format=html", "/v1/images?format=csv"}, guardedRoutes...) {
		rec := get(h, target, cookie...)
		if rec.Code == 200 || rec.Code != 401 && rec.Code != 400 && rec.Code != 404 {
			t.Errorf("%s answers to a cookie: %s", target, dump(rec))
		}
	}
	for _, target := range []string{"/openapi.json", "/metrics", "/v1/images?format=json", "/v1/images?format=ids",
		"/v1/images?form%61t=json"} {
		if rec := open(h, target, cookie...); rec.Code != 401 || strings.Contains(rec.Body.String(), "m-cent79") {
			t.Errorf("%s answers to a browser with a cookie: %s", target, dump(rec))
		}
	}
	for _, target := range pageTargets {
		if rec := open(h, target, cookie...); rec.Code != 200 {
			t.Errorf("%s does not accept the cookie: %s", target, dump(rec))
		}
		for _, header := range [][]string{
			{"Authorization", bearer("other")}, {"Authorization", ""}, {"X-Forwarded-Proto", "http"},
			{"Origin", "https://evil.example"}, {"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"},
			{"Cookie", "__Host-token=" + token("other")}, {"Cookie", "token=" + token("all")},
		} {
			if rec := open(h, target, append(cookie, header...)...); rec.Code != 401 {
				t.Errorf("%s with %v: %s", target, header, dump(rec))
			}
		}
	}
	if rec := open(h, "/v1/images", signedIn("other")...); !strings.Contains(rec.Body.String(), "no longer valid") {
		t.Errorf("a token that has ended: %s", dump(rec))
	}
	if rec := open(h, "/v1/images?token="+token("all")); rec.Code != 400 || strings.Contains(rec.Body.String(),
		token("all")) {
		t.Errorf("a token in the address of a page: %s", dump(rec))
	}
	if rec := get(h, "/healthz", cookie...); rec.Code != 200 {
		t.Errorf("/healthz: %s", dump(rec))
	}
}

// TestNothingToSignInWith: without tokens there is nothing to sign in with.
func TestNothingToSignInWith(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	keys := func(o *query.Options) {
		o.Keys = access.Keys{{ID: "CIone", Secret: "s3cr3t-s3cr3t-s3cr3t-s3cr3t", Grant: access.Grant{Name: "one"}}}
	}
	for _, row := range []struct {
		what   string
		h      http.Handler
		status int
	}{{"open", w.HandlerWithReplica(), 200}, {"with keys alone", w.HandlerWithReplica(keys), 401}} {
		rec := post(row.h, "/sign-in", url.Values{"token": {"x"}})
		if rec.Code != 404 || rec.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %s", row.what, dump(rec))
		}
		rec = open(row.h, "/v1/images", signedIn("x")...)
		if rec.Code != row.status || strings.Contains(rec.Body.String(), `type="password"`) ||
			strings.Contains(rec.Body.String(), "/sign-out") {
			t.Errorf("%s: %s", row.what, dump(rec))
		}
	}
}

// TestLimitedPersonSeesWhatTheTokenGrants: the pages of a person show what is shown to a
// program with the same token, and nothing of other clusters.
func TestLimitedPersonSeesWhatTheTokenGrants(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = w.Now.Add(time.Minute)
	h := w.Handler(allow(access.Grant{Name: "b", Regions: []string{hangzhou}, Clusters: []string{"ehpc-b"}}))
	for _, target := range pageTargets {
		person := open(h, target, signedIn("b")...)
		program := open(h, target, "Authorization", bearer("b"))
		if person.Code != 200 || strings.Contains(person.Body.String(), "ehpc-a") {
			t.Errorf("%s: %s", target, dump(person))
		}
		body := person.Body.String()
		before, after, _ := strings.Cut(body, `<form method="post" action="/sign-out">`)
		_, after, _ = strings.Cut(after, "</form>")
		if before+after != program.Body.String() {
			t.Errorf("%s shows another page to a program with the same token:\n%s\n%s", target, body, program.Body)
		}
		if person.Header().Get("ETag") == program.Header().Get("ETag") {
			t.Errorf("%s: both pages have the ETag %s", target, person.Header().Get("ETag"))
		}
	}
}

func TestSignInPageSpeaksTheLanguageOfTheAddress(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "all"}))
	for _, rec := range []*httptest.ResponseRecorder{
		open(h, "/v1/images?lang=zh"), open(h, "/v1/images", "Accept-Language", "zh-CN"),
		post(h, "/sign-in", url.Values{"token": {"x"}, "return": {"/v1/images?lang=zh"}}),
	} {
		if !strings.Contains(rec.Body.String(), `lang="zh-Hans"`) || !strings.Contains(rec.Body.String(), "令牌") {
			t.Errorf("not in Chinese: %s", dump(rec))
		}
	}
}

// TestRegionsShowToCallersWithAToken: whoever has none, or one that grants nothing here,
// learns no region from any page or error.
func TestRegionsShowToCallersWithAToken(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).HandlerWithReplica(allow(access.Grant{Name: "all"},
		access.Grant{Name: "elsewhere", Regions: []string{"cn-none"}}),
		func(o *query.Options) { o.Regions = []string{hangzhou, "cn-secret"} })
	long := "/v1/images?q=" + strings.Repeat("x", 20_000)
	targets := append(pageTargets, "/sign-in", long, "/v1/none", "/v1/images/%zz", "/v1/clusters?lang=zh",
		"/v1/status", "/openapi.json", "/?Action=ListRegions", "/at/1/?Action=ListRegions", "/healthz")
	for _, target := range targets {
		for _, who := range [][]string{nil, signedIn("elsewhere"), signedIn("unknown"), {"Authorization", bearer("elsewhere")}} {
			for _, rec := range []*httptest.ResponseRecorder{open(h, target, who...), get(h, target, who...)} {
				if answer := dump(rec); strings.Contains(answer, "cn-secret") || strings.Contains(answer, hangzhou) {
					t.Errorf("%.60s as %q shows regions: %s", target, who, answer)
				}
			}
		}
	}
	for _, form := range []url.Values{{}, {"token": {token("unknown")}}, {"token": {token("elsewhere")}}} {
		if answer := dump(post(h, "/sign-in", form)); strings.Contains(answer, "cn-secret") {
			t.Errorf("signing in with %v shows regions: %s", form, answer)
		}
	}
	if page := open(h, "/v1/status", signedIn("all")...).Body.String(); !strings.Contains(page, "cn-secret") {
		t.Errorf("the page of a caller who sees everything has no region: %s", page)
	}
}
