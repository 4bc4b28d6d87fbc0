package query_test

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/query"
)

// removeFirstMonth returns a handler on the region without its first month, as
// retention leaves it, and the number of the first commit that is left.
func (c *simulation) removeFirstMonth(t *testing.T) (http.Handler, int) {
	w := c.CopyWithObjects(c.Memory.Objects())
	w.RemoveMonth(hangzhou, "2026-10")
	first := slices.IndexFunc(c.expected, func(s expectedState) bool { return s.endsMonth }) + 2
	return w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour }), first
}

func testAfterRetention(t *testing.T, c *simulation, _ http.Handler) {
	h, first := c.removeFirstMonth(t)
	date := catalog.At(c.expected[first-1].at).String()
	for _, target := range []string{
		fmt.Sprintf("/v1/images?at=%d", first-1), "/v1/images?at=1", "/v1/clusters?at=" +
			c.expected[first-3].at.Format(time.RFC3339), "/v1/images/m-01?at=2",
		"/v1/changes?since=1", "/v1/changes?since=" + c.expected[first-3].at.Format(time.RFC3339),
		"/v1/images/m-01/history?since=-3650d", "/v1/diff?from=3", "/v1/changes?at=4",
	} {
		if e := answerOf[errorAnswer](t, h, 404, target); !strings.Contains(e.Message, date) {
			t.Errorf("%s should name %s: %s", target, date, e.Message)
		}
	}
	e := answerOf[errorAnswer](t, h, 410, "/v1/changes?since="+c.FeedCursor(hangzhou, 3, 1))
	if e.Code != "CursorExpired" || !strings.Contains(e.Message, date) {
		t.Errorf("a cursor of a month that is gone: %s %s", e.Code, e.Message)
	}
	var want []expectedEvent
	for _, e := range c.expectedEvents() {
		if e.sequence >= int64(first) {
			want = append(want, e)
		}
	}
	for _, since := range []string{"0", fmt.Sprint(first - 1), c.FeedCursor(hangzhou, int64(first), 0)} {
		if diff := diffWords(wordsOf(want), c.answeredWords(t,
			readWholeFeed(t, h, "/v1/changes?by=scope", since, 100))); diff != "" {
			t.Errorf("the feed from %s (-oracle +feed):\n%s", since, diff)
		}
	}
	for k := range 60 {
		c.checkHistoryFromFirstKept(t, h, fmt.Sprintf("m-%02d", k), first, want)
	}
}

// checkHistoryFromFirstKept compares the history of one image, read in pages of any
// size. Images that were there before the first kept commit are shown as kept, then come
// the changes.
func (c *simulation) checkHistoryFromFirstKept(t *testing.T, h http.Handler, id string, first int,
	events []expectedEvent) {
	t.Helper()
	var own []expectedEvent
	before := c.expected[first-2].scopes // before the first commit that is left
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if len(docsWithID(before[path].docs, id)) > 0 {
			own = append(own, expectedEvent{sequence: int64(first), kind: "kept", id: id, path: path})
		}
	}
	for _, e := range events {
		if e.id == id {
			own = append(own, e)
		}
	}
	target := "/v1/images/" + id + "/history?"
	if len(own) == 0 {
		answerOf[errorAnswer](t, h, 404, target)
		return
	}
	for _, limit := range []int{1, 2, 1000} {
		if diff := diffWords(wordsOf(own), c.answeredWords(t, readWholeFeed(t, h, target, "0", limit))); diff != "" {
			t.Errorf("%s in pages of %d (-oracle +history):\n%s", target, limit, diff)
		}
	}
	var feed struct {
		Entries []struct {
			Title string `xml:"title"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(get(h, target+"format=atom&limit=1000").Body.Bytes(), &feed); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(own)
	for i, e := range own {
		if len(feed.Entries) != len(own) || !strings.HasPrefix(feed.Entries[i].Title, e.id+" "+e.kind+":") {
			t.Fatalf("%sformat=atom shows %v, want %v", target, feed.Entries, wordsOf(own))
		}
	}
}

// testFirstSeenInScopes asks since when one scope has an image, or the first commits are
// gone. Nothing is known of what was there in commit 1 or before the first that is kept.
func testFirstSeenInScopes(t *testing.T, c *simulation, h http.Handler) {
	after, first := c.removeFirstMonth(t)
	known, unknown := 0, 0
	for path, docs := range c.expected[len(c.expected)-1].scopes {
		for _, doc := range docs.docs {
			target := "/v1/images/" + docID(doc) + "?" + scopeParams(path)
			for from, h := range map[int]http.Handler{1: h, first: after} {
				want := c.firstSeenIn(path, docID(doc), from)
				if got := answerOf[imageAnswer](t, h, 200, target).FirstSeen; got != want {
					t.Errorf("%s of a log from commit %d was first seen %s, want %s", target, from, got, want)
				}
				if want.IsZero() {
					unknown++
				} else {
					known++
				}
			}
		}
	}
	if known < 20 || unknown == 0 {
		t.Errorf("%d dates are known and %d are not", known, unknown)
	}
}

// firstSeenIn returns when a scope first had an image, of which a log knows that begins
// with a commit.
func (c *simulation) firstSeenIn(path, id string, from int) catalog.Time {
	has := func(n int) bool { return n > 0 && len(docsWithID(c.expected[n-1].scopes[path].docs, id)) > 0 }
	if has(1) && from == 1 || has(from-1) {
		return catalog.Time{}
	}
	for ; !has(from); from++ {
	}
	return catalog.At(c.expected[from-1].at)
}
