package query_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"community-images/shared/access"
	"community-images/shared/query"
)

// guardedRoutes need a token where tokens are configured.
var guardedRoutes = []string{
	"/v1/images", "/v1/images/m-cent79", "/v1/images/m-cent79/history", "/v1/clusters", "/v1/changes",
	"/v1/diff?from=1", "/v1/matrix", "/v1/status", "/metrics", "/openapi.json",
	"/v1/images?limit=x", "/v1/images?RegionId=mars", "/v1/images?ClusterId=ehpc-x",
}

// Each row is a header and why it opens nothing.
func TestWithoutATokenNothingIsAnswered(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	old := access.Token{Hash: sha256.Sum256([]byte(token("old"))), Expires: w.Now, Grant: access.Grant{Name: "old"}}
	h := w.Handler(allow(access.Grant{Name: "all"}), func(o *query.Options) { o.Tokens = append(o.Tokens, old) })
	var first string
	for _, row := range []struct {
		what   string
		header []string
	}{
		{"no header", nil},
		{"an empty header", []string{"Authorization", ""}},
		{"an unknown token", []string{"Authorization", bearer("other")}},
		{"a token that has expired", []string{"Authorization", bearer("old")}},
		{"a token that is cut", []string{"Authorization", bearer("al")}},
		{"a token and more", []string{"Authorization", bearer("all") + " x"}},
		{"two tokens", []string{"Authorization", bearer("all") + "," + bearer("all")}},
		{"another scheme", []string{"Authorization", "Basic " + token("all")}},
		{"no scheme", []string{"Authorization", token("all")}},
		{"the hash of a token", []string{"Authorization",
			fmt.Sprintf("Bearer %x", sha256.Sum256([]byte(token("all"))))}},
		{"a long text", []string{"Authorization", "Bearer " + strings.Repeat("x", 4000)}},
		{"bytes that are no text", []string{"Authorization", "Bearer \xff\x00"}},
		{"another header", []string{"X-Authorization", bearer("all")}},
	} {
		for _, target := range guardedRoutes {
			w.Memory.Requests()
			rec := get(h, target, row.header...)
			checkError(t, rec, 401, "Unauthorized", []string{"A valid token is required."})
			if got := rec.Header().Get("WWW-Authenticate"); got != `Bearer realm="community-images"` {
				t.Errorf("%s: %s has the challenge %q", row.what, target, got)
			}
			if asked := w.Memory.Requests(); asked != "" {
				t.Errorf("%s: %s reached the store: %s", row.what, target, asked)
			}
			if text := dump(rec); first == "" {
				first = text
			} else if text != first {
				t.Errorf("%s: %s answers\n%s\nwant as for the others\n%s", row.what, target, text, first)
			}
		}
	}
	for target, want := range map[string]int{"/healthz": 200, "/": 200, "/v1/nothing": 404,
		"/healthz?x=1": 400, "/v1/images/a/b": 404} {
		for _, header := range [][]string{nil, {"Authorization", bearer("other")}, {"Authorization", bearer("all")}} {
			if rec := get(h, target, header...); rec.Code != want || strings.Contains(rec.Body.String(), hangzhou) &&
				(len(header) == 0 || header[1] != bearer("all")) || rec.Header().Get("WWW-Authenticate") != "" {
				t.Errorf("%s with %v: %s", target, header, dump(rec))
			}
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/images", nil)
	rec := httptest.NewRecorder()
	if h.ServeHTTP(rec, r); rec.Code != 405 {
		t.Errorf("POST: %s", dump(rec))
	}
}

// dump is all of an answer.
func dump(rec *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintln(&b, rec.Code)
	_ = rec.Header().Write(&b)
	b.WriteString("\n" + rec.Body.String())
	return b.String()
}

func TestTokenOpensEveryRoute(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	open, h := w.Handler(), w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "other"}))
	for _, target := range append([]string{"/", "/healthz"}, guardedRoutes...) {
		want, got := get(open, target), get(h, target, "Authorization", "bearer "+token("all"))
		if target == "/v1/status" || target == "/openapi.json" || target == "/metrics" {
			if got.Code != 200 {
				t.Errorf("%s: %s", target, dump(got))
			}
			continue // they tell who may ask
		}
		if got.Code != want.Code || got.Body.String() != want.Body.String() ||
			got.Header().Get("ETag") != want.Header().Get("ETag") {
			t.Errorf("%s answers\n%s\nwant\n%s", target, dump(got), dump(want))
		}
	}
}

func TestAnswersAreNobodyElses(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "all"}))
	for target, want := range map[string]string{
		"/v1/images":      "private, max-age=5",
		"/v1/images?at=1": "private, no-cache",
		"/v1/status":      "private, max-age=5",
		"/healthz":        "no-store",
		"/":               "max-age=5",
	} {
		rec := get(h, target, "Authorization", bearer("all"))
		if got := rec.Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control is %q, want %q", target, got, want)
		}
		if got := strings.Contains(rec.Header().Get("Vary"), "Authorization"); got != strings.HasPrefix(target,
			"/v1/") {
			t.Errorf("%s: Vary is %q", target, rec.Header().Get("Vary"))
		}
		if tag := rec.Header().Get("ETag"); strings.HasPrefix(target, "/v1/images") {
			again := get(h, target, "Authorization", bearer("all"), "If-None-Match", tag)
			if again.Code != 304 || again.Header().Get("Cache-Control") != want ||
				!strings.Contains(again.Header().Get("Vary"), "Authorization") {
				t.Errorf("%s, asked again: %s", target, dump(again))
			}
			if again := get(h, target, "If-None-Match", tag); again.Code != 401 {
				t.Errorf("%s, asked again without a token: %s", target, dump(again))
			}
		}
	}
}

// A cursor is no secret and no key: for another caller it is one of a state
// that is not there. That is nothing to wake anybody for.
func TestCursorOfAnotherCaller(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "all"},
		access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}), func(o *query.Options) {
		o.Report = func(_ context.Context, _ string, err error) { t.Errorf("reported: %v", err) }
	})
	for _, target := range []string{"/v1/images?ClusterId=*&limit=1", "/v1/matrix?ClusterId=*&limit=1"} {
		var page struct{ NextCursor string }
		if rec := get(h, target, "Authorization", bearer("all")); json.Unmarshal(rec.Body.Bytes(), &page) != nil ||
			page.NextCursor == "" {
			t.Fatalf("%s: %s", target, dump(rec))
		}
		target += "&cursor=" + page.NextCursor
		if rec := get(h, target, "Authorization", bearer("all")); rec.Code != 200 {
			t.Errorf("%s: %s", target, dump(rec))
		}
		checkError(t, get(h, target, "Authorization", bearer("a")), 410, "CursorExpired", []string{"no longer kept"})
	}
}

// A strong ETag names one body: a store that holds what one caller was told
// would otherwise hear from another's 304 that it is theirs.
func TestETagsOfOtherCallersNameOtherBodies(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "all"},
		access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}, access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	different := 0
	for _, target := range []string{
		"/v1/images?ClusterId=*", "/v1/images?ClusterId=*&at=1", "/v1/images?ClusterId=*&facets=OsTag.Platform&limit=1",
		"/v1/images/m-cent79", "/v1/images/m-cent79/history", "/v1/images/m-cent79/history?format=atom",
		"/v1/changes", "/v1/changes?since=1", "/v1/changes?since=-24h", "/v1/changes?format=atom",
		"/v1/changes?format=ndjson", "/v1/changes?at=1", "/v1/clusters", "/v1/clusters?at=1", "/v1/matrix?ClusterId=*",
		"/openapi.json",
	} {
		bodies := map[string]string{}
		for _, who := range []string{"all", "a", "b"} {
			rec := get(h, target, "Authorization", bearer(who))
			tag, body := rec.Header().Get("ETag"), rec.Body.String()
			if rec.Code != 200 {
				continue
			}
			if other, known := bodies[tag]; known && other != body || tag == "" {
				t.Errorf("%s has the ETag %s for\n%s\nand for\n%s", target, tag, other, body)
			}
			bodies[tag] = body
		}
		if len(bodies) > 1 {
			different++
		}
	}
	if different < 10 {
		t.Errorf("%d of the routes answer callers differently: too few to compare", different)
	}
}

// Tokens are taken from the header alone, and a token that stands anywhere
// else is not repeated.
func TestTokensInAddresses(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	open, h := w.Handler(), w.Handler(allow(access.Grant{Name: "all"}))
	for _, target := range []string{
		"/v1/images?access_token=TOKEN", "/v1/images?TOKEN=1", "/v1/images?Token=TOKEN&limit=x",
		"/v1/images?acces%73_token=TOKEN", "/v1/images?authorization=Bearer+TOKEN",
		"/v1/images/TOKEN", "/v1/TOKEN", "/v1/images?ClusterId=TOKEN", "/v1/images?InstanceType=TOKEN",
		"/v1/images?at=TOKEN", "/v1/images?sort=TOKEN", "/v1/images?Status__TOKEN=x", "/v1/images?RegionId=TOKEN",
		"/healthz?token=TOKEN", "/v1/changes?ClusterId=TOKEN", "/v1/images/TOKEN/history",
	} {
		target = strings.ReplaceAll(target, "TOKEN", token("all"))
		for what, rec := range map[string]*httptest.ResponseRecorder{
			"without tokens": get(open, target), "without a header": get(h, target),
			"with a header": get(h, target, "Authorization", bearer("all")),
		} {
			if rec.Code < 400 || strings.Contains(dump(rec), token("all")) {
				t.Errorf("%s, %s: %s", target, what, dump(rec))
			}
			name, _, _ := strings.Cut(target[strings.Index(target, "?")+1:], "=")
			switch strings.ToLower(name) {
			case "access_token", "token", "acces%73_token", "authorization":
				checkError(t, rec, 400, "InvalidParameter",
					[]string{`Tokens are not accepted in the URL, which is logged. Send "Authorization: Bearer <token>".`})
			}
		}
	}
}

func TestGrantThatCoversNothingServed(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(allow(access.Grant{Name: "elsewhere", Regions: []string{beijing}}))
	for _, target := range guardedRoutes {
		rec := get(h, target, "Authorization", bearer("elsewhere"))
		checkError(t, rec, 403, "Forbidden", []string{"grants none of the regions that are served here"})
		if strings.Contains(rec.Body.String(), hangzhou) {
			t.Errorf("%s names a region: %s", target, rec.Body)
		}
	}
}

func TestStatusSaysWhoMayAsk(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	keys := func(o *query.Options) {
		o.Keys = access.Keys{{ID: "CIAK-0001", Secret: "s3cr3t-s3cr3t", Grant: access.Grant{Name: "cli"}}}
	}
	for _, row := range []struct {
		what             string
		edit             []func(*query.Options)
		caller           string
		tokens, keys     bool
		summary, regions string
	}{
		{what: "nothing",
			summary: "Neither tokens nor access keys are configured: the trigger's own authentication is all."},
		{what: "tokens", edit: []func(*query.Options){allow(access.Grant{Name: "all"})}, caller: "all", tokens: true,
			summary: "the replica is closed"},
		{what: "both", edit: []func(*query.Options){
			allow(access.Grant{Name: "a", Regions: []string{hangzhou}, Clusters: []string{"ehpc-a"}}), keys},
			caller: "a", tokens: true, keys: true, summary: "the replica for a signature",
			regions: "[cn-hangzhou] [ehpc-a]"},
	} {
		rec := get(w.Handler(row.edit...), "/v1/status", "Authorization", bearer(row.caller))
		var body struct {
			Access struct {
				Tokens, AccessKeys bool
				Summary            string
				Regions, Clusters  []string
			}
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		a := body.Access
		if a.Tokens != row.tokens || a.AccessKeys != row.keys || !strings.Contains(a.Summary, row.summary) ||
			row.regions != "" && fmt.Sprint(a.Regions, " ", a.Clusters) != row.regions {
			t.Errorf("%s: %+v", row.what, a)
		}
		if strings.Contains(rec.Body.String(), "s3cr3t") || strings.Contains(rec.Body.String(), "CIAK") {
			t.Errorf("%s: the status shows a key: %s", row.what, rec.Body)
		}
	}
	for _, target := range guardedRoutes { // keys alone close the routes
		rec := get(w.Handler(keys), target, "Authorization", "Bearer s3cr3t-s3cr3t")
		if checkError(t, rec, 401, "Unauthorized", nil); !strings.Contains(rec.Body.String(),
			"Only access keys are configured") {
			t.Errorf("%s does not say why: %s", target, rec.Body)
		}
	}
}

// FuzzGuard: whatever stands in the address and in the header, nobody but the
// holder of a token is told anything that is stored.
func FuzzGuard(f *testing.F) {
	h := newSmallRegion(f).Handler(allow(access.Grant{Name: "all"}))
	for _, target := range guardedRoutes {
		f.Add(target, bearer("other"))
	}
	f.Add("/v1/images?access_token="+token("all"), "")
	f.Add("/?Action=ListCommunityImages", "Bearer  "+token("all")+" ")
	f.Add("/%2f/v1/images", "bearer\t"+token("all"))
	// names are told decoded
	f.Add("/healthz?m-cent7%39=1&%65hpc-new=%zz&"+token("all")+"=1&c%69_"+strings.TrimPrefix(token("all"), "ci_")+"=1",
		"")
	f.Add("/v1/images/m-cent79?%61ccess_token=1", "Bearer "+token("all")+","+token("all"))
	f.Add("//"+hangzhou+"/\x00", "\u212Aearer "+token("all"))
	holder, escape := regexp.MustCompile(`^(?i:bearer) +`+token("all")+` *$`), regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	f.Fuzz(func(t *testing.T, target, authorization string) {
		rec := get(h, target, "Authorization", authorization)
		if holder.MatchString(authorization) {
			if rec.Code == 401 || rec.Code == 403 {
				t.Errorf("the holder of a token is told %s", dump(rec))
			}
			return
		}
		if rec.Code == 500 || rec.Code == 304 || strings.Contains(dump(rec), token("all")) {
			t.Errorf("%q with %q: %s", target, authorization, dump(rec))
		}
		asked := target + "\n" + escape.ReplaceAllStringFunc(target, func(code string) string {
			plain, _ := url.PathUnescape(code)
			return plain
		})
		for _, stored := range []string{hangzhou, "ehpc-new", "m-cent79", "深度学习"} {
			if strings.Contains(rec.Body.String(), stored) && !strings.Contains(asked, stored) {
				t.Errorf("%q with %q tells of %s: %s", target, authorization, stored, dump(rec))
			}
		}
	})
}
