package state

import (
	"fmt"
	"testing"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/request"
)

// TestScopeSetsAreBounded: ever new selections of many scopes must not fill the
// memory, and asking for each cluster in turn must not empty the cache.
func TestScopeSetsAreBounded(t *testing.T) {
	t.Parallel()
	const clusters, types = 200, 12
	var scopes []format.ScopeState
	for c := range clusters {
		for i := range types {
			scopes = append(scopes, format.ScopeState{ClusterID: fmt.Sprintf("c%03d", c),
				InstanceType: fmt.Sprintf("t%02d", i), Digest: "d", State: format.StateOK})
		}
	}
	r := (&archive.Region{Head: format.Head{RegionID: "cn-hangzhou", Sequence: 1}}).WithTables(scopes, nil)
	for _, row := range []struct {
		live  bool
		times int // as many scopes as the state has
	}{{true, 4}, {false, 1}} {
		st := newRegionState(r, row.live)
		for n := 1; n < 1<<types; n += 5 {
			var names []string
			for i := range types {
				if n>>i&1 == 1 {
					names = append(names, fmt.Sprintf("t%02d", i))
				}
			}
			if _, err := st.SelectScopes(request.Selection{Clusters: []string{request.AllNames}, Types: names}); err != nil {
				t.Fatal(err)
			}
			held := 0
			for _, v := range st.scopeSets {
				held += len(v.Scopes) + len(v.empty)
			}
			if most := row.times*len(scopes) + 64; held > most {
				t.Fatalf("live %t: after %d selections %d scopes are held, want %d at most", row.live, n/5, held, most)
			}
		}
	}
	st := newRegionState(r, true)
	for c := range clusters {
		one := request.Selection{Clusters: []string{fmt.Sprintf("c%03d", c)}, Types: []string{"t00"}}
		if _, err := st.SelectScopes(one); err != nil {
			t.Fatal(err)
		}
	}
	if len(st.scopeSets) != clusters {
		t.Errorf("of %d clusters %d are held", clusters, len(st.scopeSets))
	}
}

// TestCapturedImages: the number counts only while it is about the present content and the
// caller sees all of it.
func TestCapturedImages(t *testing.T) {
	t.Parallel()
	region := func(indexed int64) *archive.Region {
		return &archive.Region{Head: format.Head{RegionID: "cn-hangzhou", Sequence: 7,
			HeadInfo: format.HeadInfo{IndexSequence: indexed, IndexImages: format.IndexImages{Count: 230}}}}
	}
	present := newRegionState(region(7), true)
	restricted := restrictState(present, access.Grant{Clusters: []string{"ehpc-a"}})
	for about, row := range map[string]struct {
		state *RegionState
		want  int
	}{
		"the present":                         {present, 230},
		"an index without the last commit":    {newRegionState(region(6), true), 0},
		"a past state":                        {newRegionState(region(7), false), 0},
		"a caller who sees one cluster alone": {restricted, 0},
	} {
		if got := row.state.CapturedImages(); got != row.want {
			t.Errorf("%s: %d images, want %d", about, got, row.want)
		}
	}
	if restricted.IndexImages != (format.IndexImages{}) {
		t.Errorf("the restricted state has %+v", restricted.IndexImages)
	}
}
