package query_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"community-images/shared/access"
	"community-images/shared/query"
)

// newNamedClusters returns a region with clusters whose names are what people write, and a
// second region with one cluster more.
func newNamedClusters(t *testing.T) *fixture {
	w := newFixture(t)
	found := content{"_any/_any": parseImages(t, centOS79)}
	var listing []string
	for id, name := range map[string]string{
		"ehpc-hz-1": "genomics", "ehpc-hz-2": "render", "ehpc-hz-3": "render", "ehpc-hz-4": "计算 集群",
		"ehpc-hz-5": "my cluster", "ehpc-hz-6": "a, b", "ehpc-hz-7": "GPU/“快”",
	} {
		found[id+"/_any"] = parseImages(t, centOS79)
		listing = append(listing, `{"Id":"`+id+`","Name":"`+name+`"}`)
	}
	slices.Sort(listing)
	w.CommitRunListing(hangzhou, found, listing...)
	w.CommitRunListing(beijing, content{"_any/_any": parseImages(t, centOS79), "ehpc-bj-1/_any": parseImages(t, centOS79)},
		`{"Id":"ehpc-bj-1","Name":"北京 集群"}`)
	return w
}

// clusterRoutes are queries that name a cluster, which stands in the place of X.
var clusterRoutes = []string{"images?ClusterId=X", "changes?ClusterId=X", "clusters?ClusterId=X", "matrix?ClusterId=X",
	"images/m-cent79?ClusterId=X", "images/m-cent79/history?ClusterId=X", "diff?from=1&ClusterId=X",
	"diff?ClusterId=X&with=_any", "diff?ClusterId=_any&with=X"}

// TestNameOfACluster: people take the name of a cluster for its id. The error has the
// id, for who may see the cluster.
func TestNameOfACluster(t *testing.T) {
	t.Parallel()
	w := newNamedClusters(t)
	several := func(o *query.Options) { o.Regions = []string{hangzhou, beijing} }
	grants := allow(access.Grant{Name: "all"}, access.Grant{Name: "two", Clusters: []string{"_any", "ehpc-hz-2"}})
	one, both := w.Handler(grants), w.Handler(grants, several)
	const unknown = "is not captured in cn-hangzhou"
	const listed = "Captured clusters: ehpc-hz-1 (genomics), ehpc-hz-2 (render), ehpc-hz-3 (render), " +
		"ehpc-hz-4 (计算 集群), "
	for _, row := range []struct{ caller, cluster, says string }{
		{"all", "genomics", `No cluster has the id "genomics". The cluster named "genomics" is ehpc-hz-1.`},
		{"all", "Genomics", `No cluster has the id "Genomics". The cluster named "Genomics" is ehpc-hz-1.`},
		{"all", "render", `No cluster has the id "render". The clusters named "render" are ehpc-hz-2, ehpc-hz-3.`},
		{"all", "计算 集群", `No cluster has the id "计算 集群". The cluster named "计算 集群" is ehpc-hz-4.`},
		{"all", "My Cluster", `No cluster has the id "My Cluster". The cluster named "My Cluster" is ehpc-hz-5.`},
		{"all", `a\, b`, `No cluster has the id "a, b". The cluster named "a, b" is ehpc-hz-6.`},
		{"all", "GPU/“快”", `The cluster named "GPU/“快”" is ehpc-hz-7.`},
		{"all", "计算集群", `Cluster "计算集群" ` + unknown},
		{"two", "render", `No cluster has the id "render". The cluster named "render" is ehpc-hz-2.`},
		{"two", "genomics", `Cluster "genomics" ` + unknown},
		{"two", "计算 集群", `Cluster "计算 集群" ` + unknown},
		{"two", "计算 集群", "Captured clusters: ehpc-hz-2 (render)."},
		{"all", "ehpc-hz-9", listed},
	} {
		for _, route := range clusterRoutes {
			target := "/v1/" + strings.ReplaceAll(route, "X", url.QueryEscape(row.cluster))
			checkError(t, get(withToken{one, row.caller}, target), 404, "ClusterNotFound", []string{row.says})
			checkError(t, get(withToken{both, row.caller}, target), 404, "ClusterNotFound", []string{row.says})
		}
	}
}

// TestNameOfAClusterElsewhere: the cluster is in another region, or was not captured yet.
func TestNameOfAClusterElsewhere(t *testing.T) {
	t.Parallel()
	w := newNamedClusters(t)
	w.Now = w.Now.Add(3600e9)
	w.CommitRunListing(hangzhou, content{"ehpc-hz-8/_any": parseImages(t, centOS79)},
		`{"Id":"ehpc-hz-8","Name":"新 集群"}`)
	h := w.Handler(func(o *query.Options) { o.Regions = []string{hangzhou, beijing} })
	for _, row := range []struct{ query, says string }{
		{"RegionId=cn-hangzhou&ClusterId=北京+集群", `The cluster named "北京 集群" is ehpc-bj-1 in cn-beijing.`},
		{"RegionId=cn-hangzhou&at=1&ClusterId=新+集群", `The cluster named "新 集群" is ehpc-hz-8 in cn-hangzhou.`},
	} {
		checkError(t, get(h, "/v1/images?"+row.query), 404, "ClusterNotFound", []string{row.says})
	}
}

// TestSeveralClustersThatAreMissing: the error names all of them, and the id of each that
// is the name of a cluster.
func TestSeveralClustersThatAreMissing(t *testing.T) {
	t.Parallel()
	w := newNamedClusters(t)
	h := w.Handler()
	const both = `Cluster "x" is not captured in cn-hangzhou. Cluster "y" is not captured in cn-hangzhou. Captured `
	const names = `No cluster has the id "genomics". The cluster named "genomics" is ehpc-hz-1. ` +
		`No cluster has the id "计算 集群". The cluster named "计算 集群" is ehpc-hz-4.`
	for _, route := range []string{"images?", "changes?", "clusters?", "matrix?", "images/m-cent79?",
		"images/m-cent79/history?", "diff?from=1&"} {
		for clusters, says := range map[string]string{
			"x,y": both, "x,x,y": both, "x,ehpc-hz-1,y": both,
			"genomics,计算 集群":    names,
			"genomics,x,计算 集群":  `ehpc-hz-1. Cluster "x" is not captured in cn-hangzhou. No cluster has the id "计算 集群".`,
			"genomics,GPU,my x": `Cluster "GPU" is not captured in cn-hangzhou. Cluster "my x" is not captured`,
			"a, b":              `Cluster "a" is not captured in cn-hangzhou. Cluster "b" is not captured in cn-hangzhou.`,
		} {
			target := "/v1/" + route + "ClusterId=" + url.QueryEscape(clusters)
			checkError(t, get(h, target), 404, "ClusterNotFound", []string{says})
		}
	}
	checkError(t, get(h, "/v1/diff?ClusterId=x&with=y"), 404, "ClusterNotFound", []string{both})
	checkError(t, get(h, "/v1/diff?ClusterId=genomics&with=计算+集群"), 404, "ClusterNotFound", []string{names})
	many := "/v1/images?ClusterId=1,2,3,4,5,6,7,8,9,10,11,12"
	checkError(t, get(h, many), 404, "ClusterNotFound",
		[]string{`Cluster "10" is`, "2 more clusters are missing. Captured"})
}

// TestNamesThatNoClusterHas: texts that cannot be the id or the name of a cluster, and
// names that are like the keys of a cache, are never an answer.
func TestNamesThatNoClusterHas(t *testing.T) {
	t.Parallel()
	h := newSmallRegion(t).Handler()
	for _, known := range []string{"/v1/images?ClusterId=ehpc-a,ehpc-b", "/v1/changes?ClusterId=ehpc-a",
		"/v1/images?ClusterId=ehpc-a&InstanceType=_any,ecs.c7.large", "/v1/images?ClusterId=*"} {
		if rec := get(h, known); rec.Code != http.StatusOK {
			t.Fatalf("%s: %s", known, dump(rec))
		}
	}
	for _, name := range []string{`ehpc-a\,ehpc-b`, "matching ehpc-a", "ehpc-a/_any", `ehpc-a/_any\,ecs.c7.large`,
		"ehpc-a/", " ehpc-a", "*/*", strings.Repeat("集", 128)} {
		checkError(t, get(h, "/v1/images?ClusterId="+url.QueryEscape(name)), 404, "ClusterNotFound", nil)
		checkError(t, get(h, "/v1/diff?ClusterId=ehpc-a&with="+url.QueryEscape(name)), 404, "ClusterNotFound", nil)
	}
	for _, param := range []string{"images?ClusterId=", "diff?ClusterId=ehpc-a&with="} {
		name := param[strings.LastIndexAny(param, "?&")+1 : len(param)-1]
		checkError(t, get(h, "/v1/"+param+strings.Repeat("%E9%9B%86", 129)), 400, "InvalidParameter",
			[]string{name + " has a value of 129 characters, ", "; the limit is 128. Allowed: "})
		checkError(t, get(h, "/v1/"+param+"a%09b"), 400, "InvalidParameter", []string{"control characters"})
	}
	checkError(t, get(h, "/v1/diff?ClusterId=ehpc-a&with=*"), 400, "InvalidParameter",
		[]string{"with must be one cluster, or _any"})
}
