package query_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
)

// TestOneRegionOfTwoCannotBeRead: the other region answers what it can answer
// alone. An error about the rest names the missing region.
func TestOneRegionOfTwoCannotBeRead(t *testing.T) {
	t.Parallel()
	both := func(o *query.Options) { o.Regions = []string{hangzhou, beijing} }
	callers := allow(access.Grant{Name: "all"}, access.Grant{Name: "one", Regions: []string{hangzhou}},
		access.Grant{Name: "a", Clusters: []string{"ehpc-a"}})
	for _, row := range []struct {
		about      string
		unreadable bool
		code, says string // of beijing
	}{
		{"it was never captured", false, "RegionNotReady", "Nothing has been captured for cn-beijing yet."},
		{"its head cannot be read", true, "StorageUnavailable", "has no copy of the data of cn-beijing"},
	} {
		t.Run(row.about, func(t *testing.T) {
			t.Parallel()
			w := newSmallRegion(t)
			w.CommitRun(hangzhou, content{"ehpc-old/_any": parseImages(t, windows)})
			w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage, centOS79)}, "ehpc-old/_any")
			w.Bucket = buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
				if row.unreadable && strings.Contains(op.Key, beijing) {
					return &buckettest.Fault{Err: errDown}
				}
				return nil
			})
			h := w.Handler(both)
			for _, target := range []string{
				"/v1/images?ClusterId=ehpc-a", "/v1/images?ClusterId=ehpc-a&at=1", "/v1/images?ClusterId=ehpc-old&at=4",
				"/v1/images/m-cent79?ClusterId=ehpc-a", "/v1/images/m-win/history?ClusterId=ehpc-a",
				"/v1/changes?ClusterId=ehpc-a", "/v1/changes?ClusterId=ehpc-old", "/v1/clusters?ClusterId=ehpc-a",
				"/v1/clusters?ClusterId=ehpc-a&maxAge=1d", "/v1/matrix?ClusterId=ehpc-a",
				"/v1/diff?ClusterId=ehpc-a&with=ehpc-b", "/v1/diff?ClusterId=ehpc-a&from=1",
			} {
				if rec := get(h, target); rec.Code != 200 ||
					!strings.Contains(rec.Body.String(), `"RegionId":"cn-hangzhou"`) ||
					!strings.Contains(rec.Body.String(), "ehpc-a") && !strings.Contains(target, "ehpc-old") ||
					strings.Contains(rec.Body.String(), beijing) {
					t.Errorf("%s: %s", target, dump(rec))
				}
			}
			for target, without := range map[string]int{ // if beijing is empty
				"/v1/images/m-cent79": 200, "/v1/images/m-win": 410, "/v1/images/m-cent79/history": 200,
				"/v1/images/m-nope": 404, "/v1/images?ClusterId=ehpc-nope": 404,
				"/v1/images?ClusterId=ehpc-nope&at=1": 404, "/v1/clusters?InstanceType=ecs.typo": 404,
			} {
				rec := get(h, target)
				if row.unreadable {
					checkError(t, rec, 503, row.code, []string{row.says})
				} else if rec.Code != without {
					t.Errorf("%s: %s", target, dump(rec))
				}
				if row.unreadable && !strings.Contains(rec.Body.String(), "RegionId") {
					t.Errorf("%s does not recommend to name a region: %s", target, rec.Body)
				}
			}
			for _, target := range []string{"/v1/clusters", "/v1/clusters?InstanceType=ecs.c7.large",
				"/v1/clusters?at=2026-11-23T10:30:00Z"} {
				rec := get(h, target)
				if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, `"ClusterId":"ehpc-a"`) ||
					!strings.Contains(body, `{"Scope":"cn-beijing/*","Since":"","Reason":"`) ||
					!strings.Contains(body, row.says) {
					t.Errorf("%s: %s", target, dump(rec))
				}
			}
			checkError(t, get(h, "/v1/clusters?InstanceType=ecs.c7.large&maxAge=1d"), 503, row.code, []string{row.says})
			checkError(t, get(h, "/v1/images?RegionId=cn-beijing"), 503, row.code, []string{row.says})
			// A caller who may not see the region must not learn of it.
			h = w.Handler(both, callers)
			for _, target := range append([]string{"/v1/images/m-cent79", "/v1/images?ClusterId=ehpc-nope",
				"/v1/images?ClusterId=ehpc-a"}, guardedRoutes...) {
				if got := dump(get(h, target, "Authorization", bearer("one"))); strings.Contains(got, beijing) {
					t.Errorf("%s shows another region: %s", target, got)
				}
			}
			if rec := get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer("a")); rec.Code != 200 ||
				strings.Contains(rec.Body.String(), beijing) {
				t.Errorf("for a caller with one cluster: %s", dump(rec))
			}
		})
	}
}

// TestUnreadableRegionDelaysNobody: a lookup that other regions can answer does
// not wait for a region that has just failed. A lookup that only this region
// can answer reads it again.
func TestUnreadableRegionDelaysNobody(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	asked, unreadable := 0, false
	w.Bucket = buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
		if !strings.Contains(op.Key, beijing) {
			return nil
		}
		if asked++; unreadable {
			return &buckettest.Fault{Err: errDown}
		}
		return nil
	})
	for _, row := range []struct {
		about, target string
		unreadable    bool
		want          int // status
		again         int // reads of the region for the second lookup
	}{
		{"a cluster, of the region nothing is captured", "/v1/images?ClusterId=ehpc-a", false, 200, 0},
		{"an image, of the region nothing is captured", "/v1/images/m-cent79", false, 200, 0},
		{"a cluster, the region cannot be read", "/v1/images?ClusterId=ehpc-a", true, 200, 0},
		{"an image, the region cannot be read", "/v1/images/m-cent79", true, 503, 1},
		{"a cluster that the region may have", "/v1/images?ClusterId=ehpc-bj", true, 503, 1},
	} {
		for _, caller := range []string{"all", "a"} {
			var logged []string
			h := withToken{w.Handler(func(o *query.Options) {
				o.Regions, o.Report = []string{hangzhou, beijing}, collectReports(&logged)
			}, allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a", "ehpc-bj"}})),
				caller}
			unreadable = row.unreadable
			get(h, row.target)
			asked = 0
			if rec := get(h, row.target); rec.Code != row.want || asked != row.again {
				t.Errorf("%s, for %s: %d reads, %s", row.about, caller, asked, dump(rec))
			}
			if row.want == 200 && row.unreadable && len(logged) != 1 {
				t.Errorf("%s, for %s: the log has %q, want one attempt", row.about, caller, logged)
			}
		}
	}
	unreadable = false
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	checkError(t, get(h, "/v1/images?ClusterId=ehpc-bj"), 404, "ClusterNotFound", nil)
	w.CommitRun(beijing, content{"ehpc-bj/_any": parseImages(t, centOS710)})
	if rec := get(h, "/v1/images?ClusterId=ehpc-bj"); rec.Code != 200 {
		t.Errorf("after the first run of the region: %s", dump(rec))
	}
}

func TestNoRegionHasData(t *testing.T) {
	t.Parallel()
	h := newFixture(t).Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for _, target := range []string{"/v1/images?ClusterId=ehpc-a", "/v1/images?ClusterId=ehpc-a&at=1",
		"/v1/images/m-cent79", "/v1/images/m-cent79/history", "/v1/clusters", "/v1/clusters?InstanceType=ecs.c7.large",
		"/v1/clusters?at=-1h", "/v1/changes?ClusterId=ehpc-a"} {
		checkError(t, get(h, target), 503, "RegionNotReady", []string{"cn-hangzhou", "cn-beijing"})
	}
}

// TestScopesOfOneRegion: without RegionId the list of scopes covers all
// regions, and a name need not exist in each of them.
func TestScopesOfOneRegion(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79), "ehpc-bj/_any": parseImages(t, centOS710),
		"ehpc-bj/ecs.g7.large": parseImages(t, centOS710)})
	h := w.Handler(func(o *query.Options) {
		o.Regions = []string{hangzhou, beijing}
	}, allow(access.Grant{Name: "all"}, access.Grant{Name: "a", Clusters: []string{"ehpc-a"}}))
	for target, want := range map[string]string{
		"/v1/clusters?InstanceType=ecs.c7.large":              "ehpc-a/ecs.c7.large",
		"/v1/clusters?InstanceType=ecs.g7.large":              "ehpc-bj/ecs.g7.large",
		"/v1/clusters?InstanceType=ecs.g7.large,ecs.c7.large": "ehpc-a/ecs.c7.large ehpc-bj/ecs.g7.large",
		"/v1/clusters?InstanceType=ecs.g7.large&maxAge=1d":    "ehpc-bj/ecs.g7.large",
		"/v1/clusters?InstanceType=*": "/ ehpc-a/ ehpc-a/ecs.c7.large ehpc-b/ ehpc-new/ " +
			"/ ehpc-bj/ ehpc-bj/ecs.g7.large",
		"/v1/clusters?ClusterId=_any":                                    "/ /",
		"/v1/clusters?InstanceType=ecs.g7.large&at=2026-11-23T11:30:00Z": "ehpc-bj/ecs.g7.large",
		"/v1/clusters?ClusterId=ehpc-bj&InstanceType=ecs.g7.large,_any":  "ehpc-bj/ ehpc-bj/ecs.g7.large",
		"/v1/clusters?RegionId=cn-hangzhou&InstanceType=ecs.c7.large,_any": "/ ehpc-a/ ehpc-a/ecs.c7.large ehpc-b/ " +
			"ehpc-new/",
	} {
		var got []string
		for _, sc := range answerOf[struct {
			Scopes []struct{ ClusterId, InstanceType string }
		}](t, withToken{h, "all"}, 200, target).Scopes {
			got = append(got, sc.ClusterId+"/"+sc.InstanceType)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s lists %q, want %s", target, got, want)
		}
	}
	const never = "/v1/clusters?InstanceType=ecs.g7.large,ecs.typo"
	checkError(t, get(h, never, "Authorization", bearer("all")), 404, "ScopeNotCaptured",
		[]string{"cn-hangzhou, cn-beijing", "ecs.typo", "Captured instance types: _any, ecs.c7.large, ecs.g7.large."})
	rec := get(h, "/v1/clusters?InstanceType=ecs.g7.large", "Authorization", bearer("a"))
	if checkError(t, rec, 404, "ScopeNotCaptured",
		[]string{"Captured instance types: _any, ecs.c7.large."}); strings.Count(rec.Body.String(),
		"ecs.g7.large") != 1 || strings.Contains(rec.Body.String(), "ehpc-bj") {
		t.Errorf("the error shows others: %s", rec.Body)
	}
	checkError(t, get(h, "/v1/clusters?RegionId=cn-hangzhou&InstanceType=ecs.g7.large", "Authorization", bearer("all")),
		404, "ScopeNotCaptured", nil)
}

// withToken is a handler that is asked with a token.
type withToken struct {
	http.Handler
	name string
}

func (b withToken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Set("Authorization", bearer(b.name))
	b.Handler.ServeHTTP(w, r)
}

// TestPagesOfEndedCluster: the link to the next page stays in the state of its
// page, even if the region has to be found again.
func TestPagesOfEndedCluster(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/v1/images?ClusterId=ehpc-b&limit=1&format=ids",
		"/v1/matrix?ClusterId=ehpc-b&limit=1&format=csv"} {
		w := newSmallRegion(t)
		w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79), "ehpc-bj/_any": parseImages(t, centOS710)})
		callers := allow(access.Grant{Name: "all"}, access.Grant{Name: "b", Clusters: []string{"ehpc-b"}},
			access.Grant{Name: "bj", Clusters: []string{"ehpc-bj"}})
		h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} }, callers)
		next := map[string]string{}
		for _, caller := range []string{"all", "b"} {
			link := get(withToken{h, caller}, target).Header().Get("Link")
			next[caller], _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
		}
		w.Now = w.Now.Add(time.Minute)
		w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, sampleImage, centOS79)}, "ehpc-b/_any")
		w.Now = w.Now.Add(time.Minute)
		for caller, link := range next {
			if rec := get(withToken{h, caller}, link); rec.Code != 200 ||
				!strings.Contains(rec.Body.String(), "m-ubuntu") || rec.Header().Get("X-Snapshot-Sequence") != "3" {
				t.Errorf("%s for %s: %s", link, caller, dump(rec))
			}
		}
		if rec := get(withToken{h, "bj"}, next["b"]); rec.Code == 200 || strings.Contains(rec.Body.String(), "until") ||
			strings.Contains(rec.Body.String(), "m-") {
			t.Errorf("another caller sees the cluster: %s", dump(rec))
		}
		checkError(t, get(withToken{h, "all"}, target), 404, "ClusterNotFound", []string{"until commit 4"})
		// The same cursor with another question.
		other := strings.Replace(next["all"], "ClusterId=ehpc-b", "ClusterId=ehpc-a", 1)
		checkError(t, get(withToken{h, "all"}, other), 400, "InvalidParameter",
			[]string{"cursor belongs to another query"})
	}
}

// TestPagesOfFeedNameTheRegion: the next page is about the same region, even if
// another region has the image by then.
func TestPagesOfFeedNameTheRegion(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/v1/images/m-ubuntu/history?limit=1", "/v1/changes?ImageId=m-ubuntu&limit=1",
		"/v1/changes?ClusterId=ehpc-a&limit=1"} {
		w := newSmallRegion(t)
		w.CommitRun(beijing, content{"ehpc-z/_any": parseImages(t, windows)})
		h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
		rec := get(h, target)
		next, _, ok := strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">")
		if rec.Code != 200 || !ok {
			t.Errorf("%s: %s", target, dump(rec))
			continue
		}
		w.Now = w.Now.Add(time.Minute)
		w.CommitRun(beijing, content{"ehpc-z/_any": parseImages(t, windows, ubuntuCreating)})
		if rec := get(h, next); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"RegionId":"cn-hangzhou"`) {
			t.Errorf("%s leads to %s: %s", target, next, dump(rec))
		}
	}
}
