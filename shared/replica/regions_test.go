package replica_test

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive/buckettest"
	"community-images/shared/replica"
)

const regionWithoutCommits = "cn-beijing"

// several is a replica of more regions than one.
func (w *fixture) several(regions []string, edit ...func(*replica.Options)) *replica.Replica {
	return w.replica(append(edit, func(o *replica.Options) {
		o.Regions, o.Source = regions, w.source(w.Memory, regions...)
	})...)
}

// as asks with a token.
func as(h http.Handler, token, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return do(h, r)
}

// newTwoRegions returns a fixture with three commits in one region, an hour apart from 9:00 on,
// and one in another at 10:30; it is 12:00.
func newTwoRegions(t testing.TB) *fixture {
	w := newFixture(t)
	w.run(hangzhou, content{"_any/_any": {cent72}, "ehpc-a/_any": {cent72}}, clusterA)
	w.Now = w.Now.Add(time.Hour)
	w.run(hangzhou, content{"_any/_any": {cent72}, "ehpc-a/_any": {cent72}, "ehpc-b/_any": {ubuntu}}, clusterA,
		clusterB)
	w.Now = w.Now.Add(30 * time.Minute)
	w.run(shanghai, content{"_any/_any": {ended}, "ehpc-s/_any": {ended}}, `{"Id":"ehpc-s","Name":"s"}`)
	w.Now = w.Now.Add(30 * time.Minute)
	w.run(hangzhou, content{"_any/_any": {cent72}, "ehpc-a/_any": {ended}, "ehpc-b/_any": {ubuntu}}, clusterA, clusterB)
	w.Now = w.Now.Add(time.Hour)
	return w
}

// A region that has no data yet has no cluster, and keeps nobody from those of
// the others.
func TestRegionsThatAreNotCaptured(t *testing.T) {
	t.Parallel()
	w := newTwoRegions(t)
	for name, regions := range map[string][]string{
		"before": {regionWithoutCommits, hangzhou}, "after": {hangzhou, regionWithoutCommits},
	} {
		h := w.several(regions)
		rec := ask(h, "GET /?"+clusters)
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `"TotalCount":2,`) ||
			rec.Header().Get("X-Snapshot-Age") != "3600" || rec.Header().Get("Warning") != "" ||
			rec.Header().Get("X-Snapshot-Sequence") != "" {
			t.Errorf("clusters, %s: %d %v %s", name, rec.Code, rec.Header(), rec.Body)
		}
		for line, want := range map[string]string{
			"GET /?ClusterId=ehpc-b&" + list:                       "",
			"GET /?ClusterId=ehpc-nosuch&" + list:                  "ClusterNotFound",
			"GET /at/2/?ClusterId=ehpc-nosuch&" + list:             "ClusterNotFound",
			"GET /at/9/?ClusterId=ehpc-b&" + list:                  "InvalidParams",
			"GET /cn-beijing/?" + clusters:                         "ServiceUnavailable",
			"GET /?RegionId=cn-beijing&ClusterId=ehpc-b&" + list:   "ServiceUnavailable",
			"GET /?RegionId=cn-beijing&at=-1h&" + clusters:         "ServiceUnavailable",
			"GET /?at=-1h&" + clusters:                             "",
			"GET /?at=-1h&ClusterId=ehpc-nosuch&" + list:           "ClusterNotFound",
			"GET /at/2026-11-23T09:00:00Z/?PageSize=1&" + clusters: "",
		} {
			if rec := ask(h, line); code(t, rec) != want {
				t.Errorf("%s, %s: %s, want %s", name, line, rec.Body, want)
			}
		}
	}
	none := w.several([]string{regionWithoutCommits, "cn-empty"})
	for _, line := range []string{"GET /?" + clusters, "GET /?ClusterId=ehpc-b&" + list,
		"GET /at/1/?ClusterId=ehpc-b&" + list, "GET /?at=-1h&" + clusters} {
		if rec := ask(none, line); rec.Code != 503 || rec.Header().Get("Retry-After") != "60" ||
			rec.Header().Get("X-Snapshot-Age") != "" {
			t.Errorf("nothing anywhere, %s: %d %v %s", line, rec.Code, rec.Header(), rec.Body)
		}
	}
}

// A region that cannot be read may have what is asked for.
func TestRegionsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newTwoRegions(t)
	faulty := buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
		if strings.Contains(op.Key, shanghai) {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	})
	regions := []string{shanghai, regionWithoutCommits, hangzhou}
	h := w.replica(func(o *replica.Options) { o.Regions, o.Source = regions, w.source(faulty, regions...) })
	for line, want := range map[string]string{
		"GET /?" + clusters:                        "ServiceUnavailable",
		"GET /?at=-1h&" + clusters:                 "ServiceUnavailable",
		"GET /?ClusterId=ehpc-nosuch&" + list:      "ServiceUnavailable",
		"GET /at/9/?ClusterId=ehpc-nosuch&" + list: "ServiceUnavailable",
		"GET /?ClusterId=ehpc-b&" + list:           "",
		"GET /cn-hangzhou/?" + clusters:            "",
	} {
		rec := ask(h, line)
		if code(t, rec) != want || want != "" && rec.Header().Get("Retry-After") != "5" {
			t.Errorf("%s: %v %s, want %s", line, rec.Header(), rec.Body, want)
		}
	}
}

// A moment that some regions do not know is one that no cluster of theirs was
// there at.
func TestMomentsOfSeveralRegions(t *testing.T) {
	t.Parallel()
	w := newTwoRegions(t)
	h := w.several([]string{shanghai, hangzhou})
	for _, row := range []struct{ name, line, code, says string }{
		{"a number that one region has, of an unknown cluster", "GET /at/2/?ClusterId=ehpc-x&" + list,
			"ClusterNotFound", ""},
		{"a number that one region has, of its cluster", "GET /at/2/?ClusterId=ehpc-b&" + list, "",
			`"ImageId":"m-ubuntu"`},
		{"a number that one region has, of the other's", "GET /at/2/?ClusterId=ehpc-s&" + list, "ClusterNotFound", ""},
		{"a number that no region has", "GET /at/4/?ClusterId=ehpc-x&" + list, "InvalidParams",
			"the last commit is number 3"},
		{"a time before one region's first", "GET /at/2026-11-23T09:30:00Z/?ClusterId=ehpc-x&" + list,
			"ClusterNotFound", ""},
		{"a time before every region's first", "GET /at/2020-01-01/?ClusterId=ehpc-x&" + list, "InvalidParams",
			"begins at 2026-11-23T09:00:00.000Z"},
		{"a time to come", "GET /at/2026-11-24/?ClusterId=ehpc-a&" + list, "InvalidParams", "in the future"},
		{"no moment", "GET /at/soon/?ClusterId=ehpc-a&" + list, "InvalidParams", "neither a time"},
		{"clusters at a time", "GET /?at=-1h&" + clusters, "",
			`"TotalCount":3,"Clusters":{"ClusterInfoSimple":[{"Id":"ehpc-a",`},
		{"clusters at a time, the second page", "GET /at/2026-11-23T11:00:00Z/?PageSize=2&PageNumber=2&" + clusters, "",
			`"ClusterInfoSimple":[{"Id":"ehpc-s","Name":"s","RegionId":"cn-shanghai"}]`},
		{"clusters at a time before one region's first", "GET /at/2026-11-23T10:00:00Z/?" + clusters, "",
			`"TotalCount":2,`},
		{"clusters at a time before every region's first", "GET /at/2020-01-01/?" + clusters, "InvalidParams",
			"begins at 2026-11-23T09:00:00.000Z"},
		{"clusters at a time to come", "GET /at/2026-11-24/?" + clusters, "InvalidParams", "in the future"},
		{"clusters at no moment", "GET /at/soon/?" + clusters, "InvalidParams", "neither a time"},
		{"clusters at a number", "GET /at/1/?" + clusters, "MissingParameter",
			"Each region counts its own commits. Supply one of cn-shanghai, cn-hangzhou"},
		{"clusters at a number, as a parameter", "GET /?at=1&" + clusters, "MissingParameter",
			"Each region counts its own commits."},
		{"clusters at a number, with the region", "GET /at/1/cn-shanghai/?" + clusters, "", `"TotalCount":1,`},
		{"clusters at a number that the region does not have", "GET /at/2/cn-shanghai/?" + clusters, "InvalidParams",
			"the last commit is number 1"},
	} {
		rec := ask(h, row.line)
		if code(t, rec) != row.code || !strings.Contains(rec.Body.String(), row.says) {
			t.Errorf("%s: %d %s, want %s %q", row.name, rec.Code, rec.Body, row.code, row.says)
		}
	}
	// The answer is as old as the oldest of the commits that it tells of.
	for line, want := range map[string]string{"GET /at/2026-11-23T11:00:00Z/?": "5400",
		"GET /at/2026-11-23T10:00:00Z/?": "7200"} {
		if rec := ask(h, line+clusters); rec.Header().Get("X-Snapshot-Age") != want ||
			rec.Header().Get("X-Snapshot-Sequence") != "" {
			t.Errorf("%s: %v", line, rec.Header())
		}
	}
}

// limited lets in by token-me who may see clusters of any region.
func limited(names ...string) func(*replica.Options) {
	return func(o *replica.Options) {
		o.Tokens = access.Tokens{
			{Hash: sha256.Sum256([]byte("token-me")), Grant: access.Grant{Name: "me", Clusters: names}},
			{Hash: sha256.Sum256([]byte("token-all"))},
		}
	}
}

// Runs that find nothing new make no commit: the clusters of a caller who may
// see some are as old as the last checks of those.
func TestAgeOfSomeClusters(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	found := content{"_any/_any": {cent72}, "ehpc-a/_any": {ubuntu, cent72}, "ehpc-a/ecs.c7.large": {},
		"ehpc-b/_any": nil, "ehpc-new/_any": nil}
	for range 10 {
		w.run(hangzhou, found, clusterA, clusterB, clusterC)
		w.run(shanghai, content{"_any/_any": {cent72}, "ehpc-s/_any": {ended}}, `{"Id":"ehpc-s","Name":"s"}`)
		w.Now = w.Now.Add(30 * time.Minute)
	}
	w.Now = w.Now.Add(-29 * time.Minute) // a minute after the last run
	one, both := []string{hangzhou}, []string{hangzhou, shanghai}
	for _, row := range []struct {
		name, token string
		regions     []string
		clusters    []string
		total       int
		sequence    bool
		age         string
		stale       bool
	}{
		{"all, of one region", "token-all", one, nil, 3, true, "60", false},
		{"all, of two", "token-all", both, nil, 4, false, "60", false},
		{"one cluster", "token-me", one, []string{"ehpc-a"}, 1, true, "60", false},
		{"one cluster of two regions, nothing in the second", "token-me", both, []string{"ehpc-a"}, 1, false, "60",
			false},
		{"one cluster of two regions, nothing in the first", "token-me", both, []string{"ehpc-s"}, 1, false, "60",
			false},
		{"a cluster of each of two regions", "token-me", both, []string{"ehpc-a", "ehpc-s"}, 2, false, "60", false},
		{"one whose checks fail, and have for hours", "token-me", one, []string{"ehpc-a", "ehpc-b"}, 2, true, "21660",
			true},
		{"one that was never checked, beside one that was", "token-me", one, []string{"ehpc-a", "ehpc-new"}, 1, true,
			"60", false},
		{"one that was never checked", "token-me", one, []string{"ehpc-new"}, 0, true, "", false},
		{"one that is listed and not captured", "token-me", one, []string{"ehpc-c"}, 1, true, "", false},
		{"one that is not there", "token-me", one, []string{"ehpc-none"}, 0, true, "", false},
		{"one that is in none of two regions", "token-me", both, []string{"ehpc-none"}, 0, false, "", false},
	} {
		rec := as(w.several(row.regions, limited(row.clusters...)), row.token, "/?"+clusters)
		h := rec.Header()
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), fmt.Sprintf(`"TotalCount":%d,`, row.total)) ||
			(h.Get("X-Snapshot-Sequence") != "") != row.sequence || h.Get("X-Snapshot-Age") != row.age ||
			(h.Get("Warning") != "") != row.stale {
			t.Errorf("%s: %d %v %s", row.name, rec.Code, h, rec.Body)
		}
	}
}

// Which clusters others have in a region does not show in what a limited caller
// is told of it. The numbers and times of commits are the same for both.
func TestOthersInOtherRegionsDoNotExist(t *testing.T) {
	t.Parallel()
	one, other := newTwoRegions(t), newFixture(t)
	other.run(hangzhou, content{"_any/_any": {ubuntu}, "ehpc-a/_any": {cent72}}, clusterA, clusterC)
	other.Now = other.Now.Add(time.Hour)
	other.run(hangzhou, content{"_any/_any": {ended}, "ehpc-a/_any": {cent72}}, clusterA)
	other.Now = other.Now.Add(30 * time.Minute)
	other.run(shanghai, content{"ehpc-z/_any": {cent72}, "ehpc-y/_any": nil}, `{"Id":"ehpc-z","Name":"z"}`)
	other.Now = other.Now.Add(30 * time.Minute)
	other.run(hangzhou, content{"ehpc-a/_any": {ended}}, clusterA)
	other.Now = one.Now
	for i := range 3 {
		one.run(shanghai, content{"_any/_any": {ended}, "ehpc-s/_any": {fmt.Sprintf(`{"ImageId":"m-%d"}`, i)}},
			`{"Id":"ehpc-s","Name":"s"}`)
		other.run(shanghai, content{"ehpc-z/_any": {fmt.Sprintf(`{"ImageId":"m-z%d"}`, i)}},
			`{"Id":"ehpc-z","Name":"z"}`)
	}
	for _, regions := range [][]string{{hangzhou, shanghai}, {shanghai, hangzhou}} {
		h1, h2 := one.several(regions, limited("ehpc-a")), other.several(regions, limited("ehpc-a"))
		for _, target := range []string{
			"/?", "/?PageSize=1&PageNumber=2&", "/at/1/?", "/at/2/?", "/at/3/?", "/at/4/?", "/at/5/?", "/at/9/?",
			"/at/2020-01-01/?", "/at/2026-11-23T09:30:00Z/?", "/at/-1h/?", "/at/2026-11-24/?",
			"/?ClusterId=ehpc-a&", "/?ClusterId=ehpc-s&", "/?ClusterId=ehpc-none&", "/at/4/?ClusterId=ehpc-s&",
			"/at/4/?ClusterId=ehpc-none&", "/at/4/?ClusterId=ehpc-a&", "/at/9/?ClusterId=ehpc-s&",
			"/at/2026-11-23T09:30:00Z/?ClusterId=ehpc-s&", "/at/2026-11-23T10:45:00Z/?ClusterId=ehpc-s&",
			"/at/2020-01-01/?ClusterId=ehpc-a&", "/at/1/?ClusterId=ehpc-a&",
		} {
			for _, action := range []string{list, clusters} {
				a, b := as(h1, "token-me", target+action), as(h2, "token-me", target+action)
				if a.Code != b.Code || a.Body.String() != b.Body.String() ||
					fmt.Sprint(a.Header()) != fmt.Sprint(b.Header()) {
					t.Errorf("%s%s: %d %v %s\nwith other clusters: %d %v %s", target, action, a.Code, a.Header(),
						a.Body, b.Code, b.Header(), b.Body)
				}
			}
		}
	}
}

// A caller of whose clusters there is nothing anywhere gets empty lists, at the
// moments that a region has.
func TestNothingOfTheCallers(t *testing.T) {
	t.Parallel()
	w := newTwoRegions(t)
	for name, regions := range map[string][]string{"one region": {hangzhou}, "two": {shanghai, hangzhou},
		"one that is not captured": {regionWithoutCommits, hangzhou}} {
		h := w.several(regions, limited("ehpc-none"))
		for at, want := range map[string]string{
			"": "", "at/-1h/": "", "at/1/cn-hangzhou/": "",
			"at/2020-01-01/": "InvalidParams", "at/2026-11-24/": "InvalidParams", "at/99/cn-hangzhou/": "InvalidParams",
		} {
			rec := as(h, "token-me", "/"+at+"?"+clusters)
			if got := code(t, rec); got != want || want == "" &&
				!strings.Contains(rec.Body.String(), `"TotalCount":0,`) || rec.Header().Get("Warning") != "" {
				t.Errorf("%s, clusters of /%s: %d %v %s", name, at, rec.Code, rec.Header(), rec.Body)
			}
			if age := rec.Header().Get("X-Snapshot-Age"); (age != "") != (want == "" && at != "") {
				t.Errorf("%s, clusters of /%s are %q old", name, at, age)
			}
			rec = as(h, "token-me", "/"+at+"?ClusterId=ehpc-a&"+list)
			if got := code(t, rec); got != cmp.Or(want, "ClusterNotFound") {
				t.Errorf("%s, images of /%s: %d %s", name, at, rec.Code, rec.Body)
			}
		}
	}
}
