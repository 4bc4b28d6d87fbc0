package query

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// TestScopesComeAndGo: the images of a scope are found from the events since it
// was last captured. Clusters come and go by the thousand, and each end would
// otherwise search the whole history.
func TestScopesComeAndGo(t *testing.T) {
	t.Parallel()
	s, line := New(Options{Regions: []string{"cn-hangzhou"}}), newHistory()
	sequence := int64(0)
	follow := func(changes []archive.Change, ended ...string) {
		t.Helper()
		sequence++
		l := &archive.Commit{}
		l.RegionID, l.Sequence, l.CommittedAt = "cn-hangzhou", sequence, catalog.At(time.Unix(1764000000+sequence, 0))
		l.Changes = changes
		for _, cluster := range ended {
			l.Ended = append(l.Ended, archive.EndedScope{ClusterID: cluster})
		}
		if err := s.addCommit(context.Background(), line, l); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(cluster string, looked int, want ...string) {
		t.Helper()
		ref := archive.ScopeRef{ClusterID: cluster}
		if got := line.imageIDsOf(ref); !slices.Equal(got, want) {
			t.Errorf("at commit %d %s has %q, want %q", sequence, cluster, got, want)
		}
		if began := line.firstEvents[line.scopeAt[ref]]; began >= 0 && len(line.events)-int(began) > looked {
			t.Errorf("at commit %d %d events are looked at for %s, want %d", sequence, len(line.events)-int(began),
				cluster, looked)
		}
	}
	follow([]archive.Change{{ClusterID: "stays", Added: []string{"a", "b"}}})
	for i := range 50 {
		follow([]archive.Change{{ClusterID: fmt.Sprint("c", i), Added: []string{"a", "b", "c"}}})
		holds(fmt.Sprint("c", i), 3, "a", "b", "c")
		follow(nil, fmt.Sprint("c", i))
		holds(fmt.Sprint("c", i), 0)
	}
	follow([]archive.Change{{ClusterID: "c7", Added: []string{"d"}}, {ClusterID: "stays", Removed: []string{"a"}}})
	holds("c7", 3, "d")
	follow([]archive.Change{{ClusterID: "c7", Added: []string{"a"}, Removed: []string{"d"}},
		{ClusterID: "c9", Added: []string{"e"}}}, "c8")
	holds("c7", 6, "a")
	follow([]archive.Change{{ClusterID: "c7", Added: []string{"f"}}}, "c7") // ended and there again
	holds("c7", 2, "f")
	holds("stays", len(line.events), "b")
}
