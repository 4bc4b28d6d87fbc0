package query_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/query"
)

// TestFeedFromARelativeTime has one ETag as long as it holds the same.
func TestFeedFromARelativeTime(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler()
	const target = "/v1/changes?since=-1h45m" // commit 3
	tag := get(h, target).Header().Get("ETag")
	w.Now = w.Now.Add(14 * time.Minute)
	if rec := get(h, target, "If-None-Match", tag); rec.Code != 304 {
		t.Errorf("a little later nothing has changed, and the answer is %d", rec.Code)
	}
	w.Now = w.Now.Add(time.Hour)
	if rec := get(h, target, "If-None-Match", tag); rec.Code != 200 {
		t.Errorf("an hour later commits are out of reach, and the answer is %d", rec.Code)
	}
}

// TestFeedOfImages asks for the changes of several images: a list means the
// same as in a filter.
func TestFeedOfImages(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for target, want := range map[string]string{
		"ClusterId=ehpc-a&ImageId=m-win,m-cent710":                  "added m-win, added m-cent710, removed m-win",
		"ClusterId=ehpc-a&ImageId=m-cent710&ImageId=m-win,m-nobody": "added m-win, added m-cent710, removed m-win",
		"ClusterId=ehpc-a&ImageId=m-win":                            "added m-win, removed m-win",
		// in the region that has one
		"ImageId=m-nobody,m-win": "added m-win, removed m-win",
	} {
		var got []string
		for _, e := range answerOf[feedAnswer](t, h, 200, "/v1/changes?"+target).Changes {
			got = append(got, e.Kind+" "+e.ImageId)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s gives %q, want %q", target, got, want)
		}
	}
	checkError(t, get(h, "/v1/changes?ImageId=m-nobody,m-none"), 404, "ImageNotFound", []string{"m-nobody,m-none"})
	checkError(t, get(h, "/v1/changes?ImageId=m-win,,m-none"), 400, "InvalidParameter",
		[]string{`ImageId has an empty value between commas: "m-win,,m-none".`})
}

// TestFeedBeyondItsEnd asks up to a commit for what came after a later one:
// an empty answer would hand out a cursor that skips what lies between, or
// goes back before what was asked.
func TestFeedBeyondItsEnd(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h, c2, c3, c4 := w.Handler(), w.FeedCursor(hangzhou, 2, 0), w.FeedCursor(hangzhou, 3, 0), w.FeedCursor(hangzhou, 4, 0)
	for _, target := range []string{
		"/v1/changes?at=1&since=2", "/v1/changes?at=1&since=2026-11-23T10:00:00Z",
		"/v1/changes?at=1&since=2026-11-23T10:30:00Z", "/v1/changes?at=1&since=-30m",
		"/v1/changes?at=2026-11-23T09:10:00Z&since=2026-11-23T10:30:00Z", "/v1/changes?at=-2h&since=-1h",
		"/v1/images/m-cent79/history?at=1&since=3",
	} {
		checkError(t, get(h, target), 404, "CommitNotFound",
			[]string{"since is later than commit 1, the last one at the time given by at."})
	}
	for target, cursor := range map[string]string{
		"/v1/changes?at=1&since=2026-11-23T09:30:00Z":                    c2, // the state was that of commit 1 then
		"/v1/changes?at=1&since=1":                                       c2,
		"/v1/changes?at=2026-11-23T11:10:00Z&since=2026-11-23T11:20:00Z": c4,
		"/v1/changes?at=3&since=-1m":                                     c4,
		// it was handed out, and goes on where it stands
		"/v1/changes?at=1&since=" + c3: c3,
	} {
		rec := get(h, target)
		if got := rec.Header().Get("X-Next-Cursor"); got != cursor || rec.Code != 200 ||
			!strings.Contains(rec.Body.String(), `"Count":0`) {
			t.Errorf("%s gives %d, the cursor %q, want %q: %s", target, rec.Code, got, cursor, rec.Body)
		}
	}
}

// TestFeedIsAsFreshAsItsScopes: what other scopes lack does not concern a feed.
func TestFeedIsAsFreshAsItsScopes(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = w.Now.Add(-30 * time.Minute)
	w.CommitRun(hangzhou, content{"ehpc-end/_any": parseImages(t, sampleImage)})
	w.CommitRun(hangzhou, content{}, "ehpc-end/_any")
	w.Now = w.Now.Add(30 * time.Minute)
	h := w.Handler()
	const a, b, no = "2026-11-23T11:00:00.000Z", "2026-11-23T10:00:00.000Z", ""
	for _, row := range []struct{ query, checked, stale string }{
		{"", b, "ehpc-b/_any ehpc-new/_any"},
		{"ClusterId=ehpc-a", a, ""},
		{"ClusterId=ehpc-a&InstanceType=*", a, ""},
		{"ClusterId=_any", a, ""},
		{"InstanceType=_any", b, "ehpc-b/_any ehpc-new/_any"},
		{"ClusterId=_any&InstanceType=_any", a, ""},
		{"ClusterId=ehpc-b", b, "ehpc-b/_any"},
		{"ClusterId=ehpc-a,ehpc-b", b, "ehpc-b/_any"},
		{"ClusterId=ehpc-new", no, "ehpc-new/_any"},
		{"ClusterId=*", b, "ehpc-b/_any ehpc-new/_any"},
		{"ClusterId=ehpc-end", b, "ehpc-b/_any ehpc-new/_any"}, // the region says that it came to an end
	} {
		for _, path := range []string{"/v1/changes?", "/v1/images/m-bp181x855551ww5yq****/history?"} {
			if path != "/v1/changes?" && row.checked == no { // it never had one
				continue
			}
			got := answerOf[struct {
				Snapshot struct {
					CheckedAt   string
					StaleScopes []struct{ Scope string }
				}
			}](t, h, 200, path+row.query).Snapshot
			var stale []string
			for _, s := range got.StaleScopes {
				stale = append(stale, s.Scope)
			}
			if got.CheckedAt != row.checked || strings.Join(stale, " ") != row.stale {
				t.Errorf("%s%s was checked at %s, stale are %v; want %s and %q", path, row.query, got.CheckedAt, stale,
					row.checked, row.stale)
			}
			rec := get(h, path+row.query+"&maxAge=45m")
			if fresh := row.stale == ""; fresh != (rec.Code == 200) ||
				fresh != !strings.Contains(rec.Body.String(), "SnapshotTooOld") {
				t.Errorf("%s%s with maxAge=45m gives %d %s", path, row.query, rec.Code, rec.Body)
			}
			if named := strings.Contains(rec.Body.String(), "ehpc-b/_any ("); named != strings.Contains(row.stale,
				"ehpc-b") {
				t.Errorf("%s%s with maxAge=45m names ehpc-b: %v", path, row.query, named)
			}
		}
	}
}
