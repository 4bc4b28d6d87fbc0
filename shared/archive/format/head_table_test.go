package format

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
)

// randomRegion returns a region with up to 12 clusters of up to 5 instance types.
// Some clusters have no scopes, some scopes are of clusters that are not listed.
func randomRegion(rng *rand.Rand) *Head {
	words := []string{"", "plain", `"`, `\`, `},{"ClusterId":"c01"`, "雲", "\x00", `"InstanceType":"`}
	word := func() string { return words[rng.IntN(len(words))] }
	at := func() catalog.Time {
		if rng.IntN(5) == 0 {
			return catalog.Time{}
		}
		return catalog.At(time.UnixMilli(1764000000000 + rng.Int64N(9)))
	}
	r := &Head{RegionID: "cn-hangzhou", Sequence: 1, CommittedAt: catalog.At(time.Unix(1764000000, 0)),
		Log: LogPosition{Month: "2025-11", Length: 1, Hash: strings.Repeat("a", 64)}}
	for i := range rng.IntN(13) {
		id := fmt.Sprintf("c%02d", i)
		if i == 0 || rng.IntN(9) == 0 {
			id = "c0" + word() // anything can stand before the ids, the empty one too
		}
		if rng.IntN(4) > 0 && id != "" {
			r.clusters = append(r.clusters, catalog.Cluster{ClusterID: id, ImageID: word(), Name: word(),
				InstanceTypes: slices.Repeat([]string{"ecs.a"}, rng.IntN(3))})
		}
		if i == 0 {
			id = ""
		}
		for n := range rng.IntN(6) {
			s := ScopeState{ClusterID: id, InstanceType: strings.Repeat("t", n), Digest: word(), State: StateOK,
				CapturedAt: at(), CheckedAt: at(), Since: at(), TriedAt: at(), ImageCount: rng.IntN(99)}
			if rng.IntN(4) == 0 {
				s.Problem, s.Candidate = &Problem{Message: word()}, &Candidate{Digest: word(), Since: at()}
			}
			r.scopes = append(r.scopes, s)
		}
	}
	var inOrder Head
	inOrder.setTables(r.clusters, nil, r.scopes)
	return r.WithTables(inOrder.scopes, inOrder.clusters)
}

// storedRegion returns the region that is read from the head of r.
func storedRegion(t *testing.T, r *Head) *Head {
	t.Helper()
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := DecodeHead(r.RegionID, data)
	if err != nil {
		t.Fatal(err)
	}
	if stored.stored == nil {
		t.Fatalf("all of the head was decoded at once:\n%s", data)
	}
	return stored
}

// regionQuestions are what can be asked about the tables of a region.
var regionQuestions = map[string]func(r *Head, cluster, instanceType string) any{
	"Scope": func(r *Head, cluster, instanceType string) any {
		s, ok := r.Scope(catalog.Scope{RegionID: r.RegionID, ClusterID: cluster, InstanceType: instanceType})
		return []any{s, ok}
	},
	"ScopesOf":   func(r *Head, cluster, _ string) any { return append([]ScopeState{}, r.ScopesOf(cluster)...) },
	"ScopeCount": func(r *Head, _, _ string) any { return r.ScopeCount() },
	"Scopes":     func(r *Head, _, _ string) any { return append([]ScopeState{}, r.Scopes()...) },
	"Cluster": func(r *Head, cluster, _ string) any {
		c, ok := r.Cluster(cluster)
		return []any{c, ok}
	},
	"Clusters": func(r *Head, _, _ string) any { return append([]catalog.Cluster{}, r.Clusters()...) },
	"its head": func(r *Head, _, _ string) any {
		data, err := r.Encode()
		return []any{string(data), err}
	},
}

// TestStoredTablesAnswerLikeDecodedOnes: a region whose tables are still text must
// answer every question like one that has them decoded, in every order of questions.
func TestStoredTablesAnswerLikeDecodedOnes(t *testing.T) {
	t.Parallel()
	names := slices.Sorted(maps.Keys(regionQuestions))
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 0))
		decoded := randomRegion(rng)
		stored := storedRegion(t, decoded)
		for range 30 {
			name := names[rng.IntN(len(names))]
			if strings.HasSuffix(name, "s") && rng.IntN(8) > 0 { // rarely: after that all is decoded
				continue
			}
			cluster, instanceType := fmt.Sprintf("c%02d", rng.IntN(14)), strings.Repeat("t", rng.IntN(6))
			if s := decoded.scopes; len(s) > 0 && rng.IntN(2) == 0 {
				cluster = s[rng.IntN(len(s))].ClusterID
			}
			want := regionQuestions[name](decoded, cluster, instanceType)
			if diff := cmp.Diff(want, regionQuestions[name](stored, cluster, instanceType)); diff != "" {
				t.Fatalf("seed %d: %s of %q %q (-decoded +stored):\n%s", seed, name, cluster, instanceType, diff)
			}
		}
	}
}

// TestCommitsApplyToStoredTables: the state after a commit is the same, whether the
// tables of the state before were decoded or not, and the state before stays.
func TestCommitsApplyToStoredTables(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 1))
		decoded := randomRegion(rng)
		stored := storedRegion(t, decoded)
		c := &Commit{LineHash: "hash", Sequence: 2, CommittedAt: decoded.CommittedAt,
			Scopes:   []ScopeChange{{ClusterID: "c05", InstanceType: "new", Digest: "d", CheckedAt: decoded.CommittedAt}},
			Clusters: []ClusterChange{{ClusterID: "c05", After: &catalog.Cluster{ClusterID: "c05", Name: "another"}}}}
		for _, s := range decoded.scopes[:min(2, len(decoded.scopes))] {
			c.Ended = append(c.Ended, EndedScope{ClusterID: s.ClusterID, InstanceType: s.InstanceType})
		}
		before := regionQuestions["its head"](decoded, "", "")
		want, got := decoded.Clone(), stored.Clone()
		want.Apply(c)
		got.Apply(c)
		for name, ask := range regionQuestions {
			if diff := cmp.Diff(ask(want, "c05", "new"), ask(got, "c05", "new")); diff != "" {
				t.Fatalf("seed %d: %s (-decoded +stored):\n%s", seed, name, diff)
			}
		}
		if diff := cmp.Diff(before, regionQuestions["its head"](stored, "", "")); diff != "" {
			t.Fatalf("seed %d: the commit has changed the state before:\n%s", seed, diff)
		}
	}
}

// TestStoredTablesAreReadByMany: lookups share a region.
func TestStoredTablesAreReadByMany(t *testing.T) {
	t.Parallel()
	decoded := randomRegion(rand.New(rand.NewPCG(7, 2)))
	stored := storedRegion(t, decoded)
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			for n := range 50 {
				cluster := fmt.Sprintf("c%02d", (i+n)%14)
				if got, want := len(stored.ScopesOf(cluster)), len(decoded.ScopesOf(cluster)); got != want {
					t.Errorf("cluster %s has %d scopes, want %d", cluster, got, want)
				}
				if n == 25+i && len(stored.Scopes()) != len(decoded.scopes) {
					t.Error("scopes are missing")
				}
			}
		})
	}
	readers.Wait()
}
