package capture_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
)

// slowStore delays every read of a snapshot.
func (b *fixture) slowStore(delay time.Duration) {
	b.t.Helper()
	keys, err := archive.NewKeys("p")
	if err != nil {
		b.t.Fatal(err)
	}
	b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.IsWrite() || !strings.Contains(op.Key, "/clusters/") {
			return nil
		}
		return &buckettest.Fault{Before: func() { time.Sleep(delay) }}
	}), keys, time.Now)
}

// runWithin makes a run whose time for asking is limited.
func (b *fixture) runWithin(asking time.Duration) *capture.Report {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), asking+b.settings.Margin)
	defer cancel()
	r, err := b.run(ctx, capture.Request{})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// changes returns the changes of content in the commits from a number on, as text.
func (b *fixture) changes(from int64) (text string) {
	b.t.Helper()
	now, err := b.writer.Now(b.t.Context(), "hz", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for l, err := range b.writer.Commits(b.t.Context(), now, from) {
		if err != nil {
			b.t.Fatal(err)
		}
		for number, s := range l.Scopes {
			var added, removed []string
			for _, im := range l.Images {
				if slices.Contains(im.Added, number) {
					added = append(added, im.ImageID)
				}
				if slices.Contains(im.Removed, number) {
					removed = append(removed, im.ImageID)
				}
			}
			text += fmt.Sprintf("%d +%v -%v lost %v\n", l.Sequence, added, removed, s.PreviousLost)
		}
	}
	return text
}

// newChangedFixture has a cluster whose images have changed since they were captured.
func newChangedFixture(t *testing.T) *fixture {
	b := newFixture(t, "hz")
	b.settings.Unscoped = false
	b.up.cluster("hz", "hz", "c1")
	b.up.images["hz/c1/_any"] = []string{"m-1", "m-2"}
	b.mustRun(capture.Request{})
	b.up.images["hz/c1/_any"] = []string{"m-2", "m-3"}
	return b
}

// The time for asking ends while the published snapshot is being read. The next run
// asks again, so that the change is committed with its difference.
func TestAnswerThatComesTooLateToBeCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newChangedFixture(t)
		b.up.delay = 5500 * time.Millisecond
		b.slowStore(time.Second)
		if r := b.runWithin(6 * time.Second); r.Counts.Left != 1 || r.Counts.Changed+r.Counts.Failed > 0 ||
			len(b.warnings) > 0 {
			t.Errorf("counts are %+v, warnings %q", r.Counts, b.warnings)
		}
		b.up.delay = 0
		b.mustRun(capture.Request{})
		checkText(t, "changes", b.changes(2), "2 +[m-3] -[m-1] lost false\n")
	})
}

// The published snapshot is read again after an outage of a second.
func TestShortStoreOutageLosesNoDifference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newChangedFixture(t)
		keys, err := archive.NewKeys("p")
		if err != nil {
			t.Fatal(err)
		}
		fails := 3
		b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if fails == 0 || op.IsWrite() || !strings.Contains(op.Key, "/clusters/") {
				return nil
			}
			fails--
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}), keys, time.Now)
		b.mustRun(capture.Request{})
		checkText(t, "changes", b.changes(2), "2 +[m-3] -[m-1] lost false\n")
		if len(b.warnings) > 0 || fails > 0 {
			t.Errorf("warnings %q, %d faults are left", b.warnings, fails)
		}
	})
}

// If no time is left to read the candidate of an earlier run, it stays as it is.
func TestCandidateThatIsReadTooLateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newGuardedFixture(t)
		b.up.images["hz/_any/_any"] = imageIDs(3)
		for range 2 {
			b.mustRun(capture.Request{})
		}
		b.up.images["hz/_any/_any"] = imageIDs(2)
		b.up.delay = 2500 * time.Millisecond
		b.slowStore(time.Second) // answer, earlier list, answer, candidate
		if r := b.runWithin(6500 * time.Millisecond); r.Counts.Left != 1 {
			t.Errorf("counts are %+v", r.Counts)
		}
		if s := b.scope("_any/_any"); s.Candidate == nil || s.Candidate.Seen != 2 || len(b.warnings) > 0 {
			t.Errorf("candidate %+v, warnings %q", s.Candidate, b.warnings)
		}
	})
}
