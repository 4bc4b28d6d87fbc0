package query_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/query"
)

// TestHeaders checks single headers of answers. An empty value means that the
// header is not sent.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	one := w.Handler()
	both := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for _, row := range []struct {
		h            http.Handler
		target       string
		header, want string
	}{
		{one, "/v1/images?ClusterId=ehpc-a&limit=1&format=csv", "X-Total-Count", "4"},
		{one, "/v1/images?ClusterId=ehpc-a&Status=Creating&format=ids", "X-Total-Count", "1"},
		{one, "/v1/matrix?limit=1&format=csv", "X-Total-Count", "4"},
		{one, "/v1/status", "X-Total-Count", ""},
		{one, "/v1/clusters", "X-Total-Count", "5"},
		{one, "/v1/clusters?ClusterId=ehpc-a&format=table", "X-Total-Count", "2"},
		{both, "/v1/clusters", "X-Total-Count", "6"},
		{one, "/v1/diff?ClusterId=ehpc-a&from=1", "X-Total-Count", "2"},
		{one, "/v1/diff?ClusterId=ehpc-a&with=ehpc-b", "X-Total-Count", "3"},
		{one, "/v1/images", "Cache-Control", "max-age=5"},
		{one, "/v1/images?at=1", "Cache-Control", "no-cache"},
		{one, "/v1/images?at=3", "Cache-Control", "no-cache"},
		{one, "/v1/images?at=2026-11-23T09:30:00Z", "Cache-Control", "no-cache"},
		{one, "/v1/images?at=-2h", "Cache-Control", "no-cache"},
		{one, "/v1/images/m-cent79?at=2", "Cache-Control", "no-cache"},
		{one, "/v1/clusters?at=2026-11-23T09:30:00Z", "Cache-Control", "no-cache"},
		{one, "/v1/matrix?at=1", "Cache-Control", "no-cache"},
		{one, "/v1/changes?at=2", "Cache-Control", "no-cache"},
		{one, "/v1/changes?since=1", "Cache-Control", "max-age=5"},
		{one, "/v1/diff?ClusterId=ehpc-a&from=1&to=2", "Cache-Control", "no-cache"},
		{one, "/v1/diff?ClusterId=ehpc-a&with=ehpc-b", "Cache-Control", "max-age=5"},
		{one, "/v1/status", "Cache-Control", "max-age=5"},
		{one, "/v1/status", "Last-Modified", "Mon, 23 Nov 2026 11:00:00 GMT"},
		{both, "/v1/status", "Last-Modified", "Mon, 23 Nov 2026 11:30:00 GMT"},
		{one, "/metrics", "Cache-Control", "no-store"},
		{one, "/healthz", "Cache-Control", "no-store"},
		{one, "/v1/images?x=1", "Cache-Control", "no-store"},
		{one, "/v1/images?ClusterId=ehpc-b", "Warning", `110 - "Response is Stale"`},
		{one, "/v1/images?ClusterId=ehpc-a", "Warning", ""},
		{both, "/v1/status", "X-Snapshot-Sequence", ""},
		{both, "/v1/status?RegionId=cn-hangzhou", "X-Snapshot-Sequence", "3"},
		{one, "/v1/changes?since=" + w.FeedCursor(hangzhou, 2, 1), "X-Next-Cursor", w.FeedCursor(hangzhou, 4, 0)},
	} {
		if rec := get(row.h, row.target); rec.Header().Get(row.header) != row.want {
			t.Errorf("%s: %d, %s is %q, want %q", row.target, rec.Code, row.header, rec.Header().Get(row.header),
				row.want)
		}
	}
}

func TestWithheldFieldsMakeAnotherAnswer(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	open := get(w.Handler(), "/v1/images").Header().Get("ETag")
	h := w.Handler(func(o *query.Options) { o.Redact = []string{"Uid"} })
	if rec := get(h, "/v1/images", "If-None-Match", open); rec.Code != 200 {
		t.Errorf("an answer without Uid is taken for one with it: %d", rec.Code)
	}
}

// TestStatusHasATag that names what the status is and not how old it has
// become meanwhile, which is told anew each time.
func TestStatusHasATag(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(func(o *query.Options) { o.MaxStale = 65 * time.Minute })
	tag := get(h, "/v1/status").Header().Get("ETag")
	step := func(what string, pass time.Duration, age string, same bool) {
		t.Helper()
		w.Now = w.Now.Add(pass)
		rec := get(h, "/v1/status")
		if got := rec.Header().Get("ETag"); (got == tag) != same || got == "" ||
			!strings.Contains(rec.Body.String(), `"AgeSeconds":`+age+`}`) {
			t.Errorf("%s: ETag %s after %s, body %s", what, got, tag, rec.Body)
		}
		if rec := get(h, "/v1/status", "If-None-Match", tag); (rec.Code == 304) != same {
			t.Errorf("%s: the last tag gives %d", what, rec.Code)
		}
		tag = rec.Header().Get("ETag")
	}
	step("at once", 0, "5400", true)
	step("a while later", 20*time.Minute, "6600", true)
	step("now a scope is too old", 20*time.Minute, "7800", false)
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage, ubuntuAvailable)})
	step("after a run", time.Minute, "4260", false)
	if other := get(w.Handler(allow(access.Grant{Name: "all"})), "/v1/status", "Authorization",
		bearer("all")).Header().Get("ETag"); other == tag {
		t.Error("who may ask is told and makes no other answer")
	}
}
