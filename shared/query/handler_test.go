package query_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive/archivetest"
	"community-images/shared/query"
)

func TestMethodAndMediaType(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	r := httptest.NewRequest(http.MethodPost, "/v1/images", nil)
	r.Host = "images.example"
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	checkError(t, rec, 405, "MethodNotAllowed", []string{"POST"})
	if got := rec.Header().Get("Allow"); got != "GET, HEAD" {
		t.Errorf("Allow is %q", got)
	}
	r = httptest.NewRequest(http.MethodPut, "/", nil)
	rec = httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if got := rec.Header().Get("Allow"); rec.Code != 405 || got != "GET, HEAD, POST" { // POST is the replica's
		t.Errorf("of the root Allow is %q with %d", got, rec.Code)
	}
	checkError(t, get(h, "/v1/images", "Accept", "image/png"), 406, "NotAcceptable",
		[]string{"Accept", "application/json", "text/csv"})
	for _, row := range []struct{ path, types, recommends string }{
		{"/v1/status", "application/json, text/html.", "Accept one of them, or use the format parameter."},
		{"/healthz", "application/json.", "Accept one of them."},
		{"/openapi.json", "application/json.", "Accept one of them."},
	} {
		rec := get(h, row.path, "Accept", "image/png")
		checkError(t, rec, 406, "NotAcceptable",
			[]string{"The Accept header allows none of the media types of this route: " + row.types})
		if !strings.Contains(rec.Body.String(), `"Recommend":"`+row.recommends+`"`) {
			t.Errorf("%s: %s", row.path, rec.Body)
		}
	}
	for accept, want := range map[string]string{
		"":                                   "application/json",
		"*/*":                                "application/json",
		"text/csv, */*":                      "text/csv; charset=utf-8; header=present",
		"*":                                  "application/json",
		"text/csv;q=0.9, *; q=.2":            "text/csv; charset=utf-8; header=present",
		"image/png, *":                       "application/json",
		"*;q=0, text/csv":                    "text/csv; charset=utf-8; header=present",
		"text/csv":                           "text/csv; charset=utf-8; header=present",
		"text/*;q=0.5, application/x-ndjson": "application/x-ndjson",
		"application/json;q=0.1, text/plain": "text/plain; charset=utf-8",
	} {
		if got := get(h, "/v1/images", "Accept", accept).Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %q gives %q, want %q", accept, got, want)
		}
	}
}

func TestRegionIsFoundOrAskedFor(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79),
		"ehpc-bj/_any": parseImages(t, centOS710, windows)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	checkError(t, get(h, "/v1/images"), 400, "MissingParameter", []string{"RegionId", "cn-hangzhou or cn-beijing"})
	checkError(t, get(h, "/v1/images?ClusterId=*"), 400, "MissingParameter", []string{"RegionId"})
	checkError(t, get(h, "/v1/images?ClusterId=nope"), 404, "ClusterNotFound", []string{"ehpc-a", "ehpc-bj"})
	checkError(t, get(h, "/v1/images/m-cent79"), 400, "MissingParameter", []string{"RegionId"})
	checkError(t, get(h, "/v1/images/m-nope"), 404, "ImageNotFound", nil)
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-bj&format=ids":     "m-cent710\nm-win\n",
		"/v1/images?RegionId=cn-beijing&format=ids":   "m-cent79\n",
		"/v1/images?ClusterId=ehpc-b&format=ids":      "m-bp181x855551ww5yq****\nm-ubuntu\n",
		"/v1/images?ClusterId=ehpc-b&format=ids&at=1": "m-bp181x855551ww5yq****\nm-cent79\n",
	} {
		if got := get(h, target).Body.String(); got != want {
			t.Errorf("%s gives %q, want %q", target, got, want)
		}
	}
	if rec := get(h, "/v1/images/m-ubuntu"); rec.Code != 200 ||
		!strings.Contains(rec.Body.String(), `"RegionId":"cn-hangzhou"`) {
		t.Errorf("an image of one region is not found: %d %s", rec.Code, rec.Body)
	}
	if rec := get(h, "/v1/clusters"); !strings.Contains(rec.Body.String(),
		`"RegionId":"cn-beijing","ClusterId":"ehpc-bj"`) || rec.Header().Get("X-Snapshot-Sequence") != "" {
		t.Errorf("clusters of all regions: %v %s", rec.Header(), rec.Body)
	}
}

func TestNotModifiedLoadsNothing(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	targets := []string{"/v1/images?ClusterId=ehpc-a&sort=-Size", "/v1/images/m-cent79", "/v1/clusters",
		"/v1/images?ClusterId=*&format=csv"}
	for _, target := range targets {
		tag := get(w.Handler(), target).Header().Get("ETag")
		if tag == "" || strings.HasPrefix(tag, "W/") {
			t.Fatalf("%s has ETag %q", target, tag)
		}
		h := w.Handler()
		w.Memory.Requests()
		rec := get(h, target, "If-None-Match", `"other", `+tag)
		if rec.Code != 304 || rec.Body.Len() != 0 || rec.Header().Get("ETag") != tag ||
			rec.Header().Get("X-Snapshot-Age") == "" {
			t.Errorf("%s: %d %v %s", target, rec.Code, rec.Header(), rec.Body)
		}
		if asked := w.Memory.Requests(); strings.Contains(asked, "/clusters/") ||
			strings.Contains(asked, "index.ndjson") || strings.Count(asked, "log/") > 1 {
			t.Errorf("%s: a 304 reads\n%s", target, asked)
		}
		if rec := get(h, target, "If-None-Match", `"other"`); rec.Code != 200 {
			t.Errorf("%s: another tag gives %d", target, rec.Code)
		}
	}
	h := w.Handler()
	tagOf := func(target string) string { return get(h, target).Header().Get("ETag") }
	a := tagOf("/v1/images?ClusterId=ehpc-a&Status=Available,Creating")
	if a != tagOf("/v1/images?status=Available,Creating&clusterId=ehpc-a") {
		t.Error("one question in two spellings has two tags")
	}
	if tagOf("/v1/images?ClusterId=ehpc-a&sort=-Size,imagename&fields=ImageId,OsTag&format=csv&latestBy=Size") !=
		tagOf("/v1/images?FORMAT=CSV&fields=imageid,OSTAG&sort=-size,ImageName&latestby=SIZE&ClusterId=ehpc-a") {
		t.Error("names in two spellings make two tags")
	}
	w.Now = w.Now.Add(time.Minute)
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, centOS79)})
	w.Now = w.Now.Add(time.Minute)
	if rec := get(h, "/v1/images?ClusterId=ehpc-a&Status=Available,Creating", "If-None-Match", a); rec.Code != 304 {
		t.Error("a commit that does not concern the scope changes its tag")
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for _, target := range []string{"/v1/images", "/v1/status", "/nope"} {
		g := get(h, target)
		r := httptest.NewRequest(http.MethodHead, target, nil)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Body.Len() != 0 || rec.Code != g.Code ||
			rec.Header().Get("ETag") != g.Header().Get("ETag") ||
			rec.Header().Get("Content-Type") != g.Header().Get("Content-Type") {
			t.Errorf("%s: HEAD gives %d %v", target, rec.Code, rec.Header())
		}
	}
}

// TestDataOfAnotherFormat: the answer says that the format is another one, and the log
// what to do.
func TestDataOfAnotherFormat(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.Memory.Restore(archivetest.Format1(t, w.Keys))
	var logged []string
	h := w.Handler(func(o *query.Options) { o.Report = collectReports(&logged) })
	for _, target := range []string{"/v1/images", "/v1/clusters", "/v1/changes?since=0", "/v1/images/m-a"} {
		rec := get(h, target)
		checkError(t, rec, 503, "DataDamaged", nil)
		if body := rec.Body.String(); !strings.Contains(body, "has format 1, and this program reads format 2") ||
			strings.Contains(body, "community-images/") {
			t.Errorf("%s: %s", target, body)
		}
	}
	if len(logged) == 0 || !strings.Contains(logged[0], `remove all objects below "community-images/v1/cn-hangzhou/"`) {
		t.Errorf("the log has %q", logged)
	}
}

func TestDamageHitsOnlyWhatNeedsIt(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	for key, data := range w.Memory.Objects() {
		if strings.Contains(key, "/ehpc-a/_any/") {
			w.Memory.Spoil(key, data[:len(data)/2])
		}
	}
	var logged []string
	h := w.Handler(func(o *query.Options) { o.Report = collectReports(&logged) })
	rec := get(h, "/v1/images?ClusterId=ehpc-a")
	checkError(t, rec, 503, "DataDamaged", nil)
	isLogged := len(logged) == 1 && strings.Contains(logged[0], "/ehpc-a/_any/")
	if strings.Contains(rec.Body.String(), "community-images/") || !isLogged {
		t.Errorf("the key belongs into the log and not into the answer: %s, %q", rec.Body, logged)
	}
	if rec := get(h, "/v1/images?ClusterId=ehpc-b"); rec.Code != 200 {
		t.Errorf("another cluster answers %d", rec.Code)
	}
}
