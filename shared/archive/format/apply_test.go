package format

import "testing"

// TestMergeChecksKeepsTheNumberOfTheIndex: the number of images goes with the commit that it
// is about.
func TestMergeChecksKeepsTheNumberOfTheIndex(t *testing.T) {
	t.Parallel()
	type index struct {
		sequence int64
		images   int
	}
	for about, row := range map[string]struct{ ours, theirs, want index }{
		"theirs goes further":              {index{5, 230}, index{6, 228}, index{6, 228}},
		"theirs goes further, uncounted":   {index{5, 230}, index{6, 0}, index{6, 0}},
		"ours goes further":                {index{6, 228}, index{5, 230}, index{6, 228}},
		"ours goes further, uncounted":     {index{6, 0}, index{5, 230}, index{6, 0}},
		"theirs alone is counted":          {index{6, 0}, index{6, 228}, index{6, 228}},
		"ours alone is counted":            {index{6, 228}, index{6, 0}, index{6, 228}},
		"ours is rebuilt without an index": {index{}, index{6, 228}, index{6, 228}},
	} {
		head := func(x index) *Head {
			return &Head{HeadInfo: HeadInfo{IndexSequence: x.sequence, IndexImages: x.images}}
		}
		h := head(row.ours)
		h.MergeChecks(head(row.theirs))
		if got := (index{h.IndexSequence, h.IndexImages}); got != row.want {
			t.Errorf("%s: %+v, want %+v", about, got, row.want)
		}
	}
}
