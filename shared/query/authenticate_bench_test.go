package query_test

import (
	"fmt"
	"math"
	"net/http"
	"testing"

	"community-images/shared/access"
)

// BenchmarkWhoMayAsk compares one lookup where nobody is checked with the same
// by a token among a hundred, and by one that is limited to clusters.
func BenchmarkWhoMayAsk(b *testing.B) {
	w := newSmallRegion(b)
	grants := []access.Grant{{Name: "all"}, {Name: "limited", Clusters: []string{"ehpc-a", "_any"}}}
	for i := range 98 {
		grants = append(grants, access.Grant{Name: fmt.Sprint("other-", i), Clusters: []string{fmt.Sprint("ehpc-", i)}})
	}
	guarded := w.Handler(allow(grants...))
	for _, row := range []struct {
		name   string
		h      http.Handler
		header []string
	}{
		{"nobody is checked", w.Handler(), nil},
		{"one of 100 tokens", guarded, []string{"Authorization", bearer("all")}},
		{"one limited to clusters", guarded, []string{"Authorization", bearer("limited")}},
		{"an unknown token", guarded, []string{"Authorization", bearer("unknown")}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				get(row.h, "/v1/images?ClusterId=ehpc-a", row.header...)
			}
		})
	}
}

// TestWorkForTokensIsTheSame: a token that is there, one that is not and what
// is none cost the same allocations; a clock would measure the machine.
func TestWorkForTokensIsTheSame(t *testing.T) {
	h := newSmallRegion(t).Handler(allow(access.Grant{Name: "first"}, access.Grant{Name: "other"},
		access.Grant{Name: "final"}))
	// The least of many runs is what the work takes: a pool that is emptied, which
	// the race detector does at random, and what else runs here only add to it.
	cost := func(authorization string) float64 {
		least := math.Inf(1)
		for range 200 {
			least = min(least, testing.AllocsPerRun(1, func() { get(h, "/v1/images", "Authorization", authorization) }))
		}
		return least
	}
	known, unknown := cost(bearer("first")), cost(bearer("wrong"))
	if known <= unknown {
		t.Errorf("an answer costs %v allocations, a refusal %v: nothing was answered", known, unknown)
	}
	for _, row := range []struct {
		what, authorization string
		want                float64
	}{
		{"another token that is there", bearer("other"), known}, {"the last one", bearer("final"), known},
		{"almost a token", bearer("firsu"), unknown}, {"not a token", "Bearer " + token("fir t"), unknown},
		{"another scheme", "Carrot " + token("first"), unknown}, {"nothing", "", unknown},
	} {
		if got := cost(row.authorization); got != row.want {
			t.Errorf("%s costs %v allocations, want %v", row.what, got, row.want)
		}
	}
}
