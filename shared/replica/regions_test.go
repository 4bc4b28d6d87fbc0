package replica_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/replica"
)

// several is a replica of more regions than one.
func (w *world) several(regions []string, edit ...func(*replica.Options)) *replica.Replica {
	return w.replica(append(edit, func(o *replica.Options) { o.Regions, o.Source = regions, w.source(w.memory, regions...) })...)
}

// as asks with a token.
func as(h http.Handler, token, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return do(h, r)
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
	w := small(t)
	found := content{"_any/_any": {cent72}, "ehpc-a/_any": {ubuntu, cent72}, "ehpc-a/ecs.c7.large": {}, "ehpc-b/_any": nil, "ehpc-new/_any": nil}
	for range 10 {
		w.run(hangzhou, found, clusterA, clusterB, clusterC)
		w.run(shanghai, content{"_any/_any": {cent72}, "ehpc-s/_any": {ended}}, `{"Id":"ehpc-s","Name":"s"}`)
		w.now = w.now.Add(30 * time.Minute)
	}
	w.now = w.now.Add(-29 * time.Minute) // a minute after the last run
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
		{"one cluster of two regions, nothing in the second", "token-me", both, []string{"ehpc-a"}, 1, false, "60", false},
		{"one cluster of two regions, nothing in the first", "token-me", both, []string{"ehpc-s"}, 1, false, "60", false},
		{"a cluster of each of two regions", "token-me", both, []string{"ehpc-a", "ehpc-s"}, 2, false, "60", false},
		{"one whose checks fail, and have for hours", "token-me", one, []string{"ehpc-a", "ehpc-b"}, 2, true, "21660", true},
		{"one that was never checked, beside one that was", "token-me", one, []string{"ehpc-a", "ehpc-new"}, 1, true, "60", false},
		{"one that was never checked", "token-me", one, []string{"ehpc-new"}, 0, true, "", false},
		{"one that is listed and not captured", "token-me", one, []string{"ehpc-c"}, 1, true, "", false},
		{"one that is not there", "token-me", one, []string{"ehpc-none"}, 0, false, "", false},
		{"one that is in none of two regions", "token-me", both, []string{"ehpc-none"}, 0, false, "", false},
	} {
		rec := as(w.several(row.regions, limited(row.clusters...)), row.token, "/?"+clusters)
		h := rec.Header()
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), fmt.Sprintf(`"TotalCount":%d,`, row.total)) || (h.Get("X-Snapshot-Sequence") != "") != row.sequence || h.Get("X-Snapshot-Age") != row.age || (h.Get("Warning") != "") != row.stale {
			t.Errorf("%s: %d %v %s", row.name, rec.Code, h, rec.Body)
		}
	}
}
