package capture_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/capture"
)

const anyScope = "hz/_any/_any"

// newHeldFixture has one scope with 8 published images and a held answer of 3.
func newHeldFixture(t *testing.T) *fixture {
	b := newGuardedFixture(t)
	b.up.images[anyScope] = imageIDs(3)
	b.mustRun(capture.Request{})
	if s := b.scope("_any/_any"); s.State != format.StateHeld || s.Candidate == nil || s.Candidate.ImageCount != 3 {
		t.Fatalf("the answer of 3 images is not held: %+v", s)
	}
	b.up.questions()
	time.Sleep(time.Minute)
	return b
}

// accept makes a run that accepts scopes.
func (b *fixture) accept(scopes ...string) (*capture.Report, error) {
	return b.run(context.Background(), capture.Request{Accept: scopes})
}

// E-HPC answers 40 images, then 19, which is held. When the operator accepts, it would
// answer none.
func TestAcceptPublishesTheStoredCandidateAndAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.ShrinkGuard = 50
		b.up.images[anyScope] = imageIDs(40)
		b.mustRun(capture.Request{})
		b.up.images[anyScope] = imageIDs(19)
		b.mustRun(capture.Request{})
		held := b.scope("_any/_any")
		b.up.images[anyScope] = nil
		b.up.questions()
		time.Sleep(time.Minute)

		report, err := b.accept(anyScope)
		if err != nil || report.Counts.Changed != 1 || report.Calls != 0 || len(report.Regions[0].Problems) != 0 {
			t.Errorf("%+v, %v", report, err)
		}
		checkText(t, "asked", b.up.questions(), "")
		s := b.scope("_any/_any")
		if s.State != format.StateOK || s.Digest != held.Candidate.Digest || s.ImageCount != 19 || s.Candidate != nil {
			t.Errorf("after it was accepted: %+v", s)
		}
		if s.CheckedAt != held.TriedAt {
			t.Errorf("the content was confirmed by E-HPC at %s, the state says %s", held.TriedAt, s.CheckedAt)
		}
		b.mustRun(capture.Request{})
		if s := b.scope("_any/_any"); s.State != format.StateHeld || s.ImageCount != 19 || s.Candidate.ImageCount != 0 {
			t.Errorf("the empty answer of the next run is not held: %+v", s)
		}
	})
}

func TestAcceptByDigestRefusesAnotherCandidate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newHeldFixture(t)
		seen := b.scope("_any/_any").Candidate.Digest
		b.up.images[anyScope] = nil
		b.mustRun(capture.Request{}) // holds an empty answer
		now := b.scope("_any/_any").Candidate

		report, err := b.accept(anyScope + "@" + seen)
		want := `accept: "hz/_any/_any" is not published: its held answer is another one now: it has digest ` + now.Digest +
			" and 0 images"
		if err == nil || !strings.Contains(err.Error(), want) || !slices.Contains(report.Regions[0].Problems, want) ||
			report.Regions[0].Committed {
			t.Errorf("%v, %+v; want the problem %q", err, report.Regions[0], want)
		}
		if s := b.scope("_any/_any"); s.ImageCount != 8 || s.Candidate == nil || *s.Candidate != *now {
			t.Errorf("after a refusal: %+v", s)
		}
		// The right digest is taken, and a repeated event is no error.
		for try, changed := range []int{1, 0} {
			report, err = b.accept(anyScope + "@" + now.Digest)
			if err != nil || report.Counts.Changed != changed || report.Regions[0].Answered != try ||
				report.Regions[0].Sequence != 3 {
				t.Errorf("try %d: %+v, %v", try+1, report.Regions[0], err)
			}
		}
		if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != 0 {
			t.Errorf("after it was accepted: %+v", s)
		}
	})
}

func TestAcceptWithoutACandidateSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newHeldFixture(t)
		b.up.cluster("hz", "hz", "c1")
		b.mustRun(capture.Request{Clusters: []string{"c1"}})
		b.up.questions()
		const noCandidate = `accept: "hz/c1/_any" is not published: it has no held answer; its state is "ok"`
		const noScope = `accept: "hz/c9/_any" is not published: no such scope is stored`
		if report, err := b.accept("hz/c1/_any", "hz/c9/_any"); err == nil ||
			!slices.Equal(report.Regions[0].Problems, []string{noCandidate, noScope}) ||
			!strings.Contains(err.Error(), noCandidate) || !strings.Contains(err.Error(), noScope) {
			t.Errorf("%v, %+v", err, report.Regions[0])
		}
		// One scope that is published is enough, but the other is still reported.
		if report, err := b.accept("hz/c1/_any", anyScope); err != nil || report.Counts.Changed != 1 ||
			!slices.Equal(report.Regions[0].Problems, []string{noCandidate}) {
			t.Errorf("%v, %+v", err, report.Regions[0])
		}
		checkText(t, "asked", b.up.questions(), "")
	})
}

// Without the published snapshot the change is committed without its difference.
func TestAcceptWithoutThePublishedSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGuardedFixture(t)
		hideSnapshots(t, b)
		b.up.images[anyScope] = nil
		b.mustRun(capture.Request{})
		report, err := b.accept(anyScope)
		s := b.scope("_any/_any")
		if err != nil || report.Counts.Changed != 1 || s.State != format.StateOK || s.ImageCount != 0 {
			t.Errorf("%v, %+v", err, s)
		}
	})
}

func TestAcceptOfACandidateThatCannotBeReadChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newHeldFixture(t)
		before := b.scope("_any/_any")
		hideSnapshots(t, b) // the candidate too
		report, err := b.accept(anyScope)
		if err == nil || !strings.Contains(err.Error(), "its held answer cannot be read") || report.Regions[0].Committed {
			t.Errorf("%v, %+v", err, report.Regions[0])
		}
		if s := b.scope("_any/_any"); s.ImageCount != 8 || s.Candidate == nil || *s.Candidate != *before.Candidate {
			t.Errorf("the state is %+v", s)
		}
	})
}

// A run of the timer finds the list whole again while the held answer is being read.
func TestAcceptLosesAgainstARunThatAskedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newHeldFixture(t)
		candidate := b.scope("_any/_any").Candidate.Digest
		keys, err := archive.NewKeys("p")
		if err != nil {
			t.Fatal(err)
		}
		plain, raced := b.writer, false
		racing := archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if !raced && !op.IsWrite() && strings.Contains(op.Key, candidate) {
				raced = true
				b.up.images[anyScope] = imageIDs(8)
				b.writer = plain
				b.mustRun(capture.Request{})
			}
			return nil
		}), keys, time.Now)
		b.writer = racing
		report, err := b.accept(anyScope)
		if !raced || err == nil || !strings.Contains(err.Error(), "another run has asked about it meanwhile") ||
			report.Counts.Lost != 1 {
			t.Errorf("%v, %+v", err, report.Regions[0])
		}
		if s := b.scope("_any/_any"); s.State != format.StateOK || s.ImageCount != 8 {
			t.Errorf("the state is %+v", s)
		}
	})
}

func TestAcceptFailsIfTheStateCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newHeldFixture(t)
		b.hide("")
		if _, err := b.accept(anyScope); err == nil || !errors.Is(err, buckettest.ErrInjected) {
			t.Errorf("%v", err)
		}
	})
}
