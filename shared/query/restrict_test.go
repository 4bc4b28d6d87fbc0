package query_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// TestListOfClustersMovesWithEveryCheck: a caller who sees no run still sees
// each check, under another ETag.
func TestListOfClustersMovesWithEveryCheck(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	h := w.Handler(allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a", "ehpc-b"}}))
	before := get(h, "/v1/clusters", "Authorization", bearer("a"))
	w.Now = w.Now.Add(time.Minute)
	// no change, and ehpc-b is the oldest still
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage, centOS79, centOS710, ubuntuCreating)})
	w.Now = w.Now.Add(time.Minute)
	after := get(h, "/v1/clusters", "Authorization", bearer("a"), "If-None-Match", before.Header().Get("ETag"))
	if after.Code != 200 || after.Header().Get("X-Snapshot-Sequence") != before.Header().Get("X-Snapshot-Sequence") ||
		!strings.Contains(after.Body.String(), `"CheckedAt":"2026-11-23T11:31:00.000Z"`) {
		t.Errorf("before\n%s\nafter\n%s", dump(before), dump(after))
	}
}

// TestCallersAtOnce: callers with different grants ask at the same time. Each
// gets the answer of an instance of its own.
func TestCallersAtOnce(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	callers := allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}},
		access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}, access.Grant{Name: "none", Clusters: []string{"_any"}},
		access.Grant{Name: "nothing", Clusters: []string{"ehpc-x"}})
	targets := append([]string{"/v1/images?ClusterId=*", "/v1/images?ClusterId=ehpc-a",
		"/v1/images?ClusterId=ehpc-b&at=2", "/v1/changes?format=atom", "/v1/matrix?ClusterId=*",
		"/v1/diff?ClusterId=ehpc-a&with=ehpc-b", "/v1/images/m-ubuntu?at=1"}, guardedRoutes...)
	eager := func(o *query.Options) { o.HeadTTL = 0 } // every lookup reads the head
	type ask struct{ caller, target string }
	want := map[ask]string{}
	for _, target := range targets {
		for _, caller := range []string{"all", "a", "b", "none", "nothing"} { // each on an instance of its own
			if target != "/metrics" { // which counts
				want[ask{caller, target}] = dump(get(w.Handler(callers, eager), target, "Authorization",
					bearer(caller)))
			}
		}
	}
	h := w.Handler(callers, eager)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 400 / querytest.WorkDivisor {
				caller, target := pick(r, []string{"all", "a", "b", "none", "nothing"}), pick(r, targets)
				got := dump(get(h, target, "Authorization", bearer(caller)))
				if expected, ok := want[ask{caller, target}]; ok && got != expected {
					t.Errorf("%s for %s is\n%s\nwant\n%s", target, caller, got, expected)
				}
			}
		})
	}
	group.Wait()
}

// TestOutageShowsToEveryCaller: while the store is down, a limited caller gets
// the last state, marked stale. A caller for whom there is no state gets an
// error.
func TestOutageShowsToEveryCaller(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	down := false
	w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
		if down {
			return &buckettest.Fault{Err: errDown}
		}
		return nil
	})
	h := w.Handler(allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a"}},
		access.Grant{Name: "b", Clusters: []string{"ehpc-b"}}))
	if rec := get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer("a")); rec.Code != 200 ||
		rec.Header().Get("Warning") != "" {
		t.Fatal(dump(rec))
	}
	down = true
	w.Now = w.Now.Add(time.Minute)
	if rec := get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer("a")); rec.Code != 200 ||
		rec.Header().Get("Warning") == "" {
		t.Error(dump(rec))
	}
	if rec := get(h, "/v1/images?ClusterId=ehpc-b", "Authorization", bearer("b")); rec.Code != 503 {
		t.Error(dump(rec))
	}
	down = false
	w.Now = w.Now.Add(time.Minute)
	if rec := get(h, "/v1/images?ClusterId=ehpc-b", "Authorization", bearer("b")); rec.Code != 200 ||
		strings.Contains(rec.Header().Get("Warning"), "storage") {
		t.Error(dump(rec))
	}
}

// TestLimitedPageIsTheSameOnEveryInstance: the cursor of a page names the state
// that was asked for, not the one at which the page was cached.
func TestLimitedPageIsTheSameOnEveryInstance(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	callers := allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a", "ehpc-b"}})
	const target = "/v1/images?ClusterId=ehpc-a&limit=1"
	warm := w.Handler(callers)
	before := get(warm, target, "Authorization", bearer("a"))
	w.Now = w.Now.Add(time.Minute)
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, sampleImage)})
	got, want := get(warm, target, "Authorization", bearer("a")), get(w.Handler(callers), target, "Authorization",
		bearer("a"))
	if dump(got) != dump(want) || got.Header().Get("ETag") != before.Header().Get("ETag") ||
		got.Header().Get("Link") == "" {
		t.Errorf("the warm instance answers\n%s\na new one\n%s", dump(got), dump(want))
	}
}

// TestLimitedLookupReadsWhatAnyLookupReads: a grant causes no further requests
// to the store.
func TestLimitedLookupReadsWhatAnyLookupReads(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	callers := allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}, access.Grant{Name: "all"})
	for _, target := range []string{"/v1/images?ClusterId=ehpc-a", "/v1/images?ClusterId=ehpc-a&at=1",
		"/v1/images?ClusterId=ehpc-a&at=-90m", "/v1/changes?ClusterId=ehpc-a", "/v1/status"} {
		requests := map[string]string{}
		for _, caller := range []string{"a", "all"} {
			h := w.Handler(callers)
			w.Memory.Requests()
			if rec := get(h, target, "Authorization", bearer(caller)); rec.Code != 200 {
				t.Errorf("%s for %s: %s", target, caller, dump(rec))
			}
			// Snapshots are read in parallel, in any order.
			requests[caller] = strings.Join(slices.Sorted(strings.SplitSeq(w.Memory.Requests(), "\n")), "\n")
		}
		if requests["a"] != requests["all"] || requests["a"] == "" {
			t.Errorf("%s reads for a limited caller\n%s\nand for any\n%s", target, requests["a"], requests["all"])
		}
	}
}

// TestCommitsAreTheSameForEveryCaller: the numbers and times of commits do not
// depend on whose clusters a commit is about.
func TestCommitsAreTheSameForEveryCaller(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t) // commit 3 is about ehpc-b alone
	callers := allow(access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}, access.Grant{Name: "all"})
	compare := func(h http.Handler, target string, status int) {
		t.Helper()
		var shown [2]string
		for i, caller := range []string{"a", "all"} {
			rec := get(h, target, "Authorization", bearer(caller))
			if rec.Code != status {
				t.Errorf("%s for %s: %s", target, caller, dump(rec))
			}
			var body struct {
				Message  string
				Snapshot struct {
					Sequence    int64
					CommittedAt string
				}
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			shown[i] = fmt.Sprint(body, rec.Header().Get("X-Snapshot-Sequence"))
		}
		if shown[0] != shown[1] {
			t.Errorf("%s shows a limited caller commit %s, and any other %s", target, shown[0], shown[1])
		}
	}
	h := w.Handler(callers)
	for _, at := range []string{"", "&at=1", "&at=2", "&at=3", "&at=-31m", "&at=-91m", "&at=2026-11-23T10:59:00Z"} {
		compare(h, "/v1/images?ClusterId=ehpc-a"+at, 200)
		compare(h, "/v1/clusters?ClusterId=ehpc-a"+at, 200)
		compare(h, "/v1/changes?ClusterId=ehpc-a"+at, 200)
	}
	compare(h, "/v1/images?ClusterId=ehpc-a&at=4", 404)
	compare(h, "/v1/images?ClusterId=ehpc-a&at=2026-11-01", 404)
	w.Now = w.Now.AddDate(0, 1, 0)
	// commit 4 ends the month; commit 5 is about ehpc-b alone
	w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, centOS710)})
	w.RemoveMonth(hangzhou, "2026-11")
	h = w.Handler(callers)
	compare(h, "/v1/images?ClusterId=ehpc-a&at=5", 200)
	compare(h, "/v1/images?ClusterId=ehpc-a&at=3", 404)
	compare(h, "/v1/images?ClusterId=ehpc-a&at=-2d", 404)
	compare(h, "/v1/changes?ClusterId=ehpc-a&since=3", 404)
}

// TestQuestionWithoutACluster: an error does not recommend a question that the
// caller may not ask.
func TestQuestionWithoutACluster(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "me", Clusters: []string{"ehpc-a"}}))
	for target, says := range map[string]string{
		"/v1/images": "No list without a cluster is captured in cn-hangzhou. Captured clusters: " +
			"ehpc-a (name of ehpc-a).",
		"/v1/images?InstanceType=x": "No list without a cluster is captured in cn-hangzhou",
	} {
		rec := get(h, target, "Authorization", bearer("me"))
		checkError(t, rec, 404, "ClusterNotFound", []string{says})
		if body := rec.Body.String(); strings.Contains(body, "leave ClusterId out") ||
			!strings.Contains(body, "ClusterId=*") {
			t.Errorf("%s: %s", target, body)
		}
	}
}

// TestRegionsOutsideAGrant: a token that names a region gets the same answers
// whether other regions are served or not.
func TestRegionsOutsideAGrant(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS710),
		"ehpc-bj/_any": parseImages(t, sampleImage, windows)})
	me := allow(access.Grant{Name: "me", Regions: []string{hangzhou}}, access.Grant{Name: "all"})
	one := w.Handler(me)
	two := w.Handler(me, func(o *query.Options) { o.Regions = []string{beijing, hangzhou} })
	for _, target := range append([]string{
		"/", "/?format=html", "/healthz", "/v1/images?RegionId=cn-beijing", "/v1/images?RegionId=cn-mars",
		"/v1/images?ClusterId=ehpc-bj", "/v1/images?ClusterId=*", "/v1/clusters?ClusterId=ehpc-bj",
		"/v1/images/m-win", "/v1/images/m-win/history", "/v1/changes?ClusterId=ehpc-bj",
		"/v1/status?RegionId=cn-beijing", "/v1/diff?ClusterId=ehpc-a&with=ehpc-bj",
	}, guardedRoutes...) {
		get(two, target, "Authorization", bearer("all"))
		want, got := dump(get(one, target, "Authorization", bearer("me"))), dump(
			get(two, target, "Authorization", bearer("me")))
		if got != want || strings.Contains(got, beijing) && !strings.Contains(target, beijing) {
			t.Errorf("%s shows that another region is served:\n%s\nwant\n%s", target, got, want)
		}
	}
}
