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

// sealed is a region whose last run died between the seal of a month and the
// first commit of the next one.
func sealed(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.step("a")
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
	base := b.load()
	_, err := archive.NewWriter(dies, b.keys, func() time.Time { return b.now }).Commit(context.Background(), base, b.run(b.saw(base, scopeOf("", ""), "b")))
	if now := b.read(); !errors.Is(err, buckettest.ErrInjected) || now.Sequence != 2 || len(now.Files) != 1 || b.mem.Objects()[logKey12] != nil {
		t.Fatalf("the run ends with %v at commit %d of %v", err, now.Sequence, now.Files)
	}
	return b
}

// TestSealWithoutSuccessor: the next run begins the new month, also if it has
// nothing else to say; the one after it appends nothing.
func TestSealWithoutSuccessor(t *testing.T) {
	t.Parallel()
	for name, specs := range map[string][]string{"nothing new": {"a"}, "something new": {"c"}} {
		b := sealed(t)
		res := b.step(specs...)
		if res.Commit == nil || res.Commit.Sequence != 3 || res.Commit.Checkpoint == nil || res.Commit.IsEmpty() != (name == "nothing new") {
			t.Errorf("%s: the run commits %+v", name, res.Commit)
		}
		checkChain(t, b.object(logKey11), b.object(logKey12))
		if now := b.read(); now.Sequence != 3 || len(now.Files) != 2 || now.Files[1].FirstSequence != 3 || now.IndexSequence != 3 {
			t.Errorf("%s: the region is at commit %d of %v, its index at %d", name, now.Sequence, now.Files, now.IndexSequence)
		}
		if res := b.step(specs...); res.Commit != nil {
			t.Errorf("%s: the run after it commits %+v", name, res.Commit)
		}
		b.wantContents(b.read(), "_any/_any ok "+specs[0]+"=\n")
		if audit := b.verify(); len(audit.Findings) > 0 {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
	}
}

// TestSealIsFollowedOnce: of runs that find the seal at once, and nothing else,
// one begins the month.
func TestSealIsFollowedOnce(t *testing.T) {
	t.Parallel()
	b := sealed(t)
	base := b.load()
	var group sync.WaitGroup
	for range 6 {
		run := b.run(b.saw(base, scopeOf("", ""), "a"))
		group.Go(func() {
			w := archive.NewWriter(b.bucket, b.keys, func() time.Time { return b.now })
			if res, err := w.Commit(context.Background(), base, run); err != nil || res.HeadError != nil {
				t.Error(err, res.HeadError)
			}
		})
	}
	group.Wait()
	if now := b.read(); now.Sequence != 3 {
		t.Errorf("the region is at commit %d", now.Sequence)
	}
	if audit := b.verify(); len(audit.Findings) > 0 {
		t.Errorf("verify finds %v", audit.Findings)
	}
}
