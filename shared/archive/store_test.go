package archive_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

// newSlowWriter returns a writer whose store takes so long to create an object.
func (b *fixture) newSlowWriter(d time.Duration) *archive.Writer {
	return archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Verb != "create" {
			return nil
		}
		return &buckettest.Fault{Before: func() { time.Sleep(d) }}
	}), b.keys, time.Now)
}

// TestRunThatHasNoTimeToStoreAll: ten seconds are left to store what a run
// has found, and half of it does not fit. The rest is committed, and the next
// runs go on with what was asked longest ago, however much has changed anew.
func TestRunThatHasNoTimeToStoreAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t)
		w, ctx := b.newSlowWriter(2*time.Second), context.Background()
		stored := map[string]int{}
		for n := range 4 {
			base, err := w.Load(ctx, region)
			if err != nil {
				t.Fatal(err)
			}
			b.now = time.Now()
			var checks []archive.Check
			for i := range 64 {
				checks = append(checks, b.newCheck(base, scopeOf(fmt.Sprintf("c%02d", i), ""), fmt.Sprint("m-", n)))
			}
			limited, cancel := context.WithTimeout(ctx, 10*time.Second)
			began := time.Now()
			res, err := w.Commit(limited, base, b.newRun(checks...))
			cancel()
			if err != nil || res.HeadError != nil {
				t.Fatalf("run %d: %v, %v", n, err, res.HeadError)
			}
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("run %d kept %v for what publishes", n, 10*time.Second-took)
			}
			if c := res.Counts; c.Left != 32 || c.Changed != 32 || c.Failed != 0 || len(res.Checks) != 32 ||
				res.Stored != 32 {
				t.Errorf("run %d: %+v, %d checks, %d objects", n, c, len(res.Checks), res.Stored)
			}
			for _, c := range res.Checks {
				stored[c.Scope.String()]++
			}
			time.Sleep(10 * time.Minute)
		}
		for scope, times := range stored {
			if times != 2 {
				t.Errorf("%s was stored %d times in four runs that each store half", scope, times)
			}
		}
		if audit := b.verifyRegion(); len(stored) != 64 || len(audit.Findings) > 0 {
			t.Errorf("%d scopes were stored, faults %v", len(stored), audit.Findings)
		}
	})
}

// TestRunThatHasNoTimeAtAll: what is left after the deadline is an error, and
// nothing is published.
func TestRunThatHasNoTimeAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t)
		base := b.loadBase()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		time.Sleep(2 * time.Second)
		_, err := b.newSlowWriter(0).Commit(ctx, base, b.newRun(b.newCheck(base, scopeOf("", ""), "a")))
		if !errors.Is(err, context.DeadlineExceeded) || len(b.mem.Objects()) != 0 {
			t.Errorf("a run without time: %v, %d objects", err, len(b.mem.Objects()))
		}
	})
}
