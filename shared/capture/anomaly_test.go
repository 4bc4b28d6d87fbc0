package capture_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// imageIDs returns the first n of a list of ids.
func imageIDs(n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, "m-"+strings.Repeat("z", i/26)+string(rune('a'+i%26)))
	}
	return ids
}

// newGuardedFixture has one scope with 8 images. An answer that loses more than half of
// them is anomalous.
func newGuardedFixture(t *testing.T) *fixture {
	b := newFixture(t, "hz")
	b.settings.ShrinkGuard = 50
	b.up.images["hz/_any/_any"] = imageIDs(8)
	b.mustRun(capture.Request{})
	b.up.questions()
	return b
}

func (b *fixture) scope(path string) format.ScopeState {
	b.t.Helper()
	r, err := b.writer.Now(context.Background(), "hz", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	scope, err := catalog.ParseScopePath("hz", path)
	if err != nil {
		b.t.Fatal(err)
	}
	state, _ := r.Scope(scope)
	return state
}

func TestAnomalyIsPublishedInTheThirdRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, left := range []int{0, 3} {
			b := newGuardedFixture(t)
			b.up.images["hz/_any/_any"] = imageIDs(left)
			for run := 1; run <= 2; run++ {
				report := b.mustRun(capture.Request{})
				s := b.scope("_any/_any")
				if s.State != format.StateHeld || s.ImageCount != 8 || s.Candidate == nil || s.Candidate.Seen != run ||
					s.Candidate.ImageCount != left || report.Counts.Held != 1 {
					t.Errorf("run %d of %d images: state %+v, candidate %+v", run, left, s, s.Candidate)
				}
				if got := strings.Count(b.up.questions(), "hz/_any/_any"); got != 2 {
					t.Errorf("a suspicious answer was asked for %d times", got)
				}
			}
			b.mustRun(capture.Request{})
			if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != left || s.Candidate != nil {
				t.Errorf("after three runs: %+v", s)
			}
		}
	})
}

func TestCandidateMayChangeALittleBetweenRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGuardedFixture(t)
		b.up.images["hz/_any/_any"] = imageIDs(3)
		b.mustRun(capture.Request{})
		b.up.images["hz/_any/_any"] = imageIDs(2) // close to what was seen
		b.mustRun(capture.Request{})
		if s := b.scope("_any/_any"); s.Candidate == nil || s.Candidate.Seen != 2 {
			t.Errorf("a candidate that lost one image: %+v", s.Candidate)
		}
		b.up.images["hz/_any/_any"] = nil // something else altogether
		b.mustRun(capture.Request{})
		if s := b.scope("_any/_any"); s.Candidate == nil || s.Candidate.Seen != 1 {
			t.Errorf("a candidate that lost everything: %+v", s.Candidate)
		}
		b.up.images["hz/_any/_any"] = imageIDs(8)
		b.mustRun(capture.Request{})
		if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != 8 || s.Candidate != nil {
			t.Errorf("after the answer was whole again: %+v", s)
		}
	})
}

func TestAnomalyThatPassesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGuardedFixture(t)
		b.up.once["hz/_any/_any"] = []string{}
		b.up.images["hz/_any/_any"] = imageIDs(7)
		b.mustRun(capture.Request{})
		if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != 7 {
			t.Errorf("a second reading was not believed: %+v", s)
		}
	})
}

func TestListingThatLosesMostClustersEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.ShrinkGuard = 50
		for _, id := range []string{"c1", "c2", "c3"} {
			b.up.cluster("hz", "hz", id)
		}
		b.mustRun(capture.Request{})
		b.up.clusters["hz"] = b.up.clusters["hz"][:1]
		for range 2 {
			report := b.mustRun(capture.Request{})
			checkText(t, "held", b.state("hz"), "_any/_any ok\nc1/_any ok\nc2/_any ok\nc3/_any ok")
			if p := report.Regions[0].Problems; len(p) != 1 || !strings.Contains(p[0], "misses 2 of 3 clusters") {
				t.Errorf("problems are %q", p)
			}
		}
		b.mustRun(capture.Request{})
		checkText(t, "in the third run", b.state("hz"), "_any/_any ok\nc1/_any ok")
	})
}

// Clusters that are listed without their earlier instance types would end the scopes of
// these types.
func TestListingThatLosesMostInstanceTypesIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.ShrinkGuard, b.settings.Unscoped = 50, false
		b.up.cluster("hz", "hz", "c1", "ecs.a")
		b.up.cluster("hz", "hz", "c2", "ecs.a", "ecs.b")
		b.up.cluster("hz", "hz", "c3")
		b.mustRun(capture.Request{})
		all := b.state("hz")
		b.up.clusters["hz"][0].InstanceTypes = nil
		b.mustRun(capture.Request{})
		checkText(t, "one of three", b.state("hz"), "c1/_any ok\nc2/_any ok\nc2/ecs.a ok\nc2/ecs.b ok\nc3/_any ok")
		b.up.clusters["hz"][0].InstanceTypes = []string{"ecs.a"}
		b.mustRun(capture.Request{})
		for i := range 3 {
			b.up.clusters["hz"][i].InstanceTypes = nil
		}
		b.up.cluster("hz", "hz", "c4") // new, and asked at once
		for range 2 {
			b.up.questions()
			report := b.mustRun(capture.Request{})
			checkText(t, "held", b.state("hz"), all+"\nc4/_any ok")
			if p := report.Regions[0].Problems; len(p) != 1 ||
				!strings.Contains(p[0], "misses 2 of 3 clusters or their instance types") {
				t.Errorf("problems are %q", p)
			}
			if asked := b.up.questions(); !strings.Contains(asked, "hz/c2/ecs.b") {
				t.Errorf("asked is only\n%s", asked)
			}
		}
		b.mustRun(capture.Request{})
		checkText(t, "in the third run", b.state("hz"), "c1/_any ok\nc2/_any ok\nc3/_any ok\nc4/_any ok")
	})
}

// The published snapshot may be lost, or the store may not answer for a moment. Its
// number of images is still known.
func TestAnomalyIsFoundWithoutThePublishedSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, left := range []int{0, 3} {
			b := newGuardedFixture(t)
			hideSnapshots(t, b)
			b.up.images["hz/_any/_any"] = imageIDs(left)
			for run := 1; run <= 2; run++ {
				b.mustRun(capture.Request{})
				s := b.scope("_any/_any")
				if s.State != format.StateHeld || s.ImageCount != 8 || s.Candidate == nil || s.Candidate.Seen != run {
					t.Errorf("run %d of %d images: state %+v, candidate %+v", run, left, s, s.Candidate)
				}
				if got := strings.Count(b.up.questions(), "hz/_any/_any"); got != 2 {
					t.Errorf("a suspicious answer was asked for %d times", got)
				}
			}
			b.mustRun(capture.Request{})
			if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != left {
				t.Errorf("after three runs: %+v", s)
			}
		}
		for name, change := range map[string]struct {
			images int
			passes bool // only the first answer is empty
		}{
			"an ordinary change":        {images: 7},
			"a list that grows":         {images: 9},
			"an answer that was a slip": {images: 7, passes: true},
		} {
			b := newGuardedFixture(t)
			hideSnapshots(t, b)
			if change.passes {
				b.up.once["hz/_any/_any"] = []string{}
			}
			b.up.images["hz/_any/_any"] = imageIDs(change.images)
			b.mustRun(capture.Request{})
			if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != change.images ||
				len(b.warnings) != 1 {
				t.Errorf("%s: %+v, warnings %q", name, s, b.warnings)
			}
		}
	})
}

// hideSnapshots makes every read of the snapshots that are stored now fail.
func hideSnapshots(t *testing.T, b *fixture) {
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	there := b.mem.Objects()
	b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if _, lost := there[op.Key]; lost && !op.IsWrite() && strings.Contains(op.Key, "/clusters/") {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	}), keys, time.Now)
}
