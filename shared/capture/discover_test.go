package capture_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"community-images/shared/capture"
	"community-images/shared/ehpc"
)

// If one cluster goes and another comes while pages are read, a third may be on none of
// them. It ends only if two listings miss it.
func TestClusterThatMovesBetweenPagesStays(t *testing.T) {
	for name, tc := range map[string]struct {
		pages    int
		readings [][]int // the clusters, by number
		faults   []error // of the second reading's first page
		want     string
		calls    int // for the listing
	}{
		"nothing is missing":                {2, [][]int{{0, 1, 2, 3}}, nil, "0 1 2 3", 2},
		"one slipped":                       {2, [][]int{{0, 1, 3}, {0, 1, 2, 3}}, nil, "0 1 2 3", 4},
		"another slipped then":              {2, [][]int{{0, 1, 3}, {0, 2, 3}}, nil, "0 1 2 3", 4},
		"one is gone":                       {2, [][]int{{0, 1, 3}, {0, 1, 3}}, nil, "0 1 3", 4},
		"one is gone, from a page":          {1, [][]int{{0, 1, 3}}, nil, "0 1 3", 1},
		"the second reading is not granted": {2, [][]int{{0, 1, 3}}, []error{refused}, "0 1 2 3", 4},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newFixture(t, "hz")
			b.settings.Unscoped, b.settings.ShrinkGuard, b.up.pages = false, 50, tc.pages
			for i := range 4 {
				b.up.cluster("hz", "hz", fmt.Sprint("c", i))
			}
			all := b.up.clusters["hz"]
			b.mustRun(capture.Request{})
			b.up.questions()
			for _, numbers := range tc.readings {
				var list []ehpc.Cluster
				for _, i := range numbers {
					list = append(list, all[i])
				}
				b.up.listings = append(b.up.listings, list)
			}
			if tc.faults != nil {
				b.up.faults["clusters hz"] = slices.Insert(tc.faults, 0, nil)
			}
			report := b.mustRun(capture.Request{})
			if n := strings.Count(b.up.questions(), "clusters hz"); n != tc.calls {
				t.Errorf("%s: %d calls for the listing, want %d", name, n, tc.calls)
			}
			got := strings.NewReplacer("c", "", "/_any ok", "", "\n", " ").Replace(b.state("hz"))
			checkText(t, name, got, tc.want)
			if p := report.Regions[0].Problems; len(p) != len(tc.faults) {
				t.Errorf("%s: problems are %q", name, p)
			}
		})
	}
}

// Such a listing ends nothing, so a second reading would gain nothing.
func TestListingWithAnUnusableEntryIsReadOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Unscoped, b.up.pages = false, 2
		for i := range 4 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		b.mustRun(capture.Request{})
		b.up.clusters["hz"][2] = ehpc.Cluster{Problem: "it is null"}
		for range 2 {
			b.up.questions()
			b.mustRun(capture.Request{})
			if n := strings.Count(b.up.questions(), "clusters hz"); n != 2 {
				t.Errorf("%d calls for the listing of two pages", n)
			}
		}
		got := strings.NewReplacer("c", "", "/_any ok", "", "\n", " ").Replace(b.state("hz"))
		checkText(t, "clusters", got, "0 1 2 3")
	})
}
