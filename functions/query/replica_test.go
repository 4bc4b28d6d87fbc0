package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"community-images/shared/ehpc/ehpctest"
)

// TestReplicaSaysWhatUpstreamSaid drives both binaries through ticks of a
// drifting E-HPC: the replica's answer to each question is upstream's own, now
// and at every commit of the past.
func TestReplicaSaysWhatUpstreamSaid(t *testing.T) {
	t.Parallel()
	u := newEHPCFixture(t)
	replica := u.startReplica()
	ask, byHeader := rpcClient("GET", "JSON"), headerClient("GET")
	say := func(where string, c client, q ehpctest.Question) map[string]any {
		status, body := c(t, where, asker, "ListCommunityImages", questionParameters(q))
		return parseReply(t, status, body)
	}
	type then struct {
		commits map[string]int64
		said    map[ehpctest.Question]map[string]any
	}
	var past []then
	images := 0
	for tick := range 4 {
		u.world.AdvanceTo(tick)
		now := then{u.runSnapshot(), map[ehpctest.Question]map[string]any{}}
		for _, q := range u.allQuestions() {
			now.said[q] = say(u.url, ask, q)
			images += len(now.said[q]["Images"].(map[string]any)["ImageInfo"].([]any))
			if diff := diffEntries(now.said[q], say(replica, ask, q)); diff != "" {
				t.Errorf("tick %d, %+v: (-upstream +replica)\n%s", tick, q, diff)
			}
			if diff := diffEntries(now.said[q], say(replica, byHeader, q)); diff != "" {
				t.Errorf("tick %d, %+v, by headers: (-upstream +replica)\n%s", tick, q, diff)
			}
		}
		past = append(past, now)
		compareClusters(t, u, replica)
	}
	for tick, then := range past {
		for q, said := range then.said {
			frozen := fmt.Sprintf("%s/at/%d/", replica, then.commits[q.RegionID])
			c := ask
			if tick%2 == 1 {
				c = byHeader
			}
			if diff := diffEntries(said, say(frozen, c, q)); diff != "" {
				t.Errorf("commit of tick %d, %+v: (-upstream +replica)\n%s", tick, q, diff)
			}
		}
	}
	if images < 1000 || past[0].commits["cn-hangzhou"] == past[3].commits["cn-hangzhou"] {
		t.Errorf("%d images, commits %v to %v: too little to compare", images, past[0].commits, past[3].commits)
	}
	for _, tag := range []string{"CentOS_7.6_64", "Ubuntu_20.04_64", "none"} {
		q := ehpctest.Question{RegionID: "cn-hangzhou", ClusterID: "ehpc-hz-b8LmW0sT5e", BaseOsTag: tag}
		if diff := diffEntries(say(u.url, ask, q), say(replica, ask, q)); diff != "" {
			t.Errorf("%s: (-upstream +replica)\n%s", tag, diff)
		}
	}
}

// compareClusters compares ListClusters page by page with the entries that
// upstream gives for the region, in the order of their ids.
func compareClusters(t *testing.T, u *ehpcFixture, replica string) {
	t.Helper()
	ask := rpcClient("GET", "JSON")
	list := func(where, region string, page int, size string) (entries []any, total float64) {
		status, body := ask(t, where, asker, "ListClusters",
			map[string]string{"RegionId": region, "PageNumber": fmt.Sprint(page), "PageSize": size})
		doc := parseReply(t, status, body)
		return doc["Clusters"].(map[string]any)["ClusterInfoSimple"].([]any), doc["TotalCount"].(float64)
	}
	for _, region := range u.regionIDs() {
		everywhere, _ := list(u.url, region, 1, "50")
		want := map[string]any{}
		for _, entry := range everywhere {
			if e := entry.(map[string]any); e["RegionId"] == region {
				want[e["Id"].(string)] = e
			}
		}
		got := map[string]any{}
		for page := 1; ; page++ {
			entries, total := list(replica, region, page, "2")
			if int(total) != len(want) {
				t.Errorf("TotalCount %v, want %d", total, len(want))
			}
			if len(entries) == 0 {
				break
			}
			for _, entry := range entries {
				got[entry.(map[string]any)["Id"].(string)] = entry
			}
		}
		if diff := diffEntries(want, got); diff != "" {
			t.Errorf("clusters of %s: (-upstream +replica)\n%s", region, diff)
		}
	}
	all := map[string]string{"PageSize": "50"} // and no RegionId, as generated clients ask
	status, body := headerClient("GET")(t, replica, asker, "ListClusters", all)
	got := parseReply(t, status, body)
	all["RegionId"] = u.regionIDs()[0]
	status, body = ask(t, u.url, asker, "ListClusters", all)
	if diff := diffEntries(parseReply(t, status, body), got); diff != "" {
		t.Errorf("clusters of all regions: (-upstream +replica)\n%s", diff)
	}
	status, body = ask(t, u.url, asker, "ListRegions", map[string]string{"RegionId": "cn-hangzhou"})
	said := parseReply(t, status, body)
	status, body = ask(t, replica, asker, "ListRegions", nil)
	if diff := diffEntries(said, parseReply(t, status, body)); diff != "" {
		t.Errorf("regions: (-upstream +replica)\n%s", diff)
	}
}

// An endpoint with a path works for the clients that put the query behind it.
func TestEndpointsWithAPath(t *testing.T) {
	t.Parallel()
	u := newEHPCFixture(t)
	u.runSnapshot()
	replica := u.startReplica()
	status, body := rpcClient("GET", "JSON")(t, replica, asker, "ListCommunityImages",
		map[string]string{"RegionId": "cn-shanghai"})
	want := parseReply(t, status, body)
	for _, path := range []string{"/cn-shanghai", "/cn-shanghai/", "/at/1", "/at/1/cn-shanghai/"} {
		status, body := rpcClient("POST", "JSON")(t, replica+path, asker, "ListCommunityImages",
			map[string]string{"RegionId": "cn-shanghai"})
		if diff := diffEntries(want, parseReply(t, status, body)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	status, body = headerClient("GET")(t, replica+"/at/1/cn-shanghai/", asker, "ListCommunityImages", nil)
	if diff := diffEntries(want, parseReply(t, status, body)); diff != "" {
		t.Errorf("by headers: %s", diff)
	}
	resp, err := http.Get(replica + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if metrics, _ := io.ReadAll(resp.Body); !strings.Contains(string(metrics), `route="replica",class="2xx"} 6`) {
		t.Errorf("/metrics counts otherwise than 6 calls:\n%s", metrics)
	}
	if status, body := rpcClient("GET", "XML")(t, replica, asker, "ListRegions", nil); status != 200 ||
		!strings.HasPrefix(body, "<?xml") || !strings.Contains(body, "<RegionId>cn-shanghai</RegionId>") {
		t.Errorf("XML: %d %s", status, body)
	}
}
