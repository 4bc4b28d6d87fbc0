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

// TestFeedReadsListsForRemovalsAlone: a feed that goes up to the present knows from the log
// that what was added last is still offered. A removal says nothing of other clusters.
func TestFeedReadsListsForRemovalsAlone(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	all := parseImages(t, sampleImage, windows)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": all, "ehpc-b/_any": all})
	for _, step := range []struct {
		images    []*catalog.Image
		readsList bool
	}{{all[:1], true}, {all, false}} {
		w.Now = w.Now.Add(time.Hour)
		w.CommitRun(hangzhou, content{"ehpc-a/_any": step.images})
		w.Memory.Requests()
		rec := get(w.Handler(), "/v1/changes?since=0")
		if rec.Code != 200 || strings.Contains(rec.Body.String(), `"Offered":false`) {
			t.Errorf("with %d images the feed is %s", len(step.images), dump(rec))
		}
		asked := w.Memory.Requests()
		reads := strings.Contains(asked, "/index.ndjson") || strings.Contains(asked, "/clusters/")
		if reads != step.readsList {
			t.Errorf("with %d images it reads lists: %t; it asks\n%s", len(step.images), reads, asked)
		}
	}
}

// newRegionWithRemoval returns a region of seven clusters, of which one has lost an image
// that the others have, and another one that none has. indexKey is the key of its index.
func newRegionWithRemoval(t *testing.T) (w *fixture, indexKey string) {
	t.Helper()
	w = newFixture(t)
	all := parseImages(t, sampleImage, windows, centOS79)
	lists := content{}
	for _, cluster := range []string{"b", "c", "d", "e", "f", "g"} {
		lists["ehpc-"+cluster+"/_any"] = all[:2]
	}
	lists["ehpc-a/_any"] = all
	w.CommitRun(hangzhou, lists)
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-a/_any": all[:1]})
	indexKey, err := w.Keys.Index(hangzhou)
	if err != nil {
		t.Fatal(err)
	}
	return w, indexKey
}

// feedWithRemovals is what the feed of newRegionWithRemoval says after its first commit.
const feedWithRemovals = "m-cent79 false\nm-win true\n"

// offersIn lists the images of a feed, and whether they are offered.
func offersIn(t *testing.T, h http.Handler, header ...string) string {
	t.Helper()
	rec := get(h, "/v1/changes?since=1", header...)
	if rec.Code != 200 {
		t.Fatal(dump(rec))
	}
	var feed struct {
		Changes []struct {
			ImageId string
			Offered bool
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &feed); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, c := range feed.Changes {
		fmt.Fprintln(&lines, c.ImageId, c.Offered)
	}
	return lines.String()
}

// TestFeedReadsTheIDsOfTheIndexAlone: the feed of all clusters reads the first line of the
// index, once, however many lists there are. It reads nothing if the index is in memory.
func TestFeedReadsTheIDsOfTheIndexAlone(t *testing.T) {
	t.Parallel()
	w, indexKey := newRegionWithRemoval(t)
	line, _, _ := strings.Cut(string(w.Memory.Objects()[indexKey]), "\n")
	read := fmt.Sprintf("get %s from 0: %d bytes", indexKey, len(line))
	for _, row := range []struct {
		about  string
		before []string // lookups
		want   string
	}{
		{"a cold instance", nil, read},
		{"one that has the ids", []string{"/v1/changes?since=1"}, ""},
		{"one that has the index", []string{"/v1/images?ClusterId=*"}, ""},
	} {
		h := w.Handler()
		for _, target := range row.before {
			get(h, target)
		}
		w.Memory.Requests()
		if got := offersIn(t, h); got != feedWithRemovals {
			t.Errorf("%s: the feed has\n%swant\n%s", row.about, got, feedWithRemovals)
		}
		var asked []string
		for request := range strings.Lines(w.Memory.Requests()) {
			if strings.Contains(request, "index.ndjson") || strings.Contains(request, "/clusters/") {
				asked = append(asked, strings.TrimSpace(request))
			}
		}
		if got := strings.Join(asked, ", "); got != row.want {
			t.Errorf("%s asks for %q, want %q", row.about, got, row.want)
		}
	}
}

// TestFeedWithoutTheIDsOfTheIndex: whatever became of the index since the head was put, the
// feed says the same, by the rest of the index or by snapshots.
func TestFeedWithoutTheIDsOfTheIndex(t *testing.T) {
	t.Parallel()
	w, indexKey := newRegionWithRemoval(t)
	index := w.Memory.Objects()[indexKey]
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage, windows, centOS79)})
	newer := w.Memory.Objects()[indexKey]
	for about, index := range map[string][]byte{
		"a missing one": nil, "an empty one": {}, "one with a bit flipped": append([]byte{index[0] ^ 1}, index[1:]...),
		"the first half": index[:len(index)/2], "a newer one": newer,
	} {
		w, indexKey := newRegionWithRemoval(t)
		w.Memory.Spoil(indexKey, index)
		if got := offersIn(t, w.Handler()); got != feedWithRemovals {
			t.Errorf("%s: the feed has\n%swant\n%s", about, got, feedWithRemovals)
		}
	}
}

// TestFeedOfALimitedCallerDoesNotUseTheIndex: its ids are those of all clusters.
func TestFeedOfALimitedCallerDoesNotUseTheIndex(t *testing.T) {
	t.Parallel()
	w, _ := newRegionWithRemoval(t)
	h := w.Handler(allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	w.Memory.Requests()
	want := strings.ReplaceAll(feedWithRemovals, "true", "false")
	if got := offersIn(t, h, "Authorization", bearer("a")); got != want {
		t.Errorf("the feed has\n%swant\n%s", got, want)
	}
	if asked := w.Memory.Requests(); strings.Contains(asked, "index.ndjson") {
		t.Errorf("it asks\n%s", asked)
	}
}
