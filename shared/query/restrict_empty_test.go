package query_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
)

// emptyQuestions are asked about a region without anything of the caller's.
var emptyQuestions = append([]string{
	"/", "/healthz", "/v1/images?ClusterId=ehpc-x", "/v1/images?ClusterId=ehpc-a",
	"/v1/images?ClusterId=*&RegionId=cn-beijing", "/v1/images?RegionId=cn-beijing",
	"/v1/images?RegionId=cn-beijing&ClusterId=ehpc-a",
	"/v1/images?RegionId=cn-beijing&ClusterId=_any&at=1", "/v1/images?RegionId=cn-beijing&ClusterId=ehpc-a&at=2",
	"/v1/images?RegionId=cn-beijing&ClusterId=ehpc-a&at=-1h",
	"/v1/images?RegionId=cn-beijing&ClusterId=ehpc-a&at=2999-01-01",
	"/v1/images?ClusterId=ehpc-x&at=-1h", "/v1/images?ClusterId=ehpc-x&maxAge=1h",
	"/v1/images/m-centOS79?RegionId=cn-beijing", "/v1/images/m-win", "/v1/images/m-win?at=1",
	"/v1/images/m-win/history", "/v1/images/m-win/history?RegionId=cn-beijing", "/v1/clusters?RegionId=cn-beijing",
	"/v1/clusters?at=-1h", "/v1/clusters?RegionId=cn-beijing&at=1", "/v1/clusters?RegionId=cn-beijing&maxAge=1h",
	"/v1/changes?RegionId=cn-beijing", "/v1/changes?RegionId=cn-beijing&since=1",
	"/v1/changes?RegionId=cn-beijing&since=-1h", "/v1/changes?RegionId=cn-beijing&since=0&format=atom",
	"/v1/changes?RegionId=cn-beijing&since=c1.0.cn-beijing.0000000000000000",
	"/v1/changes?since=c2.0.cn-beijing.ffffffffffffffff",
	"/v1/changes?ClusterId=ehpc-x", "/v1/diff?RegionId=cn-beijing&ClusterId=ehpc-a&with=ehpc-x",
	"/v1/diff?RegionId=cn-beijing&from=1", "/v1/diff?RegionId=cn-beijing&from=-1h",
	"/v1/diff?ClusterId=ehpc-a&with=ehpc-x",
	"/v1/matrix?RegionId=cn-beijing", "/v1/matrix?RegionId=cn-beijing&ClusterId=*", "/v1/status?RegionId=cn-beijing",
	"/metrics?format=prometheus",
}, append(guardedRoutes, replicaQuestions...)...)

var replicaQuestions = func() (all []string) {
	for _, path := range []string{"/", "/at/1/", "/at/-1h/", "/cn-beijing/", "/at/1/cn-beijing/", "/at/-1h/cn-beijing/",
		"/at/9/cn-beijing/", "/at/2999-01-01/cn-beijing/"} {
		for _, call := range []string{"ListRegions", "ListClusters", "ListClusters&RegionId=cn-beijing",
			"ListCommunityImages", "ListCommunityImages&ClusterId=ehpc-a", "ListCommunityImages&ClusterId=ehpc-x",
			"ListCommunityImages&ClusterId=ehpc-x&RegionId=cn-beijing"} {
			all = append(all, path+"?Version=2018-04-12&Action="+call)
		}
	}
	return all
}()

// TestRegionOfOthers: a caller without anything in a region must not learn what
// others have there. Time passes between the questions, and in the end the
// store is down.
func TestRegionOfOthers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		grant   access.Grant
		regions []string
	}{
		"a cluster elsewhere":       {access.Grant{Clusters: []string{"ehpc-a"}}, []string{hangzhou, beijing}},
		"no cluster":                {access.Grant{Clusters: []string{"_any"}}, []string{beijing, hangzhou}},
		"a cluster that is nowhere": {access.Grant{Clusters: []string{"ehpc-x"}}, []string{hangzhou, beijing}},
		"the only region":           {access.Grant{Clusters: []string{"ehpc-a"}}, []string{beijing}},
		"the only region of the grant": {access.Grant{Clusters: []string{"ehpc-a"}, Regions: []string{beijing}},
			[]string{hangzhou, beijing}},
		"two regions of others": {access.Grant{Clusters: []string{"ehpc-a"}}, []string{beijing, "cn-shanghai"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row.grant.Name = "me"
			few, many := newSmallRegion(t), newSmallRegion(t)
			for _, region := range row.regions {
				if region != hangzhou {
					few.CommitRun(region, content{"ehpc-q/_any": parseImages(t, ubuntuCreating)})
					many.CommitRun(region, content{"ehpc-bj/_any": parseImages(t, sampleImage, windows),
						"ehpc-xx/_any": parseImages(t, centOS710)})
				}
			}
			down := false
			handlers := []http.Handler{}
			for _, w := range []*fixture{few, many} {
				w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
					if down {
						return &buckettest.Fault{Err: errDown}
					}
					return nil
				})
				handlers = append(handlers, w.HandlerWithReplica(func(o *query.Options) {
					o.Regions = row.regions
				}, allow(row.grant)))
			}
			compare := func() {
				t.Helper()
				for _, target := range emptyQuestions {
					one := maskLines(target, dump(get(handlers[0], target, "Authorization", bearer("me"))))
					other := maskLines(target, dump(get(handlers[1], target, "Authorization", bearer("me"))))
					if one != other {
						t.Errorf("%s shows who else is there; the store is down: %v:\n%s\nwith other clusters:\n%s",
							target, down, other, one)
					}
				}
			}
			for range 3 {
				compare()
				for _, w := range []*fixture{few, many} {
					w.Now = w.Now.Add(2 * time.Second)
				}
			}
			down = true
			for range 2 {
				for _, w := range []*fixture{few, many} {
					w.Now = w.Now.Add(time.Minute)
				}
				compare()
			}
		})
	}
}

// TestFirstRunOfARegion: a region without a commit is not ready for any caller,
// limited or not. Its first data is there for both at once.
func TestFirstRunOfARegion(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	h := w.Handler(allow(access.Grant{Name: "me", Clusters: []string{"ehpc-a"}}, access.Grant{Name: "all"}))
	for _, who := range []string{"me", "all"} {
		checkError(t, get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer(who)), 503, "RegionNotReady", nil)
	}
	w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage)})
	w.Now = w.Now.Add(time.Minute)
	for _, who := range []string{"me", "all"} {
		if rec := get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer(who)); rec.Code != 200 {
			t.Errorf("%s: %s", who, dump(rec))
		}
	}
}

// TestHangingStoreKeepsWaitingOnce: a caller without anything in a region waits
// only once for a store that hangs.
func TestHangingStoreKeepsWaitingOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newFixture(t)
		w.CommitRun(hangzhou, content{"ehpc-b/_any": parseImages(t, centOS79)})
		down := false
		w.Bucket = buckettest.NewFaulty(w.Memory, func(buckettest.Op) *buckettest.Fault {
			if down {
				return &buckettest.Fault{Hang: true}
			}
			return nil
		})
		h := w.Handler(allow(access.Grant{Name: "me", Clusters: []string{"ehpc-a"}}))
		ask := func() (took time.Duration) {
			t.Helper()
			began := time.Now()
			checkError(t, get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer("me")), 404, "ClusterNotFound",
				nil)
			return time.Since(began)
		}
		ask()
		down, w.Now = true, w.Now.Add(time.Minute)
		ask()
		time.Sleep(3 * time.Second) // until that attempt to read the head has failed
		if took := ask(); took > 0 {
			t.Errorf("the second lookup of an outage takes %v", took)
		}
		down, w.Now = false, w.Now.Add(time.Minute)
		w.CommitRun(hangzhou, content{"ehpc-a/_any": parseImages(t, sampleImage)})
		if rec := get(h, "/v1/images?ClusterId=ehpc-a", "Authorization", bearer("me")); rec.Code != 200 ||
			rec.Header().Get("Age") != "0" {
			t.Errorf("after the outage: %s", dump(rec))
		}
	})
}
