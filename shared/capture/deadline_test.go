package capture_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/ehpc"
)

// slowStore makes every reading of a snapshot take so long.
func (b *bench) slowStore(delay time.Duration) {
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

// within runs with so much time for asking.
func (b *bench) within(asking time.Duration) *capture.Report {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), asking+b.settings.Margin)
	defer cancel()
	r, err := b.run(ctx, capture.Request{})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// changes tells what the commits from one on say of contents.
func (b *bench) changes(from int64) (text string) {
	b.t.Helper()
	now, err := b.writer.Now(b.t.Context(), "hz", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for l, err := range b.writer.Commits(b.t.Context(), now, from) {
		if err != nil {
			b.t.Fatal(err)
		}
		for _, c := range l.Changes {
			text += fmt.Sprintf("%d +%v -%v lost %v\n", l.Sequence, c.Added, c.Removed, c.PreviousLost)
		}
	}
	return text
}

// newDrift has a cluster whose images were captured and have changed since.
func newDrift(t *testing.T) *bench {
	b := newBench(t, "hz")
	b.settings.Unscoped = false
	b.up.cluster("hz", "hz", "c1")
	b.up.images["hz/c1/_any"] = []string{"m-1", "m-2"}
	b.mustRun(capture.Request{})
	b.up.images["hz/c1/_any"] = []string{"m-2", "m-3"}
	return b
}

// TestAnswerThatComesTooLateToBeCompared: the time for asking ends while what
// the answer replaces is being read. The next run asks again, for a change is
// committed with its difference as long as the earlier content is there.
func TestAnswerThatComesTooLateToBeCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrift(t)
		b.up.delay = 5500 * time.Millisecond
		b.slowStore(time.Second)
		if r := b.within(6 * time.Second); r.Counts.Left != 1 || r.Counts.Changed+r.Counts.Failed > 0 ||
			len(b.warnings) > 0 {
			t.Errorf("counts are %+v, warnings %q", r.Counts, b.warnings)
		}
		b.up.delay = 0
		b.mustRun(capture.Request{})
		want(t, "changes", b.changes(2), "2 +[m-3] -[m-1] lost false\n")
	})
}

// TestStoreThatDoesNotAnswerForAMoment: the history of a scope is not given up
// for a second's outage.
func TestStoreThatDoesNotAnswerForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newDrift(t)
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
		want(t, "changes", b.changes(2), "2 +[m-3] -[m-1] lost false\n")
		if len(b.warnings) > 0 || fails > 0 {
			t.Errorf("warnings %q, %d faults are left", b.warnings, fails)
		}
	})
}

// TestCandidateThatIsReadTooLate: that no time is left to read what an earlier
// run held says nothing about it.
func TestCandidateThatIsReadTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := guarded(t)
		b.up.images["hz/_any/_any"] = many(3)
		for range 2 {
			b.mustRun(capture.Request{})
		}
		b.up.images["hz/_any/_any"] = many(2)
		b.up.delay = 2500 * time.Millisecond
		b.slowStore(time.Second) // answer, earlier list, answer, candidate
		if r := b.within(6500 * time.Millisecond); r.Counts.Left != 1 {
			t.Errorf("counts are %+v", r.Counts)
		}
		if s := b.scope("_any/_any"); s.Candidate == nil || s.Candidate.Seen != 2 || len(b.warnings) > 0 {
			t.Errorf("candidate %+v, warnings %q", s.Candidate, b.warnings)
		}
	})
}

// TestDemandThatTheRunHasNoTimeFor: who is told to wait for longer than the run
// has is not tried again, and keeps nobody else waiting.
func TestDemandThatTheRunHasNoTimeFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.settings.Unscoped = false
		for i := range 20 {
			b.up.cluster("hz", "hz", fmt.Sprintf("c%02d", i))
		}
		b.mustRun(capture.Request{})
		b.up.delay = 100 * time.Millisecond
		b.up.decide = func(name string) error {
			if name == "clusters hz" || strings.HasPrefix(name, "hz/c0") {
				return &ehpc.Error{Class: ehpc.Temporary, Code: "ServiceUnavailable", RetryAfter: time.Hour}
			}
			return nil
		}
		r := b.within(time.Minute)
		if c := r.Counts; c.Failed != 10 || c.Unchanged != 10 || r.Calls != 21 {
			t.Errorf("%d calls, counts are %+v", r.Calls, c)
		}
		if took := r.FinishedAt.Sub(r.StartedAt.Time); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
