package query_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"community-images/shared/query"
)

// sendRequest sends a request with any method, and headers that may have several lines.
func sendRequest(h http.Handler, method, target string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.Header = "images.example", header
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// TestIfNoneMatch checks what a caller gets who has an answer. Package etag tests which tags
// name it.
func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(func(o *query.Options) { o.Gzip = true })
	const target = "/v1/images?ClusterId=ehpc-a"
	tag := strings.Trim(get(h, target).Header().Get("ETag"), `"`)
	for _, row := range []struct {
		name   string
		lines  []string
		accept string // Accept-Encoding
		status int
		tag    string
	}{
		{"its tag", []string{`"` + tag + `"`}, "", 304, tag},
		{"one of two lines", []string{`"a"`, `"` + tag + `"`}, "", 304, tag},
		{"anything", []string{"*"}, "", 304, tag},
		{"another tag", []string{`"` + tag + `x"`}, "", 200, tag},
		{"the compressed form, and takes it", []string{`"` + tag + `-gzip"`}, "gzip", 304, tag + "-gzip"},
		{"the compressed form, and takes it no more", []string{`"` + tag + `-gzip"`}, "", 304, tag + "-gzip"},
		{"both forms, and takes gzip", []string{`"` + tag + `-gzip", "` + tag + `"`}, "gzip", 304, tag + "-gzip"},
		{"both forms, and does not take gzip", []string{`"` + tag + `-gzip", "` + tag + `"`}, "", 304, tag},
	} {
		rec := sendRequest(h, http.MethodGet, target,
			http.Header{"If-None-Match": row.lines, "Accept-Encoding": {row.accept}})
		if got := rec.Header().Get("ETag"); rec.Code != row.status || got != `"`+row.tag+`"` ||
			(rec.Body.Len() == 0) != (row.status == 304) {
			t.Errorf("a caller that has %s gets %d %s, want %d %s", row.name, rec.Code, got, row.status, row.tag)
		}
	}
	// An answer that is an error or has no ETag matches nothing.
	for target, status := range map[string]int{"/v1/images/m-none": 404, "/v1/images/m-win": 410,
		"/v1/images?minCount=99": 404, "/metrics": 200, "/healthz": 200} {
		if rec := get(h, target, "If-None-Match", "*"); rec.Code != status {
			t.Errorf("%s with If-None-Match * gives %d, want %d", target, rec.Code, status)
		}
	}
}

// TestIfMatch checks that an answer is sent only if If-Match names it, and that
// it is compared before If-None-Match.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	const target = "/v1/images?ClusterId=ehpc-a"
	first := get(h, target)
	tag := first.Header().Get("ETag")
	gzipped := strings.TrimSuffix(tag, `"`) + `-gzip"`
	for _, row := range []struct {
		name, target, match string
		status              int
	}{
		{"the same answer", target, tag, 200},
		{"its compressed form", target, gzipped, 200},
		{"any answer", target, "*", 200},
		{"another answer", target, `"other"`, 412},
		{"any answer where there is none", "/v1/images/m-none", "*", 404},
		{"an answer without ETag", "/healthz", tag, 412},
		{"any answer without ETag", "/healthz", "*", 200},
		{"another answer of a public route", "/", `"other"`, 412},
		{"a wrong parameter", "/v1/images?nope=1", `"other"`, 400},
	} {
		rec := get(h, row.target, "If-Match", row.match)
		if rec.Code != row.status {
			t.Errorf("%s: %d %s, want %d", row.name, rec.Code, rec.Body, row.status)
		}
		if row.status == 412 {
			checkError(t, rec, 412, "PreconditionFailed", []string{"If-Match"})
		}
	}
	if rec := get(h, target, "If-Match", `"other"`, "If-None-Match", tag); rec.Code != 412 {
		t.Errorf("If-None-Match is compared first: %d", rec.Code)
	}
	if rec := get(h, target, "If-Match", tag, "If-None-Match", tag); rec.Code != 304 {
		t.Errorf("both match: %d", rec.Code)
	}
	if rec := sendRequest(h, http.MethodHead, target, http.Header{"If-Match": {`"other"`}}); rec.Code != 412 {
		t.Errorf("HEAD: %d", rec.Code)
	}
}

// TestAcceptInSeveralLines checks that a header in two lines is one list.
func TestAcceptInSeveralLines(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	rec := sendRequest(w.Handler(), http.MethodGet, "/v1/images",
		http.Header{"Accept": {"image/png", "text/csv;q=0.5"}})
	if got := rec.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Errorf("the second line of Accept is ignored: %d %s", rec.Code, got)
	}
}
