package query_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"community-images/shared/catalog"
)

// imageAnswer is an answer of /v1/images/{ImageId}, or the body of its error
// ImageGone.
type imageAnswer struct {
	FirstSeen, LastSeen, GoneSince catalog.Time
	Image                          json.RawMessage
	Clusters, InstanceTypes        []string
	EveryCluster, ContentDiffers   bool
	Variants                       []struct{ Image json.RawMessage }
}

// expectedLifespans has when each image was there, up to a state.
type expectedLifespans struct {
	first map[string]time.Time // zero: in commit 1, before which nothing is known
	last  map[string]time.Time // date of the last commit dated before gone
	gone  map[string]time.Time // date of the first that had not
	docs  map[string][]string  // in the last state that had it
	dates []time.Time
}

func (l *expectedLifespans) addState(state expectedState, docs map[string][]string) {
	for id, entries := range docs {
		if _, known := l.first[id]; !known {
			l.first[id] = state.at
			if len(l.dates) == 0 {
				l.first[id] = time.Time{}
			}
		}
		l.docs[id] = entries
		delete(l.gone, id)
	}
	for id := range l.first {
		if _, there := docs[id]; !there {
			if _, known := l.gone[id]; !known {
				l.gone[id], l.last[id] = state.at, l.lastDateBefore(state.at, l.first[id])
			}
		}
	}
	l.dates = append(l.dates, state.at)
}

// lastDateBefore returns the time of the last commit before t, but not before
// first. At t the image is gone already. If every commit has the time t, it is t.
func (l *expectedLifespans) lastDateBefore(t, first time.Time) time.Time {
	for _, date := range slices.Backward(l.dates) {
		if date.Before(t) && date.After(first) {
			return date
		}
	}
	if first.IsZero() {
		return t
	}
	return first
}

// offeredImages returns what a state offers of each image: contents, clusters,
// types, and whether it is offered without a cluster.
func (s expectedState) offeredImages() (docs, clusters, types map[string][]string, every map[string]bool) {
	docs, clusters, types, every = map[string][]string{}, map[string][]string{}, map[string][]string{}, map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(s.scopes)) {
		cluster, typ, _ := strings.Cut(path, "/")
		for _, doc := range s.scopes[path].docs {
			id := docID(doc)
			docs[id] = append(docs[id], doc)
			if cluster == "_any" {
				every[id] = true
			} else {
				clusters[id] = append(clusters[id], cluster)
			}
			if typ != "_any" {
				types[id] = append(types[id], typ)
			}
		}
	}
	for _, m := range []map[string][]string{docs, clusters, types} {
		for id := range m {
			slices.Sort(m[id])
			m[id] = slices.Compact(m[id])
		}
	}
	return docs, clusters, types, every
}

func testOneImageAtEveryCommit(t *testing.T, c *simulation, h http.Handler) {
	l := expectedLifespans{
		first: map[string]time.Time{}, last: map[string]time.Time{}, gone: map[string]time.Time{},
		docs: map[string][]string{},
	}
	for i, state := range c.expected {
		docs, clusters, types, every := state.offeredImages()
		l.addState(state, docs)
		if i%stride > 0 && i < len(c.expected)-1 {
			continue
		}
		ways := c.momentsOfCommit(i + 1)
		now := i == len(c.expected)-1
		for k := i / stride % 5; k < 62; k += 5 { // each image at every fifth commit
			id := fmt.Sprintf("m-%02d", k)
			target := "/v1/images/" + id + "?at=" + ways[(i+k)%len(ways)]
			if now {
				target = "/v1/images/" + id
			}
			if !state.hasContent() {
				answerOf[errorAnswer](t, h, c.notReadyStatus(i+1, target), target)
				continue
			}
			if _, known := l.first[id]; !known {
				if e := answerOf[errorAnswer](t, h, 404, target); e.Code != "ImageNotFound" {
					t.Errorf("%s: %v", target, e)
				}
				continue
			}
			if docs[id] == nil {
				l.checkGoneImage(t, h, target, id)
				continue
			}
			got := answerOf[imageAnswer](t, h, 200, target)
			want := imageAnswer{FirstSeen: catalog.At(l.first[id]), LastSeen: got.LastSeen,
				Image: json.RawMessage(docs[id][0]), Clusters: clusters[id],
				InstanceTypes: types[id], EveryCluster: every[id], ContentDiffers: len(docs[id]) > 1, Variants: got.Variants}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s (-oracle +answer):\n%s", target, diff)
			}
			var variants []string
			for _, v := range got.Variants {
				variants = append(variants, string(v.Image))
			}
			if len(docs[id]) > 1 && !slices.Equal(variants, docs[id]) {
				t.Errorf("%s has the variants %v, want %v", target, variants, docs[id])
			}
			last := state.lastCheckOf(id)
			if last.Before(l.first[id]) { // by a clock that went back
				last = l.first[id]
			}
			if now && !got.LastSeen.Equal(last) || got.LastSeen.After(last) || got.LastSeen.Before(l.first[id]) {
				t.Errorf("%s was last seen %s, by the checks %s", target, got.LastSeen, last)
			}
		}
	}
}

// hasContent reports whether any scope has content.
func (s expectedState) hasContent() bool {
	for _, scope := range s.scopes {
		if scope.docs != nil {
			return true
		}
	}
	return false
}

// lastCheckOf returns the last check that found the image.
func (s expectedState) lastCheckOf(id string) (last time.Time) {
	for _, scope := range s.scopes {
		if scope.checked.After(last) && slices.ContainsFunc(scope.docs, func(doc string) bool { return docID(doc) == id }) {
			last = scope.checked
		}
	}
	return last
}

func (l *expectedLifespans) checkGoneImage(t *testing.T, h http.Handler, target, id string) {
	t.Helper()
	got := answerOf[imageAnswer](t, h, 410, target)
	want := imageAnswer{
		FirstSeen: catalog.At(l.first[id]), LastSeen: catalog.At(l.last[id]), GoneSince: catalog.At(l.gone[id]),
		Image: got.Image,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-oracle +answer):\n%s", target, diff)
	}
	if !slices.Contains(l.docs[id], string(got.Image)) {
		t.Errorf("%s shows %s, the last content was %v", target, got.Image, l.docs[id])
	}
}

// TestLastSeenMovesWithTheChecks: a run without changes makes no commit, but
// moves LastSeen.
func TestLastSeenMovesWithTheChecks(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	h := w.Handler()
	for range 3 {
		w.CommitRun(hangzhou, content{
			"_any/_any":   parseImages(t, sampleImage, centOS79),
			"ehpc-a/_any": parseImages(t, centOS79),
		})
		w.Now = w.Now.Add(time.Hour)
		rec := get(h, "/v1/images/m-cent79")
		var got imageAnswer
		if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if want := catalog.At(w.Now.Add(-time.Hour)); got.LastSeen != want {
			t.Errorf("at %s the image was last seen %s, want %s", w.Now, got.LastSeen, want)
		}
	}
	got := answerOf[imageAnswer](t, h, 200, "/v1/images/m-cent79?at="+catalog.At(epoch.Add(time.Minute)).String())
	if got.GoneSince != (catalog.Time{}) || got.FirstSeen != (catalog.Time{}) {
		t.Errorf("a minute after the first run: %+v", got)
	}
}

// TestLastSeenIsNotBeforeFirstSeen: FirstSeen is the time of a commit, which is
// later than the checks of its run.
func TestLastSeenIsNotBeforeFirstSeen(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage), "ehpc-a/_any": parseImages(t, windows)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitDelay = 53 * time.Millisecond
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage), "ehpc-a/_any": parseImages(t, centOS79)})
	first := catalog.At(w.Now.Add(w.CommitDelay))
	w.Now = w.Now.Add(time.Hour)
	h := w.Handler()
	for _, target := range []string{
		"/v1/images/m-cent79?at=2", "/v1/images/m-cent79", "/v1/images/m-cent79?ClusterId=ehpc-a",
	} {
		if got := answerOf[imageAnswer](t, h, 200, target); got.FirstSeen != first || got.LastSeen != first {
			t.Errorf("%s: first seen %s, last seen %s, want %s for both", target, got.FirstSeen, got.LastSeen, first)
		}
	}
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage), "ehpc-a/_any": parseImages(t, centOS79)})
	got := answerOf[imageAnswer](t, w.Handler(), 200, "/v1/images/m-cent79")
	if got.FirstSeen != first || got.LastSeen != catalog.At(w.Now) {
		t.Errorf("after another check: first seen %s, last seen %s, want %s and %s",
			got.FirstSeen, got.LastSeen, first, catalog.At(w.Now))
	}
}
