package query_test

import (
	"fmt"
	"net/http"
	"testing"

	"community-images/shared/access"
)

// BenchmarkWhoMayAsk compares one lookup where nobody is checked with the same
// by a token among a hundred, and by one that is limited to clusters.
func BenchmarkWhoMayAsk(b *testing.B) {
	w := small(b)
	grants := []access.Grant{{Name: "all"}, {Name: "limited", Clusters: []string{"ehpc-a", "_any"}}}
	for i := range 98 {
		grants = append(grants, access.Grant{Name: fmt.Sprint("other-", i), Clusters: []string{fmt.Sprint("ehpc-", i)}})
	}
	guarded := w.handler(allow(grants...))
	for _, row := range []struct {
		name   string
		h      http.Handler
		header []string
	}{
		{"nobody is checked", w.handler(), nil},
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
	h := small(t).handler(allow(access.Grant{Name: "first"}, access.Grant{Name: "other"}, access.Grant{Name: "final"}))
	cost := func(target, authorization string) float64 {
		return testing.AllocsPerRun(50, func() { get(h, target, "Authorization", authorization) })
	}
	known := cost("/healthz", bearer("first"))
	for what, authorization := range map[string]string{
		"the last token": bearer("final"), "the first of them": bearer("first"),
	} {
		if got := cost("/healthz", authorization); got != known {
			t.Errorf("%s costs %v allocations, the first token %v", what, got, known)
		}
	}
	unknown := cost("/v1/images", bearer("wrong"))
	for what, authorization := range map[string]string{
		"almost a token": bearer("firsu"), "not a token": "Bearer " + token("fir t"), "another scheme": "Carrot " + token("first"), "nothing": "",
	} {
		if got := cost("/v1/images", authorization); got > unknown+1 || got < unknown-1 { // the values themselves are copied
			t.Errorf("%s costs %v allocations, an unknown token %v", what, got, unknown)
		}
	}
}
