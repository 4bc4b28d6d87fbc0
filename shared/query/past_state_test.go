package query_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/catalog"
)

// snapshotOf returns the member Snapshot of an answer, and the cursor of its
// next page.
func snapshotOf(t *testing.T, h http.Handler, target string) (snapshot, next string) {
	t.Helper()
	rec := get(h, target)
	var body struct {
		Snapshot   json.RawMessage
		NextCursor string
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != 200 {
		t.Fatalf("%s: %s", target, dump(rec))
	}
	return string(body.Snapshot), body.NextCursor
}

// TestPagesOfPastStateStayInIt: equal content today does not turn a later page
// into an answer about today. In ehpc-b a check has failed since.
func TestPagesOfPastStateStayInIt(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	for _, target := range []string{"/v1/images?ClusterId=ehpc-b&limit=1&at=2",
		"/v1/images?ClusterId=ehpc-b&limit=1&at=2026-11-23T10:00:00Z", "/v1/images?ClusterId=ehpc-b&limit=1&at=-31m",
		"/v1/matrix?ClusterId=ehpc-b&limit=1&at=2"} {
		for _, caller := range []string{"all", "b"} {
			first, next := snapshotOf(t, withToken{h, caller}, target)
			second, _ := snapshotOf(t, withToken{h, caller}, target+"&cursor="+next)
			if !strings.Contains(first, `"Sequence":2,`) || !strings.Contains(first, `"Stale":false`) ||
				second != first {
				t.Errorf("%s for %s begins in %s and goes on in %s", target, caller, first, second)
			}
		}
	}
	_, next := snapshotOf(t, withToken{h, "all"}, "/v1/images?ClusterId=ehpc-b&limit=1")
	if now, _ := snapshotOf(t, withToken{h, "all"}, "/v1/images?ClusterId=ehpc-b&limit=1&cursor="+
		next); !strings.Contains(now, `"Sequence":3,`) || !strings.Contains(now, `"Stale":true`) {
		t.Errorf("without at the second page shows %s", now)
	}
}

// TestImageOfRegionWithoutScopes: a region whose scopes have all ended is not
// one to wait for.
func TestImageOfRegionWithoutScopes(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{}, "ehpc-a/_any")
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}},
		access.Grant{Name: "x", Clusters: []string{"ehpc-x"}}))
	for _, row := range []struct {
		caller, target string
		status         int
		code           string
	}{
		{"all", "/v1/images/m-cent79", 410, "ImageGone"},
		{"all", "/v1/images/m-cent79?at=2", 410, "ImageGone"},
		{"all", "/v1/images/m-none", 404, "ImageNotFound"},
		{"a", "/v1/images/m-cent79", 410, "ImageGone"},
		{"a", "/v1/images/m-none", 404, "ImageNotFound"},
		{"x", "/v1/images/m-cent79", 404, "ImageNotFound"},
		{"x", "/v1/images/m-none", 404, "ImageNotFound"},
	} {
		checkError(t, get(withToken{h, row.caller}, row.target), row.status, row.code, nil)
	}
}

// TestETagOfOneImageCoversItsChecks: LastSeen of the last commit comes from the
// latest checks, and once it is past from the checks in the log. The two
// answers have different ETags, even if another cluster was checked last.
func TestETagOfOneImageCoversItsChecks(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage), "ehpc-b/_any": parseImages(t, centOS79)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage), "ehpc-b/_any": parseImages(t, centOS710)})
	h := w.Handler()
	const target = "/v1/images/m-bp181x855551ww5yq****?at=2"
	seen := func() (tag string, last catalog.Time) {
		rec := get(h, target)
		return rec.Header().Get("ETag"), answerOf[imageAnswer](t, h, 200, target).LastSeen
	}
	tag, last := seen()
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage), "ehpc-b/_any": parseImages(t, centOS79)})
	for range 2 {
		if later, past := seen(); last != catalog.At(epoch.Add(time.Hour)) || past != catalog.At(epoch) ||
			tag == later {
			t.Errorf("seen last %s under %s, later %s under %s", last, tag, past, later)
		}
	}
}

// TestPositionFarBehindCommit: a feed whose cursor has a greater offset than
// its commit has events goes on with the next commit.
func TestPositionFarBehindCommit(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	for _, route := range []string{"/v1/changes?", "/v1/changes?ImageId=m-win&", "/v1/images/m-win/history?"} {
		page := answerOf[feedAnswer](t, h, 200, route+"since="+w.FeedCursor(hangzhou, 3, 1073741823))
		if len(page.Changes)+len(page.Events) > 0 || page.NextCursor != w.FeedCursor(hangzhou, 4, 0) {
			t.Errorf("%s goes on with %v and then at %s", route, page, page.NextCursor)
		}
		cursor := w.FeedCursor(hangzhou, 3, 1073741824)
		checkError(t, get(h, route+"since="+cursor), 400, "InvalidParameter",
			[]string{"since must be a NextCursor of this feed", fmt.Sprintf(`, got %q.`, cursor)})
	}
}

// TestFirstSeenBeforeKeptHistory: retention has removed the commits in which two images
// came. The index remembers the date of one; the other was there in commit 1, so nobody
// knows since when. The answer does not depend on what the instance has read before.
// There are few scopes, so snapshots are read instead of the index.
func TestFirstSeenBeforeKeptHistory(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage), "ehpc-a/_any": parseImages(t, centOS79)})
	w.Now = w.Now.Add(time.Hour)
	came := catalog.At(w.Now)
	for _, other := range []string{centOS79, centOS710, centOS79} {
		w.CommitRun(hangzhou, content{
			"_any/_any": parseImages(t, sampleImage, ubuntuCreating), "ehpc-a/_any": parseImages(t, other),
		})
		w.Now = w.Now.Add(40 * 24 * time.Hour)
	}
	w.RemoveMonth(hangzhou, "2026-11")
	const sample, later = "/v1/images/m-bp181x855551ww5yq****?", "/v1/images/m-ubuntu?"
	for _, before := range []string{"/healthz", "/v1/images", "/v1/clusters", "/v1/changes?since=0",
		"/v1/images/m-cent710"} {
		h := w.Handler()
		get(h, before)
		for target, want := range map[string]catalog.Time{
			sample: {}, sample + "at=6": {}, sample + "at=4": {}, sample + "ClusterId=_any": {},
			later: came, later + "at=6": came, later + "at=4": came, later + "ClusterId=_any": {},
		} {
			if got := answerOf[imageAnswer](t, h, 200, target); got.FirstSeen != want {
				t.Errorf("after %s the image of %s was first seen %s, want %s", before, target, got.FirstSeen, want)
			}
		}
	}
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, windows), "ehpc-a/_any": parseImages(t, centOS79)})
	for _, before := range []string{"/healthz", "/v1/images", "/v1/matrix", "/v1/images/m-cent710"} {
		h := w.Handler()
		get(h, before)
		for target, want := range map[string]catalog.Time{sample: {}, later: came, later + "ClusterId=_any": {}} {
			if got := answerOf[imageAnswer](t, h, 410, target); got.FirstSeen != want {
				t.Errorf("after %s the image of %s, which is gone, was first seen %s, want %s", before, target,
					got.FirstSeen, want)
			}
		}
	}
}

// TestPositionOfPastFeedStays: the next cursor of a feed that ends in the past
// does not depend on later commits.
func TestPositionOfPastFeedStays(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage), "ehpc-b/_any": parseImages(t, centOS79)})
	since := catalog.At(epoch.Add(time.Minute)).String()
	for _, other := range []string{centOS710, windows} {
		w.Now = w.Now.Add(time.Hour)
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage), "ehpc-b/_any": parseImages(t, other)})
	}
	handler := func() http.Handler {
		return w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	}
	target := "/v1/changes?at=1&since=" + since
	before := get(withToken{handler(), "a"}, target)
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, ubuntuCreating),
		"ehpc-b/_any": parseImages(t, windows)})
	w.Now = w.Now.Add(time.Minute)
	h := handler()
	after := get(withToken{h, "a"}, target)
	c2 := w.FeedCursor(hangzhou, 2, 0)
	if before.Header().Get("ETag") != after.Header().Get("ETag") || before.Header().Get("X-Next-Cursor") != c2 ||
		after.Header().Get("X-Next-Cursor") != c2 {
		t.Errorf("before:\n%s\nafter:\n%s", dump(before), dump(after))
	}
	for _, caller := range []string{"a", "all"} {
		for since, want := range map[string]int{"2026-11-23T08:00:00Z": 3, since: 2, "2026-11-23T12:00:00Z": 0,
			c2: 2} {
			page := answerOf[feedAnswer](t, withToken{h, caller}, 200, "/v1/changes?ClusterId=ehpc-a&since="+since)
			if len(page.Changes) != want || page.NextCursor != w.FeedCursor(hangzhou, 5, 0) {
				t.Errorf("%s since %s: %v", caller, since, page)
			}
		}
	}
}
