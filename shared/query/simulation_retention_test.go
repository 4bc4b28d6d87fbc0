package query_test

import (
	"fmt"
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
	objects := c.Memory.Objects()
	for key := range objects {
		if strings.HasSuffix(key, "/log/2026-10.ndjson") {
			delete(objects, key)
		}
	}
	w := c.CopyWithObjects(objects)
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
	if e := answerOf[errorAnswer](t, h, 410, "/v1/changes?since="+c.FeedCursor(hangzhou, 3, 1)); e.Code != "CursorExpired" ||
		!strings.Contains(e.Message, date) {
		t.Errorf("a cursor of a month that is gone: %s %s", e.Code, e.Message)
	}
	var want []expectedEvent
	for _, e := range c.expectedEvents() {
		if e.sequence >= int64(first) {
			want = append(want, e)
		}
	}
	for _, since := range []string{"0", fmt.Sprint(first - 1), c.FeedCursor(hangzhou, int64(first), 0)} {
		if diff := diffWords(sortedWords(want), c.answeredWords(t,
			readWholeFeed(t, h, "/v1/changes?", since, 100))); diff != "" {
			t.Errorf("the feed from %s (-oracle +feed):\n%s", since, diff)
		}
	}
	for k := range 60 {
		c.checkHistoryFromFirstKept(t, h, fmt.Sprintf("m-%02d", k), first, want)
	}
}

// checkHistoryFromFirstKept compares the history of one image. Images that were
// there before the first kept commit are shown as kept, then come the changes.
func (c *simulation) checkHistoryFromFirstKept(t *testing.T, h http.Handler, id string, first int,
	events []expectedEvent) {
	t.Helper()
	var own []expectedEvent
	for _, e := range events {
		if e.id == id {
			own = append(own, e)
		}
	}
	for path, s := range c.expected[first-2].scopes { // before the first commit that is left
		if len(docsWithID(s.docs, id)) > 0 {
			own = append(own, expectedEvent{sequence: int64(first), kind: "kept", id: id, path: path})
		}
	}
	target := "/v1/images/" + id + "/history?"
	if len(own) == 0 {
		return
	}
	got := answerOf[feedAnswer](t, h, 200, target+"limit=1000").Events
	if diff := diffWords(sortedWords(own), c.answeredWords(t, got)); diff != "" {
		t.Errorf("%s (-oracle +history):\n%s", target, diff)
	}
}
