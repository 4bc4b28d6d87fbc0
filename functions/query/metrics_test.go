package main

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// TestMetricsThroughTheRuntime scrapes the real binary behind FC's HTTP
// trigger, as Prometheus would.
func TestMetricsThroughTheRuntime(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, regionSize{"few", 3, 5, 10})
	f := c.startFunction(t, buildQuery(t), "QUERY_HEAD_TTL=1h")
	get := func(target string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Accept",
			"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
		rec := httptest.NewRecorder()
		f.HTTPHandler().ServeHTTP(rec, r)
		return rec
	}
	get("/v1/images?ClusterId=*&limit=1")
	c.oss.Requests()
	rec := get("/metrics")
	if got := rec.Header().Get("Content-Type"); rec.Code != 200 ||
		got != "application/openmetrics-text; version=1.0.0; charset=utf-8" {
		t.Errorf("%d %s", rec.Code, got)
	}
	for _, want := range []string{
		`community_images_up{region="cn-hangzhou"} 1`, `community_images_scopes{region="cn-hangzhou",state="ok"} 3`,
		`community_images_listed_images{region="cn-hangzhou"} 15`,
		`community_images_lookups_total{route="/v1/images",class="2xx"} 1`,
		`community_images_build_info{version="devel"} 1`,
	} {
		if !strings.Contains(rec.Body.String(), "\n"+want+"\n") {
			t.Errorf("%s is not in\n%s", want, rec.Body)
		}
	}
	if !strings.HasSuffix(rec.Body.String(), "\n# EOF\n") {
		t.Error("there is no end")
	}
	if asked := strings.TrimSpace(c.oss.Requests()); asked != "GET community-images/notify/status.json: 404 NoSuchKey" {
		t.Errorf("a scrape right after a lookup asks OSS for more than how the subscriptions stand\n%s", asked)
	}
	get("/metrics")
	if asked := c.oss.Requests(); asked != "" {
		t.Errorf("the next scrape asks OSS\n%s", asked)
	}
}
