package format

import (
	"testing"
	"time"

	"community-images/shared/catalog"
)

// TestSimulatedUntil: the last simulated commit is known for good, also to a state that is
// read from a later checkpoint, and after the head was stored.
func TestSimulatedUntil(t *testing.T) {
	t.Parallel()
	at := func(day int) catalog.Time { return catalog.At(time.Date(2026, 11, day, 9, 0, 0, 0, time.UTC)) }
	h := &Head{RegionID: "cn-hangzhou", Log: LogPosition{Month: "2026-11", Length: 1}}
	for i, trigger := range []string{SimulatedTrigger, SimulatedTrigger, "timer"} {
		h.Apply(&Commit{CommittedAt: at(i + 1), Sequence: int64(i + 1), Trigger: trigger})
	}
	h.Log.Hash = HashLine(nil)
	var replayed Head
	replayed.Apply(&Commit{CommittedAt: at(3), Sequence: 3, Trigger: "timer", Checkpoint: h.MakeCheckpoint()})
	data, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := DecodeHead("cn-hangzhou", data)
	if err != nil || h.SimulatedUntil != at(2) || replayed.SimulatedUntil != at(2) || stored.SimulatedUntil != at(2) {
		t.Errorf("%v, %v from a checkpoint, %+v from the head, %v", h.SimulatedUntil, replayed.SimulatedUntil, stored, err)
	}
}

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
			return &Head{HeadInfo: HeadInfo{IndexSequence: x.sequence, IndexImages: IndexImages{Count: x.images}}}
		}
		h := head(row.ours)
		h.MergeChecks(head(row.theirs))
		if got := (index{h.IndexSequence, h.IndexImages.Count}); got != row.want {
			t.Errorf("%s: %+v, want %+v", about, got, row.want)
		}
	}
}
