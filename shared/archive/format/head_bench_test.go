package format

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/catalog"
)

// BenchmarkHead measures what a cold reader pays for a region of 2,000 scopes.
func BenchmarkHead(b *testing.B) {
	r := &Head{RegionID: "cn-hangzhou"}
	now := catalog.At(time.Unix(1764000000, 0))
	var upstream []string
	for i := range 2000 {
		id := fmt.Sprintf("ehpc-hz-%010d", i)
		s := ScopeState{
			CapturedAt: now, CheckedAt: now, ClusterID: id, Digest: strings.Repeat("a", 64),
			Fingerprint: strings.Repeat("b", 64),
			ImageCount:  400, Since: now, State: StateOK, TriedAt: now,
		}
		r.scopes = append(r.scopes, s)
		r.clusters = append(r.clusters, catalog.Cluster{ClusterID: id, Name: id, RegionID: r.RegionID,
			InstanceTypes: []string{}, SchedulerType: "slurm"})
		upstream = append(upstream, fmt.Sprintf(`{"Id":%q,"Computes":{"Total":%d},"Description":%q}`, id, i,
			strings.Repeat("d", 900)))
	}
	r.Upstream = []byte("[" + strings.Join(upstream, ",") + "]")
	r.Sequence, r.CommittedAt = 1, now
	r.Log = LogPosition{Month: "2026-11", Length: 1, Hash: strings.Repeat("c", 64)}
	data, err := r.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeHead(r.RegionID, data); err != nil {
			b.Fatal(err)
		}
	}
}
