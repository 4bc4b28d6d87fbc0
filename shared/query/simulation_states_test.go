package query_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

var simulationSeed = flag.Uint64("simulationseed", 1, "seed of the drifting region that history is compared on")

// TestHistoryAgainstSimulation runs a region through 200 commits in three
// months. It compares every answer about every commit with the states that the
// simulation kept.
func TestHistoryAgainstSimulation(t *testing.T) {
	t.Parallel()
	c := newSimulation(t, *simulationSeed)
	t.Log("the run has", c.summarize())
	for name, test := range map[string]func(*testing.T, *simulation, http.Handler){
		"images at every commit":             testImagesAtEveryCommit,
		"clusters at every commit":           testClustersAtEveryCommit,
		"one image at every commit":          testOneImageAtEveryCommit,
		"the feed from the start":            testFeedFromStart,
		"the feed from anywhere":             testFeedFromAnywhere,
		"the feed of images":                 testFeedOfImages,
		"a feed that ends before its cursor": testFeedBeforeItsCursor,
		"the history of every image":         testHistoryOfEveryImage,
		"differences of any two":             testDiffsOfCommits,
		"differences of two clusters":        testDiffsOfClusters,
		"before the first commit":            testBeforeFirstCommit,
		"after the last commit":              testAfterLastCommit,
		"after retention":                    testAfterRetention,
		"since when scopes have images":      testFirstSeenInScopes,
		"the dates of images in lists":       testDatesAtEveryCommit,
		"images offered by any":              testImagesOfAllClusters,
		"the sequence and date of all":       testSequencesAndDates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, c, c.Handler(func(o *query.Options) { o.HeadTTL = time.Hour }))
		})
	}
}

// stride is the distance between the commits that are compared: 1, or more
// under the race detector, which makes each comparison many times slower.
const stride = (querytest.WorkDivisor + 1) / 2

// answerOf sends a request and decodes the answer. Any other status than want
// ends the test.
func answerOf[T any](t *testing.T, h http.Handler, want int, target string) T {
	t.Helper()
	rec := get(h, target)
	var body T
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != want {
		t.Fatalf("%s answers %d (%v), want %d: %s", target, rec.Code, err, want, rec.Body)
	}
	return body
}

// momentsOfCommit returns the ways to ask for the state of commit n: its
// number, and if no later commit has the same time, its time and a moment
// before the next commit.
func (c *simulation) momentsOfCommit(n int) []string {
	ways := []string{fmt.Sprint(n)}
	at := c.expected[n-1].at
	switch {
	case n == len(c.expected):
		ways = append(ways, at.Format(time.RFC3339Nano))
	case c.expected[n].at.After(at):
		before := c.expected[n].at.Add(-time.Millisecond)
		ways = append(ways, at.Format(time.RFC3339Nano), fmt.Sprint(at.UnixMilli()), before.Format(time.RFC3339Nano),
			fmt.Sprintf("-%.3fs", c.Now.Sub(before).Seconds()))
	}
	return ways
}

// notReadyStatus returns the status of a scope that had no content at commit n.
// The present state is worth another try. A state that target asks for by its
// number never changes, even if it is the last.
func (c *simulation) notReadyStatus(n int, target string) int {
	if n == len(c.expected) && !strings.HasSuffix(target, fmt.Sprint("at=", n)) {
		return http.StatusServiceUnavailable
	}
	return http.StatusNotFound
}

func scopeParams(path string) string {
	cluster, typ, _ := strings.Cut(path, "/")
	return "ClusterId=" + cluster + "&InstanceType=" + typ
}

func testImagesAtEveryCommit(t *testing.T, c *simulation, h http.Handler) {
	type list struct {
		TotalCount int
		Images     []json.RawMessage
	}
	for i, state := range c.expected {
		if i%stride > 0 {
			continue
		}
		ways := c.momentsOfCommit(i + 1)
		for j, path := range slices.Sorted(maps.Keys(state.scopes)) {
			s := state.scopes[path]
			target := "/v1/images?limit=1000&" + scopeParams(path) + "&at=" + ways[(i+j)%len(ways)]
			if s.docs == nil {
				answerOf[list](t, h, c.notReadyStatus(i+1, target), target)
				continue
			}
			got := answerOf[list](t, h, 200, target)
			docs := []string{}
			for _, raw := range got.Images {
				docs = append(docs, string(raw))
			}
			if !slices.Equal(docs, s.docs) || got.TotalCount != len(s.docs) {
				t.Fatalf("%s (-oracle +answer):\n%s", target, cmp.Diff(s.docs, docs))
			}
		}
		for _, path := range []string{"ehpc-0/_any", "ehpc-3/ecs.c7.large"} {
			if _, there := state.scopes[path]; !there {
				answerOf[list](t, h, 404, "/v1/images?"+scopeParams(path)+"&at="+ways[0])
			}
		}
	}
}

// testSequencesAndDates compares the number and time of each commit, asked for
// in each way.
func testSequencesAndDates(t *testing.T, c *simulation, h http.Handler) {
	for i, state := range c.expected {
		if i%stride > 0 {
			continue
		}
		for _, way := range c.momentsOfCommit(i + 1) {
			got := answerOf[struct {
				Snapshot struct {
					Sequence    int
					CommittedAt time.Time
				}
			}](t, h, 200, "/v1/clusters?at="+way)
			if got.Snapshot.Sequence != i+1 || !got.Snapshot.CommittedAt.Equal(state.at) {
				t.Errorf("at=%s is commit %d of %s, want %d of %s", way, got.Snapshot.Sequence,
					got.Snapshot.CommittedAt, i+1, state.at)
			}
		}
	}
}

// scopeAnswer is a scope in an answer of /v1/clusters.
type scopeAnswer struct {
	ClusterId, InstanceType, State, Digest string
	Since, CapturedAt                      catalog.Time
	CheckedAt                              catalog.Time `json:"-"`
	ImageCount                             int
	Problem                                string
}

func testClustersAtEveryCommit(t *testing.T, c *simulation, h http.Handler) {
	for i, state := range c.expected {
		if i%stride > 0 && i < len(c.expected)-1 {
			continue
		}
		ways := c.momentsOfCommit(i + 1)
		target := "/v1/clusters?at=" + ways[i%len(ways)]
		if i == len(c.expected)-1 {
			target = "/v1/clusters"
		}
		got := answerOf[struct {
			Scopes []struct {
				scopeAnswer
				CheckedAt catalog.Time
				Problem   *format.Problem
			}
			Clusters []catalog.Cluster
		}](t, h, 200, target)
		var want, have []scopeAnswer
		for _, path := range slices.Sorted(maps.Keys(state.scopes)) {
			s := state.scopes[path]
			cluster, typ, _ := strings.Cut(strings.ReplaceAll(path, "_any", ""), "/")
			want = append(want, scopeAnswer{ClusterId: cluster, InstanceType: typ, State: string(s.state),
				Digest: digestOf(s.docs),
				Since:  catalog.At(s.since), CapturedAt: catalog.At(s.captured), ImageCount: len(s.docs),
				Problem: s.problem})
		}
		for _, sc := range got.Scopes {
			answered := sc.scopeAnswer
			if sc.Problem != nil {
				answered.Problem = sc.Problem.Code
			}
			have = append(have, answered)
			checkCheckTime(t, target, sc.CheckedAt, state.scopes[orAnyPath(sc.ClusterId)+"/"+
				orAnyPath(sc.InstanceType)], i == len(c.expected)-1)
		}
		slices.SortFunc(want, func(a, b scopeAnswer) int {
			return strings.Compare(a.ClusterId+"/"+a.InstanceType, b.ClusterId+"/"+b.InstanceType)
		})
		if diff := cmp.Diff(want, have, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s (-oracle +answer):\n%s", target, diff)
		}
		if diff := cmp.Diff(state.capturedClusters(), got.Clusters, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-oracle +answer):\n%s", target, diff)
		}
	}
}

// capturedClusters lists the clusters that have a scope.
func (s expectedState) capturedClusters() []catalog.Cluster {
	var list []catalog.Cluster
	for _, id := range slices.Sorted(maps.Keys(s.clusters)) {
		for path := range s.scopes {
			if strings.HasPrefix(path, id+"/") {
				list = append(list, s.clusters[id])
				break
			}
		}
	}
	return list
}

// checkCheckTime compares a check time with the real one. In the present state
// they are equal. In a past state, of which the log says less, the time lies
// between the content or the recovery and the last real check.
func checkCheckTime(t *testing.T, target string, answered catalog.Time, s expectedScope, now bool) {
	t.Helper()
	if now && !answered.Equal(s.checked) || answered.After(s.checked) ||
		answered.Before(s.captured.Add(-maxClockStepBack)) ||
		s.state == format.StateOK && answered.Before(s.since.Add(-maxClockStepBack)) {
		t.Errorf("%s: checked at %s; captured %s, checked %s", target, answered, s.captured, s.checked)
	}
}

// testImagesOfAllClusters asks for everything, and for what several clusters offer.
func testImagesOfAllClusters(t *testing.T, c *simulation, h http.Handler) {
	for query, matches := range map[string]func(cluster, instanceType string) bool{
		"ClusterId=*":                           func(_, _ string) bool { return true },
		"ClusterId=*&InstanceType=*":            func(_, _ string) bool { return true },
		"ClusterId=*&InstanceType=_any":         func(_, instanceType string) bool { return instanceType == "_any" },
		"ClusterId=*&InstanceType=ecs.c7.large": func(_, instanceType string) bool { return instanceType == "ecs.c7.large" },
		"ClusterId=ehpc-1&InstanceType=*":       func(cluster, _ string) bool { return cluster == "ehpc-1" },
		"InstanceType=*":                        func(cluster, _ string) bool { return cluster == "_any" },
		"ClusterId=ehpc-1,ehpc-2": func(cluster, instanceType string) bool {
			return (cluster == "ehpc-1" || cluster == "ehpc-2") && instanceType == "_any"
		},
	} {
		for i, state := range c.expected {
			if i%stride == 0 {
				compareOffers(t, h, fmt.Sprintf("/v1/images?%s&limit=1000&at=%d", query, i+1), state.scopes, matches)
			}
		}
	}
}

// compareOffers compares an answer with the images of the scopes that match, and with the
// clusters that offer each. A scope that never answered is left out.
func compareOffers(
	t *testing.T, h http.Handler, target string, scopes map[string]expectedScope,
	matches func(cluster, instanceType string) bool,
) {
	t.Helper()
	offered, named := map[string][]string{}, map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(scopes)) {
		cluster, instanceType, _ := strings.Cut(path, "/")
		if !matches(cluster, instanceType) {
			continue
		}
		named[cluster] = true
		for _, doc := range scopes[path].docs {
			if offered[doc] == nil {
				offered[doc] = []string{}
			}
			if cluster != "_any" && !slices.Contains(offered[doc], cluster) {
				offered[doc] = append(offered[doc], cluster)
			}
		}
	}
	if len(offered) == 0 || strings.Contains(target, "ehpc-1,ehpc-2") && len(named) < 2 {
		return // it is an error that names what is missing
	}
	got := answerOf[struct{ Images []map[string]json.RawMessage }](t, h, 200, target)
	have := map[string][]string{}
	for _, im := range got.Images {
		var clusters []string
		if err := json.Unmarshal(im["Clusters"], &clusters); err != nil {
			t.Fatal(err)
		}
		data := map[string]any{}
		for name, value := range im {
			if name != "Clusters" && name != "InstanceTypes" && name != "ContentDiffers" {
				data[name] = value
			}
		}
		have[encodeObject(data)] = clusters
	}
	if diff := cmp.Diff(offered, have); diff != "" || len(have) != len(got.Images) {
		t.Fatalf("%s has %d images, %d different (-oracle +answer):\n%s", target, len(got.Images), len(have), diff)
	}
}

// errorAnswer is the body of an error.
type errorAnswer struct{ Code, Message string }

func testBeforeFirstCommit(t *testing.T, c *simulation, h http.Handler) {
	first := catalog.At(c.expected[0].at).String()
	before := c.expected[0].at.Add(-time.Millisecond).Format(time.RFC3339Nano)
	for _, target := range []string{
		"/v1/images?at=" + before, "/v1/images?ClusterId=*&at=" + before, "/v1/images/m-01?at=" + before,
		"/v1/images/m-01/history?at=" + before,
		"/v1/clusters?at=" + before, "/v1/changes?at=" + before, "/v1/matrix?at=" + before, "/v1/diff?to=2&from=" +
			before,
		"/v1/images?at=-1000d", "/v1/images?at=1000000001",
	} {
		rec := get(h, target)
		var e errorAnswer
		if err := json.Unmarshal(rec.Body.Bytes(), &e); err != nil || rec.Code != 404 && rec.Code != 400 ||
			!strings.Contains(e.Message, first) {
			t.Errorf("%s answers %d and should name %s: %s", target, rec.Code, first, rec.Body)
		}
	}
}

func testAfterLastCommit(t *testing.T, c *simulation, h http.Handler) {
	next := len(c.expected) + 1
	for _, target := range []string{"/v1/images?at=%d", "/v1/clusters?at=%d", "/v1/images/m-01?at=%d",
		"/v1/changes?at=%d", "/v1/diff?from=1&to=%d"} {
		if rec := get(h, fmt.Sprintf(target, next)); rec.Code != 404 ||
			!strings.Contains(rec.Body.String(), fmt.Sprint("number ", next-1)) {
			t.Errorf(target+" answers %d and should name the last commit: %s", next, rec.Code, rec.Body)
		}
	}
}
