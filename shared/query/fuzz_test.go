package query_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRequest sends anything as path, query and headers: never a panic, never
// a 500, always a known status, valid JSON where JSON is said, and no header
// or body that could be taken for something else.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"OsTag.Platform=CentOS&sort=-OsTag.Version&limit=1&format=ids",
		"ImageName__iregex=(a%7C%C3%A9)%2B.*&fields=OsTag", "ImageName__glob=%5B!a-z%5D*%3F%5B",
		"at=-24h&maxAge=10m", "at=1795424400000", "cursor=AUcMjMlyOLjiS7FyDDT52NcDAQ",
		"since=c2.1.cn-hangzhou.0123456789abcdef&kind=removed",
		"from=1&to=2&ClusterId=ehpc-a", "q=a%5C,b,%5C%5C,", "ClusterId=*&InstanceType=*&format=csv",
		"Size__gte=1e3&Size__lt=-0x1p3", "%00=%ff&&=&a=%zz;b", "limit=1&limit=1&LIMIT=2",
		"facets=Status&latestBy=Size&minCount=1",
	} {
		for _, path := range []string{"/v1/images", "/v1/changes", "/v1/diff", "/v1/matrix",
			"/v1/images/m-ubuntu/history", "/v1/aliases", "/v1/aliases/held"} {
			f.Add(path, seed, "*/*", `"x"`)
		}
	}
	f.Add("/v1/images/%2e%2e%2f", "", "text/html;q=2,,", "W/")
	// the Link to the next page says it again, escaped
	f.Add("/v1/images", "limit=1&ImageName__ne="+strings.Repeat("é", 2000), "", "")
	// what no header may hold as it is
	f.Add("/v1/changes", "limit=1&ClusterId=*,\\\"<>", "", "*")
	f.Add("/v1/images", "at=9999-12-31T23:59:59-23:59&maxAge=99999w", "", "") // the year 10000
	// before 1970; letters that fold to s and k
	f.Add("/v1/images", "at=1970-01-01T00:00:00%2B23:59&%C5%BFort=%E2%84%AA", "", "")
	// numbers beyond any, a name that is no UTF-8
	f.Add("/v1/images", "limit=18446744073709551617&cursor=AQ&%F0%90=%zz", "", "")
	f.Add("/v1/images", "ImageName__regex=((a{0,30}){30})*%24|(?i)%E2%84%AA&facets=Size,Size&latestBy=OsTag.Version",
		"", "")
	h := newSmallRegion(f).Handler()
	known := []int{200, 304, 400, 404, 405, 406, 410, 412, 414, 503}
	f.Fuzz(func(t *testing.T, path, rawQuery, accept, match string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: path, RawPath: path, RawQuery: rawQuery}
		r.Header.Set("Accept", accept)
		r.Header.Set("If-None-Match", match)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if !slices.Contains(known, rec.Code) {
			t.Fatalf("%q?%q gives %d %s", path, rawQuery, rec.Code, rec.Body)
		}
		size := 0
		for name, values := range rec.Header() {
			for _, v := range values {
				size += len(name) + len(v) + 4
				if strings.ContainsAny(v, "\r\n\x00") {
					t.Errorf("header %s is %q", name, v)
				}
			}
		}
		if size > 8000 {
			t.Errorf("headers have %d bytes", size)
		}
		if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/json") && rec.Code != 304 {
			if !json.Valid(rec.Body.Bytes()) || !utf8.Valid(rec.Body.Bytes()) {
				t.Errorf("%q?%q: not JSON: %s", path, rawQuery, rec.Body)
			}
		}
	})
}
