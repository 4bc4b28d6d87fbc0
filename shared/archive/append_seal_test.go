package archive_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

// newSealedFixture returns a region whose last run died between the seal of a month and the
// first commit of the next one.
func newSealedFixture(t *testing.T) *fixture {
	t.Helper()
	b := newFixture(t)
	b.commitStep("a")
	b.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	appends := 0
	dies := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Verb == "append" {
			appends++
		}
		if appends < 2 {
			return nil
		}
		return &buckettest.Fault{Err: buckettest.ErrInjected}
	})
	base := b.loadBase()
	_, err := archive.NewWriter(dies, b.keys, func() time.Time {
		return b.now
	}).Commit(context.Background(), base, b.newRun(b.newCheck(base, scopeOf("", ""), "b")))
	if now := b.readNow(); !errors.Is(err, buckettest.ErrInjected) || now.Sequence != 2 || len(now.Files) != 1 ||
		b.mem.Objects()[logKey12] != nil {
		t.Fatalf("the run ends with %v at commit %d of %v", err, now.Sequence, now.Files)
	}
	return b
}

// TestSealWithoutSuccessor: the next run begins the new month, also if it has
// nothing else to say; the one after it appends nothing.
func TestSealWithoutSuccessor(t *testing.T) {
	t.Parallel()
	for name, specs := range map[string][]string{"nothing new": {"a"}, "something new": {"c"}} {
		b := newSealedFixture(t)
		res := b.commitStep(specs...)
		if res.Commit == nil || res.Commit.Sequence != 3 || res.Commit.Checkpoint == nil ||
			res.Commit.IsEmpty() != (name == "nothing new") {
			t.Errorf("%s: the run commits %+v", name, res.Commit)
		}
		checkChain(t, b.readObject(logKey11), b.readObject(logKey12))
		if now := b.readNow(); now.Sequence != 3 || len(now.Files) != 2 || now.Files[1].FirstSequence != 3 ||
			now.IndexSequence != 3 {
			t.Errorf("%s: the region is at commit %d of %v, its index at %d", name, now.Sequence, now.Files,
				now.IndexSequence)
		}
		if res := b.commitStep(specs...); res.Commit != nil {
			t.Errorf("%s: the run after it commits %+v", name, res.Commit)
		}
		b.wantContents(b.readNow(), "_any/_any ok "+specs[0]+"=\n")
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
	}
}

// TestSealIsFollowedOnce: of runs that find the seal at once, and nothing else,
// one begins the month.
func TestSealIsFollowedOnce(t *testing.T) {
	t.Parallel()
	b := newSealedFixture(t)
	base := b.loadBase()
	var group sync.WaitGroup
	for range 6 {
		run := b.newRun(b.newCheck(base, scopeOf("", ""), "a"))
		group.Go(func() {
			w := archive.NewWriter(b.bucket, b.keys, func() time.Time { return b.now })
			if res, err := w.Commit(context.Background(), base, run); err != nil || res.HeadError != nil {
				t.Error(err, res.HeadError)
			}
		})
	}
	group.Wait()
	if now := b.readNow(); now.Sequence != 3 {
		t.Errorf("the region is at commit %d", now.Sequence)
	}
	if audit := b.verifyRegion(); len(audit.Findings) > 0 {
		t.Errorf("verify finds %v", audit.Findings)
	}
}
