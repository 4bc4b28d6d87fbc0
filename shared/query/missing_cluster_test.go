package query_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"community-images/shared/query"
)

func TestClustersOfOnePastAndOnePresentRegion(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.Now = epoch
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)})
	w.Now = epoch.Add(3 * 3600e9)
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	if rec := get(h, "/v1/clusters?at=2026-11-23T09:30:00Z"); rec.Code != 200 {
		t.Errorf("the clusters of a present and a past state: %s", dump(rec))
	}
	checkError(t, get(h, "/v1/clusters?at=1"), 400, "MissingParameter", []string{"RegionId"})
}

func TestClusterThatHasEnded(t *testing.T) {
	t.Parallel()
	w := newSmallRegion(t)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79),
		"ehpc-bj/_any": parseImages(t, centOS710, windows)})
	w.Now = w.Now.Add(3600e9)
	w.CommitRun(beijing, content{"_any/_any": parseImages(t, centOS79)}, "ehpc-bj/_any")
	w.Now = w.Now.Add(3600e9)
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-bj&at=1&format=ids":                  "m-cent710",
		"/v1/images?ClusterId=ehpc-bj&at=2026-11-23T12:00:00Z":          `"RegionId":"cn-beijing"`,
		"/v1/changes?ClusterId=ehpc-bj&kind=removed":                    `"Count":2`,
		"/v1/diff?ClusterId=ehpc-bj&from=1":                             `"Captured":false`,
		"/v1/images/m-win/history?ClusterId=ehpc-bj":                    `"Kind":"removed"`,
		"/v1/images?RegionId=cn-beijing&ClusterId=ehpc-bj&at=1&limit=1": "m-cent710",
	} {
		if rec := get(h, target); rec.Code != 200 || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s gives %d %s, want %s", target, rec.Code, rec.Body, want)
		}
	}
	for _, target := range []string{"/v1/images?ClusterId=ehpc-bj", "/v1/images?RegionId=cn-beijing&ClusterId=ehpc-bj",
		"/v1/clusters?ClusterId=ehpc-bj", "/v1/matrix?ClusterId=ehpc-bj",
		"/v1/diff?RegionId=cn-beijing&ClusterId=_any&with=ehpc-bj"} {
		checkError(t, get(h, target), 404, "ClusterNotFound",
			[]string{"It was captured in cn-beijing until commit 2 at 2026-11-23T12:30:00.000Z: use at=1."})
	}
	checkError(t, get(h, "/v1/images?RegionId=cn-beijing&ClusterId=ehpc-a"), 404, "ClusterNotFound",
		[]string{"It is captured in cn-hangzhou."})
	checkError(t, get(h, "/v1/images?ClusterId=ehpc-nope&at=1"), 404, "ClusterNotFound", nil)
	checkError(t, get(h, "/v1/diff?ClusterId=ehpc-bj&with=ehpc-a"), 404, "ClusterNotFound", nil)
}

// TestClusterThatCameLater: what is said of a past state is not said of now.
func TestClusterThatCameLater(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.CommitRun(hangzhou, content{"_any/_any": parseImages(t, centOS79)})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, content{"_any/ecs.c7.large": parseImages(t, centOS79),
		"ehpc-late/_any": parseImages(t, centOS79), "ehpc-gone/_any": parseImages(t, centOS79), "ehpc-new/_any": nil})
	w.Now = w.Now.Add(time.Hour)
	w.CommitRun(hangzhou, nil, "ehpc-gone/_any")
	h := w.Handler()
	for target, want := range map[string]string{
		"/v1/images?ClusterId=ehpc-late&at=1": `Cluster "ehpc-late" was not captured in cn-hangzhou at commit 1. ` +
			`It was first captured by commit 2 at 2026-11-23T10:00:00.000Z: use at=2 or later. ` +
			`Captured clusters: none.`,
		"/v1/clusters?ClusterId=ehpc-late&at=1": `Cluster "ehpc-late" was not captured in cn-hangzhou at commit 1. ` +
			`It was first captured by commit 2 at 2026-11-23T10:00:00.000Z: use at=2 or later. ` +
			`Captured clusters: none.`,
		"/v1/images?ClusterId=ehpc-gone&at=1": `Cluster "ehpc-gone" was not captured in cn-hangzhou at commit 1. ` +
			`It was captured in cn-hangzhou until commit 3 at 2026-11-23T11:00:00.000Z: use at=2. ` +
			`Captured clusters: none.`,
		"/v1/images?ClusterId=ehpc-gone": `Cluster "ehpc-gone" is not captured in cn-hangzhou. ` +
			`It was captured in cn-hangzhou until commit 3 at 2026-11-23T11:00:00.000Z: use at=2. ` +
			`Captured clusters: ehpc-late (name of ehpc-late), ehpc-new (name of ehpc-new).`,
		"/v1/images?ClusterId=ehpc-new&at=1": `Cluster "ehpc-new" was not captured in cn-hangzhou at commit 1. ` +
			`Captured clusters: none.`,
		"/v1/images?ClusterId=ehpc-lat&at=2": `Cluster "ehpc-lat" was not captured in cn-hangzhou at commit 2. ` +
			`Did you mean "ehpc-late"? ` +
			`Captured clusters: ehpc-gone (name of ehpc-gone), ehpc-late (name of ehpc-late), ehpc-new (name of ehpc-new).`,
		"/v1/matrix?ClusterId=*&at=1": "No cluster was captured in cn-hangzhou at commit 1.",
		"/v1/images?ClusterId=ehpc-x&at=3": `Cluster "ehpc-x" is not captured in cn-hangzhou. ` +
			`Captured clusters: ehpc-late (name of ehpc-late), ehpc-new (name of ehpc-new).`,
		"/v1/images?InstanceType=ecs.c7.large&at=1": `No list without a cluster was captured ` +
			`for instance type "ecs.c7.large" in cn-hangzhou at commit 1. Captured instance types: _any.`,
		"/v1/images?InstanceType=ecs.x": `No list without a cluster is captured ` +
			`for instance type "ecs.x" in cn-hangzhou. Captured instance types: _any, ecs.c7.large.`,
		"/v1/clusters?InstanceType=ecs.c7.large&at=1": `No list of any cluster was captured ` +
			`for instance type "ecs.c7.large" in cn-hangzhou at commit 1. Captured instance types: _any.`,
		"/v1/images?ClusterId=*&InstanceType=ecs.x": `No list of any cluster is captured ` +
			`for instance type "ecs.x" in cn-hangzhou. Captured instance types: _any, ecs.c7.large.`,
		"/v1/diff?from=1&to=1&ClusterId=ehpc-late": `Cluster "ehpc-late" was not captured in cn-hangzhou at commit 1. ` +
			`It was first captured by commit 2 at 2026-11-23T10:00:00.000Z: use at=2 or later. ` +
			`Captured clusters: none.`,
	} {
		var body errorBody
		if err := json.Unmarshal(get(h, target).Body.Bytes(), &body); err != nil ||
			!strings.HasSuffix(body.Code, "NotFound") && body.Code != "ScopeNotCaptured" || body.Message != want {
			t.Errorf("%s says %s\n%s, want\n%s (%v)", target, body.Code, body.Message, want, err)
		}
	}
}
