package query_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/query/querytest"

	"github.com/google/go-cmp/cmp"
)

// feedAnswer is a page of a feed.
type feedAnswer struct {
	Changes, Events []answeredEvent
	More            bool
	NextCursor      string
}

// wordsOf turns events into text, in their order.
func wordsOf(list []expectedEvent) []string {
	var out []string
	for _, e := range list {
		out = append(out, e.String())
	}
	return out
}

// diffWords is cmp.Diff, but fast on long lists that are equal.
func diffWords(want, got []string) string {
	if slices.Equal(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

// answeredWords is wordsOf for answered events. The simulation says which
// ids have several entries.
func (c *simulation) answeredWords(t *testing.T, list []answeredEvent) []string {
	t.Helper()
	var out []expectedEvent
	last := int64(0)
	for _, e := range list {
		if e.Sequence < last {
			t.Fatalf("the feed goes back from commit %d to %d", last, e.Sequence)
		}
		last = e.Sequence
		if want := c.expected[e.Sequence-1].at; e.CommittedAt != want.Format("2006-01-02T15:04:05.000Z") {
			t.Fatalf("commit %d is dated %s, not %s", e.Sequence, e.CommittedAt, want)
		}
		path := orAnyPath(e.ClusterId) + "/" + orAnyPath(e.InstanceType)
		out = append(out, e.toExpected(c.hasSeveralEntries(e.Sequence, path, e.ImageId) ||
			c.hasSeveralEntries(e.Sequence-1, path, e.ImageId)))
	}
	return wordsOf(out)
}

func (c *simulation) hasSeveralEntries(n int64, path, id string) bool {
	if n < 1 {
		return false
	}
	count := 0
	for _, doc := range c.expected[n-1].scopes[path].docs {
		if docID(doc) == id {
			count++
		}
	}
	return count > 1
}

// readWholeFeed reads a feed page by page to its end.
func readWholeFeed(t *testing.T, h http.Handler, target, since string, limit int) []answeredEvent {
	t.Helper()
	var all []answeredEvent
	for {
		page := answerOf[feedAnswer](t, h, 200, fmt.Sprintf("%s&limit=%d&since=%s", target, limit, since))
		list := slices.Concat(page.Changes, page.Events)
		if len(list) > limit || page.More && len(list) == 0 {
			t.Fatalf("a page from %s has %d changes, the limit is %d, more: %v", since, len(list), limit, page.More)
		}
		all = append(all, list...)
		if !page.More {
			return all
		}
		since = page.NextCursor
	}
}

func testFeedFromStart(t *testing.T, c *simulation, h http.Handler) {
	events := c.expectedEvents()
	want := wordsOf(events)
	for _, limit := range []int{13, 1000} {
		got := readWholeFeed(t, h, "/v1/changes?by=scope", "0", limit)
		if diff := diffWords(want, c.answeredWords(t, got)); diff != "" {
			t.Fatalf("pages of %d (-oracle +feed):\n%s", limit, diff)
		}
		c.checkFeedRebuildsStates(t, got)
	}
	all := answerOf[feedAnswer](t, h, 200, "/v1/changes?by=scope&limit=1000")
	if diff := cmp.Diff(want[:min(1000, len(want))], c.answeredWords(t, all.Changes)); diff != "" && len(want) <= 1000 {
		t.Errorf("without since (-oracle +feed):\n%s", diff)
	}
	rec := get(h, "/v1/changes?by=scope&format=ndjson&limit=1000")
	var lines []answeredEvent
	for line := range strings.Lines(rec.Body.String()) {
		var e answeredEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, e)
	}
	if diff := cmp.Diff(all.Changes, lines); diff != "" {
		t.Errorf("ndjson (-json +ndjson):\n%s", diff)
	}
}

// checkFeedRebuildsStates applies a feed to an empty region. After each commit
// the region must hold the images of the simulation.
func (c *simulation) checkFeedRebuildsStates(t *testing.T, feed []answeredEvent) {
	t.Helper()
	held := map[string]map[string]bool{}
	for i, state := range c.expected {
		for len(feed) > 0 && feed[0].Sequence == int64(i+1) {
			e := feed[0]
			feed = feed[1:]
			path := orAnyPath(e.ClusterId) + "/" + orAnyPath(e.InstanceType)
			if e.Kind == "ended" { // its images are removed one by one
				if _, there := state.scopes[path]; there || len(held[path]) != *e.ImageCount {
					t.Fatalf("commit %d ends %s with %d images, there: %v %v", i+1, path, *e.ImageCount, there, held[path])
				}
				continue
			}
			if held[path] == nil {
				held[path] = map[string]bool{}
			}
			if there := held[path][e.ImageId]; there == (e.Kind == "added") {
				t.Fatalf("commit %d tells that %s was %s in %s, there: %v", i+1, e.ImageId, e.Kind, path, there)
			}
			held[path][e.ImageId] = true
			if e.Kind == "removed" {
				delete(held[path], e.ImageId)
			}
		}
		count := 0
		for path, s := range state.scopes {
			ids := map[string]bool{}
			for _, doc := range s.docs {
				ids[docID(doc)] = true
			}
			count += len(ids)
			if diff := cmp.Diff(ids, held[path]); diff != "" && len(ids)+len(held[path]) > 0 {
				t.Fatalf("%s after commit %d (-oracle +replayed):\n%s", path, i+1, diff)
			}
		}
		for _, ids := range held {
			count -= len(ids)
		}
		if count != 0 {
			t.Fatalf("after commit %d the replayed feed holds images of scopes that ended", i+1)
		}
	}
}

func testFeedFromAnywhere(t *testing.T, c *simulation, h http.Handler) {
	events := c.expectedEvents()
	r := rand.New(rand.NewPCG(7, *simulationSeed))
	all := readWholeFeed(t, h, "/v1/changes?by=scope", "0", 1000)
	allWords := c.answeredWords(t, all)
	for range 300 / querytest.WorkDivisor {
		n := 1 + r.IntN(len(c.expected))
		until := n + r.IntN(len(c.expected)-n+1)
		since, keep := c.chooseSince(r, n)
		target, also := chooseFilter(r)
		if chance(r, 40) {
			target += fmt.Sprintf("&at=%d", until)
		} else {
			until = len(c.expected)
		}
		var want []expectedEvent
		for _, e := range events {
			if keep(e) && also(e) && e.sequence <= int64(until) {
				want = append(want, e)
			}
		}
		got := readWholeFeed(t, h, target, since, 20+r.IntN(400))
		if diff := diffWords(wordsOf(want), c.answeredWords(t, got)); diff != "" {
			t.Fatalf("%s&since=%s (-oracle +feed):\n%s", target, since, diff)
		}
	}
	// A cursor counts the events of its commit.
	for range 100 / querytest.WorkDivisor {
		k := r.IntN(len(events))
		page := answerOf[feedAnswer](t, h, 200, "/v1/changes?by=scope&limit=20&since="+
			c.FeedCursor(hangzhou, events[k].sequence, events[k].offset))
		if diff := diffWords(wordsOf(events[k:min(k+20, len(events))]), c.answeredWords(t, page.Changes)); diff != "" {
			t.Fatalf("from event %d of commit %d (-oracle +feed):\n%s", events[k].offset, events[k].sequence, diff)
		}
	}
	// A cursor from the middle goes on with the very next change.
	for range 50 / querytest.WorkDivisor {
		k := 1 + r.IntN(len(all)-1)
		page := answerOf[feedAnswer](t, h, 200, fmt.Sprintf("/v1/changes?by=scope&limit=%d", min(k, 1000)))
		rest := readWholeFeed(t, h, "/v1/changes?by=scope", page.NextCursor, 1000)
		seen := slices.Concat(page.Changes, rest)
		if diff := diffWords(allWords, c.answeredWords(t, seen)); diff != "" || len(page.Changes) != min(k, 1000) {
			t.Fatalf("%d changes and the rest (-feed +pages):\n%s", k, diff)
		}
	}
}

// testFeedBeforeItsCursor asks for a feed that ends before its cursor. The next
// cursor must not go back, or events would come twice.
func testFeedBeforeItsCursor(t *testing.T, c *simulation, h http.Handler) {
	for _, n := range []int{1, 50, len(c.expected) - 1} {
		for _, cursor := range []string{c.FeedCursor(hangzhou, int64(n+2), 0), c.FeedCursor(hangzhou, int64(n+1), 3),
			c.FeedCursor(hangzhou, int64(n+1), 0)} {
			page := answerOf[feedAnswer](t, h, 200, fmt.Sprintf("/v1/changes?by=scope&at=%d&since=%s", n, cursor))
			if len(page.Changes) > 0 || page.More || page.NextCursor != cursor {
				t.Errorf("at commit %d the feed after %s goes on at %s with %v", n, cursor, page.NextCursor,
					page.Changes)
			}
		}
	}
}

// chooseSince returns the position after commit n, written in one of the
// possible ways.
func (c *simulation) chooseSince(r *rand.Rand, n int) (text string, keep func(expectedEvent) bool) {
	at := c.expected[n-1].at
	later := func(limit time.Time) func(expectedEvent) bool {
		return func(e expectedEvent) bool { return c.expected[e.sequence-1].at.After(limit) }
	}
	switch r.IntN(4) {
	case 0:
		return at.Format(time.RFC3339Nano), later(at)
	case 1:
		at = at.Add(-time.Millisecond)
		return fmt.Sprint(at.UnixMilli()), later(at)
	case 2:
		return c.FeedCursor(hangzhou, int64(n+1), 0), func(e expectedEvent) bool { return e.sequence > int64(n) }
	}
	return fmt.Sprint(n), func(e expectedEvent) bool { return e.sequence > int64(n) }
}

// chooseFilter returns a feed with random filters, and a function that applies
// them to expected events.
func chooseFilter(r *rand.Rand) (target string, keep func(expectedEvent) bool) {
	target, keep = "/v1/changes?by=scope", func(expectedEvent) bool { return true }
	both := func(a, b func(expectedEvent) bool) func(expectedEvent) bool {
		return func(e expectedEvent) bool { return a(e) && b(e) }
	}
	if chance(r, 40) {
		kinds := pick(r, [][]string{{"added"}, {"removed"}, {"changed"}, {"removed", "added"}, {"changed", "removed"},
			{"ended"}, {"added", "ended"}})
		target += "&kind=" + strings.Join(kinds, ",")
		keep = both(keep, func(e expectedEvent) bool { return slices.Contains(kinds, e.kind) })
	}
	if chance(r, 30) {
		ids := []string{fmt.Sprintf("m-%02d", r.IntN(60))}
		for chance(r, 50) {
			ids = append(ids, fmt.Sprintf("m-%02d", r.IntN(62)))
		}
		target += "&ImageId=" + strings.Join(ids, ",")
		keep = both(keep, func(e expectedEvent) bool { return slices.Contains(ids, e.id) })
	}
	switch r.IntN(5) {
	case 0:
		target += "&ClusterId=ehpc-1,ehpc-2&InstanceType=*"
		keep = both(keep, func(e expectedEvent) bool {
			return strings.HasPrefix(e.path, "ehpc-1/") || strings.HasPrefix(e.path, "ehpc-2/")
		})
	case 1:
		target += "&ClusterId=ehpc-1"
		keep = both(keep, func(e expectedEvent) bool { return strings.HasPrefix(e.path, "ehpc-1/") })
	case 2:
		target += pick(r, []string{"&ClusterId=*", "&InstanceType=*", "&ClusterId=*&InstanceType=*"})
	case 3:
		target += pick(r, []string{"&ClusterId=*", ""}) + "&InstanceType=ecs.c7.large"
		keep = both(keep, func(e expectedEvent) bool { return strings.HasSuffix(e.path, "/ecs.c7.large") })
	}
	return target, keep
}

func testHistoryOfEveryImage(t *testing.T, c *simulation, h http.Handler) {
	events := c.expectedEvents()
	for k := range 62 {
		id := fmt.Sprintf("m-%02d", k)
		var want []expectedEvent
		for _, e := range events {
			if e.id == id {
				want = append(want, e)
			}
		}
		target := "/v1/images/" + id + "/history?"
		if len(want) == 0 {
			answerOf[errorAnswer](t, h, 404, target)
			continue
		}
		for _, limit := range []int{3, 1000} {
			if diff := diffWords(wordsOf(want), c.answeredWords(t,
				readWholeFeed(t, h, target, "0", limit))); diff != "" {
				t.Fatalf("%s in pages of %d (-oracle +history):\n%s", target, limit, diff)
			}
		}
	}
}

// diffAnswer is an answer of /v1/diff.
type diffAnswer struct {
	From, To       struct{ Sequence int }
	TotalCount     int
	Added, Removed []json.RawMessage // of two clusters, as Changed
	Changed        []answeredEvent
	Changes        []answeredEvent // of two times
}

func testDiffsOfCommits(t *testing.T, c *simulation, h http.Handler) {
	r := rand.New(rand.NewPCG(8, *simulationSeed))
	paths := []string{"_any/_any", "ehpc-0/_any", "ehpc-1/_any", "ehpc-2/_any", "ehpc-2/ecs.c7.large", "ehpc-3/_any"}
	compared := 0
	for range 400 / stride {
		from, to, path := 1+r.IntN(len(c.expected)), 1+r.IntN(len(c.expected)), pick(r, paths)
		target := fmt.Sprintf("/v1/diff?by=scope&%s&from=%s&to=%s", scopeParams(path), pick(r, c.momentsOfCommit(from)),
			pick(r, c.momentsOfCommit(to)))
		before, after := c.expected[from-1].scopes[path].docs, c.expected[to-1].scopes[path].docs
		if before == nil && after == nil {
			c.checkEmptyDiff(t, h, target, from, path)
			continue
		}
		compared++
		got := answerOf[diffAnswer](t, h, 200, target)
		if got.From.Sequence != from || got.To.Sequence != to {
			t.Errorf("%s compares %d with %d, want %d with %d", target, got.From.Sequence, got.To.Sequence, from, to)
		}
		_, goesOn := c.expected[to-1].scopes[path]
		checkScopeDiff(t, target, got, before, after, before != nil && !goesOn)
		c.checkImageDiff(t, h, from, to)
	}
	if compared < 150/stride {
		t.Errorf("only %d comparisons", compared)
	}
}

// checkScopeDiff compares the rows of one scope, which may have ended, at two times with the
// difference of two lists of objects.
func checkScopeDiff(t *testing.T, target string, got diffAnswer, before, after []string, hasEnded bool) {
	t.Helper()
	events := compareDocs(before, after)
	if hasEnded {
		events = append(events, expectedEvent{kind: "ended"})
	}
	var want, have []string
	for _, e := range events {
		want = append(want, fmt.Sprintf("%s %s %q %s", e.kind, e.id, e.name, e.fields))
	}
	for _, e := range got.Changes {
		several := len(docsWithID(before, e.ImageId)) > 1 || len(docsWithID(after, e.ImageId)) > 1
		have = append(have, fmt.Sprintf("%s %s %q %s", e.Kind, e.ImageId, e.ImageName, e.toExpected(several).fields))
	}
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" || got.TotalCount != len(events) {
		t.Fatalf("%s counts %d of %d (-oracle +answer):\n%s", target, got.TotalCount, len(events), diff)
	}
}

// checkImageDiff compares the rows of the whole region at two commits with the events of
// its scopes.
func (c *simulation) checkImageDiff(t *testing.T, h http.Handler, from, to int) {
	t.Helper()
	before, after := c.expected[from-1].scopes, c.expected[to-1].scopes
	var ended, events []expectedEvent
	for _, path := range slices.Sorted(maps.Keys(before)) {
		if _, there := after[path]; !there && before[path].docs != nil {
			ended = append(ended, expectedEvent{kind: "ended", path: path})
		}
	}
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for _, e := range compareDocs(before[path].docs, after[path].docs) {
			e.path = path
			events = append(events, e)
		}
	}
	slices.SortStableFunc(events, func(a, b expectedEvent) int { return strings.Compare(a.id, b.id) })
	want := expectedRows(append(ended, events...), c.offeredAt(to, func(string) bool { return true }), nil)
	target := fmt.Sprintf("/v1/diff?from=%d&to=%d", from, to)
	var got []string
	for _, r := range answerOf[rowsAnswer](t, h, 200, target).Changes {
		got = append(got, r.String())
	}
	if diff := diffWords(want, got); diff != "" {
		t.Fatalf("%s (-oracle +answer):\n%s", target, diff)
	}
}

func testDiffsOfClusters(t *testing.T, c *simulation, h http.Handler) {
	for i, state := range c.expected {
		if i%stride > 0 {
			continue
		}
		before, after := state.scopes["ehpc-1/_any"].docs, state.scopes["ehpc-2/_any"].docs
		target := fmt.Sprintf("/v1/diff?ClusterId=ehpc-1&with=ehpc-2&at=%d", i+1)
		if before == nil {
			c.checkEmptyDiff(t, h, target, i+1, "ehpc-1/_any")
			continue
		}
		if after == nil {
			c.checkEmptyDiff(t, h, target, i+1, "ehpc-2/_any")
			continue
		}
		checkDiff(t, target, answerOf[diffAnswer](t, h, 200, target), before, after)
	}
}

// checkEmptyDiff expects the error for a scope without content at commit n.
func (c *simulation) checkEmptyDiff(t *testing.T, h http.Handler, target string, n int, path string) {
	t.Helper()
	if _, asked := c.expected[n-1].scopes[path]; asked {
		answerOf[errorAnswer](t, h, c.notReadyStatus(n, target), target)
	} else {
		answerOf[errorAnswer](t, h, 404, target)
	}
}

// checkDiff compares an answered difference with the one of two lists of
// objects.
func checkDiff(t *testing.T, target string, got diffAnswer, before, after []string) {
	t.Helper()
	want := map[string][]string{}
	events := compareDocs(before, after)
	for _, e := range events {
		switch e.kind {
		case "added":
			want[e.kind] = append(want[e.kind], docsWithID(after, e.id)...)
		case "removed":
			want[e.kind] = append(want[e.kind], docsWithID(before, e.id)...)
		default:
			want[e.kind] = append(want[e.kind], e.id+" "+e.fields)
		}
	}
	have := map[string][]string{}
	for _, raw := range got.Added {
		have["added"] = append(have["added"], string(raw))
	}
	for _, raw := range got.Removed {
		have["removed"] = append(have["removed"], string(raw))
	}
	for _, e := range got.Changed {
		several := len(docsWithID(before, e.ImageId)) > 1 || len(docsWithID(after, e.ImageId)) > 1
		have["changed"] = append(have["changed"], e.ImageId+" "+e.toExpected(several).fields)
	}
	if diff := cmp.Diff(want, have); diff != "" || got.TotalCount != len(events) {
		t.Fatalf("%s counts %d of %d (-oracle +answer):\n%s", target, got.TotalCount, len(events), diff)
	}
}

func docsWithID(docs []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(docs), func(doc string) bool { return docID(doc) != id })
}
