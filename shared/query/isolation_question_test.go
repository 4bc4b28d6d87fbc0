package query_test

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// randomQuestion makes a request with names that exist in one world, in both or
// in none.
func (p *isolationTest) randomQuestion() (target string, tags [2]string) {
	r := p.rand
	if k := r.IntN(10); k == 0 && len(p.nextPages) > 0 {
		return p.nextPages[r.IntN(len(p.nextPages))], tags
	} else if k == 1 && len(p.etags) > 0 {
		seen := p.etags[r.IntN(len(p.etags))]
		return seen.target, seen.tags
	}
	cluster := func() string {
		return pick(r, []string{"ehpc-a", "ehpc-b", "ehpc-c", "ehpc-a0", "ehpc-q", "ehpc-aa", "ehpc-a1", "ehpc-", "*",
			"_any", "hidden-1", "none"})
	}
	image := func() string { return pick(r, []string{"m-00", "m-01", "m-02", "m-05", "m-only-1", "m-11", "m-none"}) }
	alias := func() string {
		return pick(r, []string{"mine", "mine-held", "secret-0", "mixed-secret-1", "all-secret", "dated-secret",
			"wrong-secret", "none"})
	}
	when := func() string {
		return pick(r, []string{fmt.Sprint(1 + r.IntN(70)), fmt.Sprint(1 + r.IntN(12)),
			fmt.Sprintf("-%dh", r.IntN(2500)), "-1h",
			epoch.Add(time.Duration(r.IntN(2500)) * time.Hour).Format(time.RFC3339)})
	}
	v := url.Values{}
	set := func(percent int, name string, value func() string) {
		if r.IntN(100) < percent {
			v.Set(name, value())
		}
	}
	if r.IntN(6) == 0 { // the replica
		set(100, "Action", func() string {
			return pick(r, []string{"ListCommunityImages", "ListCommunityImages", "ListClusters", "ListRegions"})
		})
		set(100, "Version", func() string { return "2018-04-12" })
		set(70, "RegionId", func() string { return pick(r, []string{hangzhou, hangzhou, beijing}) })
		set(80, "ClusterId", cluster)
		set(30, "InstanceType", func() string { return "ecs.c7.large" })
		set(30, "PageSize", func() string { return "1" })
		return pick(r, []string{"/", "/at/" + url.PathEscape(when()) + "/"}) + "?" + v.Encode(), tags
	}
	words := func(list ...string) func() string { return func() string { return pick(r, list) } }
	path := pick(r, []string{"/v1/images", "/v1/images", "/v1/images", "/v1/images/" + image(), "/v1/images/" +
		image() + "/history", "/v1/clusters", "/v1/changes", "/v1/changes", "/v1/diff", "/v1/diff", "/v1/matrix",
		"/v1/aliases", "/v1/aliases/" + alias(), "/v1/status", "/metrics", "/openapi.json", "/", "/healthz", "/v1/none"})
	isAlias := strings.HasPrefix(path, "/v1/aliases")
	where, paged := strings.HasPrefix(path, "/v1/") && path != "/v1/status" && !isAlias &&
		path != "/v1/none", path == "/v1/images" || path == "/v1/matrix"
	set(10, "RegionId", words(hangzhou, hangzhou, beijing, "cn-none"))
	if where {
		set(70, "ClusterId", cluster)
		set(20, "InstanceType", words("ecs.c7.large", "*", "_any", "ecs.secret", "ecs.c7.larg"))
		set(5, "maxAge", words("1h", "40d"))
		set(40, "at", when)
	}
	if isAlias {
		set(5, "maxAge", words("1h", "40d"))
		set(40, "at", when)
		set(40, "format", words("json", "ids", "csv", "table"))
	}
	set(5, "limit", words("0", "x"))
	if strings.HasSuffix(path, "history") || path == "/v1/changes" {
		set(40, "since", func() string {
			return pick(r, []string{when(), "0", fmt.Sprintf("c%d.%d.cn-hangzhou", 1+r.IntN(70), r.IntN(9))})
		})
		set(40, "limit", words("1", "3", "1000"))
		set(30, "kind", words("added", "removed,changed", "ended"))
		set(50, "format", words("json", "ndjson", "atom", "csv", "table"))
	}
	if path == "/v1/changes" || path == "/v1/diff" {
		set(40, "by", words("scope", "image"))
	}
	if path == "/v1/diff" {
		set(30, "format", words("json", "ndjson", "table"))
	}
	if path == "/v1/changes" {
		set(20, "ImageId", image)
	}
	if paged {
		set(30, "Status", words("Available", "Secret", "Creating"))
		set(30, "sort", words("-OsTag.Version", "Size,-ImageName", "-ChangedAt,FirstSeen"))
		set(10, pick(r, []string{"FirstSeen__gte", "ChangedAt__lt", "FirstSeen__ne"}), when)
		set(5, "ChangedAt__exists", words("true", "false"))
		set(40, "limit", words("1", "3"))
		set(20, "q", words("secret", "n1", "mine"))
		set(10, "OsTag.Platform", words("Cent", "none")) // hints list what there is
		set(10, "ImageName__gt", words("zzz"))
		set(40, "format", words("json", "table", "csv"))
	}
	if path == "/v1/clusters" {
		set(30, "ImageState", words("gone", "offered,not-community", "unknown"))
		set(30, "by", words("cluster", "scope"))
	}
	if path == "/v1/images" {
		set(40, "facets", words("Status", "OsTag.Platform,Size", "FirstSeen"))
		set(20, "latestBy", words("OsTag.Platform"))
		set(20, "minCount", words("1", "9"))
		set(20, "ImageId", image)
		set(20, "fields", words("ImageId,Clusters", "Description", "*,ChangedAt,FirstSeen"))
	}
	if path == "/v1/diff" {
		switch r.IntN(3) {
		case 0:
			v.Set("ClusterId", cluster())
			v.Set("with", cluster())
			v.Del("by")
		case 1:
			v.Set("from", when())
			v.Del("at")
			set(40, "to", when)
		}
	}
	if where || isAlias || path == "/" || path == "/v1/status" {
		set(10, "format", words("html"))
		set(10, "lang", words("zh"))
	}
	return path + "?" + v.Encode(), tags
}
