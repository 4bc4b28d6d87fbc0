package query_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
)

// nextCursor returns where a feed goes on.
func nextCursor(t *testing.T, h http.Handler, target string) string {
	t.Helper()
	rec := get(h, target)
	if rec.Code != 200 || rec.Header().Get("X-Next-Cursor") == "" {
		t.Fatalf("%s: %s", target, dump(rec))
	}
	return rec.Header().Get("X-Next-Cursor")
}

// beginAnew is what every refusal of a cursor of another log says.
var beginAnew = []string{"restored from a backup", "since=0", "CommittedAt of the last event"}

func TestFeedCursorOfAnotherRegion(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79), "ehpc-bj/_any": parseImages(t, windows)})
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} },
		allow(access.Grant{Name: "all"}, access.Grant{Name: "bj", Regions: []string{beijing}},
			access.Grant{Name: "cluster", Clusters: []string{"ehpc-bj", "ehpc-a"}}))
	for _, caller := range []string{"all", "cluster"} {
		cursor := nextCursor(t, withToken{h, caller}, "/v1/changes?RegionId=cn-hangzhou&limit=1")
		for _, name := range []string{"since", "cursor"} {
			checkError(t, get(withToken{h, caller}, "/v1/changes?RegionId=cn-beijing&"+name+"="+cursor), 400,
				"InvalidParameter", []string{name + ` is a position in region "cn-hangzhou", not in "cn-beijing"`})
		}
		if rec := get(withToken{h, caller}, "/v1/changes?since="+cursor); rec.Code != 200 ||
			!strings.Contains(rec.Body.String(), `"RegionId":"cn-hangzhou"`) {
			t.Errorf("a cursor names its region to %s, and the answer is %s", caller, dump(rec))
		}
		checkError(t, get(withToken{h, "bj"}, "/v1/changes?since="+cursor), 400, "InvalidParameter",
			[]string{`since is a position in region "cn-hangzhou", which is not served here`})
	}
}

func TestFeedCursorBeyondTheLog(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	for _, caller := range []string{"all", "a"} {
		for _, route := range []string{"/v1/changes?", "/v1/images/m-win/history?", "/v1/changes?format=atom&"} {
			for _, cursor := range []string{"c5000.0", "c4.1", "c5.0"} {
				cursor += ".cn-hangzhou.0123456789abcdef"
				checkError(t, get(withToken{h, caller}, route+"since="+cursor), 410, "CursorExpired",
					append([]string{"but the log of cn-hangzhou ends with commit 3"}, beginAnew...))
			}
			for _, cursor := range []string{"c5000.0", "c4.0.cn-hangzhou", "c4.0.cn-hangzhou.0123456789abcde",
				"c4.0.cn-hangzhou.0123456789ABCDEF", "c04.0.cn-hangzhou.0123456789abcdef", "c1.0..0123456789abcdef"} {
				checkError(t, get(withToken{h, caller}, route+"cursor="+cursor), 400, "InvalidParameter",
					[]string{"cursor must be a NextCursor of this feed", `, got "` + cursor + `".`})
			}
		}
	}
}

// TestFeedCursorAfterRestore: a reader held commit 4, and the backup ended with
// commit 3. The log gives the number 4 again, and others after it. A new instance
// must notice, and one that has read the lost commits too.
func TestFeedCursorAfterRestore(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	backup := w.Memory.Objects()
	commit := func(image string) {
		w.Now = w.Now.Add(time.Minute)
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, image)})
	}
	callers := allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}})
	atOnce := func(o *query.Options) { o.HeadTTL = 0 }
	old := w.Handler(callers, atOnce)
	before := nextCursor(t, withToken{old, "all"}, "/v1/changes?since=0&limit=1000")
	start := w.Now
	commit(windows)
	lost := nextCursor(t, withToken{old, "all"}, "/v1/changes?since=0&limit=1000")
	tags := map[string]string{}
	const target = "/v1/changes?ClusterId=ehpc-a&since=3"
	for _, caller := range []string{"all", "a"} {
		tags[caller] = get(withToken{old, caller}, target).Header().Get("ETag")
	}

	w.Memory.Restore(backup)
	w.Now = start
	for _, image := range []string{`{"ImageId":"m-restored"}`, centOS79} {
		commit(image) // at the times of the lost ones
		for name, h := range map[string]http.Handler{"new": w.Handler(callers, atOnce), "old": old} {
			for _, caller := range []string{"all", "a"} {
				t.Run(fmt.Sprint(name, " instance, ", caller, ", ", w.Now.Sub(start)), func(t *testing.T) {
					me := withToken{h, caller}
					checkError(t, get(me, "/v1/changes?since="+lost), 410, "CursorExpired", append([]string{
						"The cursor follows another commit 4 than the one in the log of cn-hangzhou."}, beginAnew...))
					if rec := get(me, target, "If-None-Match", tags[caller]); rec.Code != 200 {
						t.Errorf("the answer of the lost log is confirmed: %d", rec.Code)
					}
					body := get(me, "/v1/changes?ClusterId=ehpc-a&since="+before).Body.String()
					isAdded := func(id string) bool { return strings.Contains(body, `"Kind":"added","ImageId":"`+id+`"`) }
					if !isAdded("m-restored") || isAdded("m-win") {
						t.Errorf("after the commit that both logs have: %s", body)
					}
				})
			}
		}
	}
}

// TestFeedCursorOfANewerInstance: a cursor that another instance made from a
// later head is no cursor of another log. This instance reads the head anew,
// whatever its time to live.
func TestFeedCursorOfANewerInstance(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	callers := allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}})
	down := false
	w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
		if down {
			return &buckettest.Fault{Err: errDown}
		}
		return nil
	})
	older := w.Handler(callers, func(o *query.Options) { o.HeadTTL = time.Hour })
	for _, caller := range []string{"all", "a"} {
		nextCursor(t, withToken{older, caller}, "/v1/changes?since=0")
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, windows), "_any/_any": parseImages(t, windows)})
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, centOS79), "_any/_any": parseImages(t, centOS79)})
		cursor := nextCursor(t, withToken{w.Handler(callers), caller}, "/v1/changes?since=0&limit=1000")
		if got := nextCursor(t, withToken{older, caller}, "/v1/changes?since="+cursor); got != cursor {
			t.Errorf("the older instance goes on for %s at %s, not %s", caller, got, cursor)
		}
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, windows), "_any/_any": parseImages(t, windows)})
		cursor = nextCursor(t, withToken{w.Handler(callers), caller}, "/v1/changes?since=0&limit=1000")
		down = true
		checkError(t, get(withToken{older, caller}, "/v1/changes?since="+cursor), 503, "StorageUnavailable", nil)
		down = false
		w.Now = w.Now.Add(time.Minute) // the pause after the failure
	}
}

// TestFeedCursorThatFollowsARemovedCommit: retention has removed all that a
// reader has read, and nothing else.
func TestFeedCursorThatFollowsARemovedCommit(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, windows)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage)})
	w.Now = w.Now.AddDate(0, 1, 0)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	first := answerOf[struct{ Changes []struct{ Sequence int64 } }](t, w.Handler(), 200,
		"/v1/changes?since=2026-12-01").Changes[0].Sequence
	cursors := map[string]string{}
	for name, at := range map[string]int64{"all": first, "less": first - 1} {
		cursors[name] = w.FeedCursor(hangzhou, at, 0)
	}
	w.RemoveMonth(hangzhou, "2026-11")
	if got := answerOf[feedAnswer](t, w.Handler(), 200, "/v1/changes?since="+cursors["all"]); len(got.Changes) != 2 {
		t.Errorf("after all that was removed: %v", got)
	}
	checkError(t, get(w.Handler(), "/v1/changes?since="+cursors["less"]), 410, "CursorExpired",
		[]string{"The commits after this cursor are no longer kept."})
	other := strings.Replace(cursors["all"], cursors["all"][len(cursors["all"])-4:], "0000", 1)
	checkError(t, get(w.Handler(), "/v1/changes?since="+other), 410, "CursorExpired", beginAnew)
}
