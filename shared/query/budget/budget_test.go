package budget_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/query/budget"
)

// waitForEnd returns how long it takes until a context ends.
func waitForEnd(ctx context.Context) time.Duration {
	began := time.Now()
	<-ctx.Done()
	return time.Since(began)
}

// TestStoreThatNeverAnswers: all reads of a lookup together fail within 3 seconds.
func TestStoreThatNeverAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lookup := budget.New(t.Context())
		for _, want := range []time.Duration{2500 * time.Millisecond, 200 * time.Millisecond, 0, 0} {
			ctx, cancel := budget.WithDeadline(lookup)
			if got := waitForEnd(ctx); got != want {
				t.Errorf("a read waits for %s, want %s", got, want)
			}
			cancel()
		}
		if budget.IsSpent(lookup) {
			t.Error("the budget of all reads is spent after the first reads")
		}
	})
}

// TestStoreThatStopsAnswering: each part that arrives gives the next read its own time,
// but no lookup reads for more than 20 seconds.
func TestStoreThatStopsAnswering(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lookup, began := budget.New(t.Context()), time.Now()
		for range 9 {
			time.Sleep(2 * time.Second) // a slow read that succeeds
			budget.Extend(lookup)
		}
		ctx, cancel := budget.WithDeadline(lookup)
		defer cancel()
		if got := waitForEnd(ctx); got != 2*time.Second || time.Since(began) != budget.AllReadsTimeout {
			t.Errorf("the last read waits for %s and ends after %s", got, time.Since(began))
		}
		budget.Extend(lookup)
		late, cancelLate := budget.WithDeadline(lookup)
		defer cancelLate()
		if late.Err() == nil || !budget.IsSpent(lookup) {
			t.Error("a lookup reads on after its end")
		}
	})
}

// TestReadOfManyParts: a long read goes on as long as parts arrive.
func TestReadOfManyParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, extend, cancel := budget.WithMovingDeadline(budget.New(t.Context()))
		defer cancel()
		for range 5 {
			time.Sleep(2 * time.Second)
			extend()
		}
		if ctx.Err() != nil {
			t.Fatalf("the read ends although parts arrive: %v", context.Cause(ctx))
		}
		if got := waitForEnd(ctx); got != budget.ReadTimeout || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			t.Errorf("after the last part it ends in %s: %v", got, context.Cause(ctx))
		}
	})
}

// TestReadThatIsCancelled: the end of a read is not taken for a store that is slow.
func TestReadThatIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, _, cancel := budget.WithMovingDeadline(budget.New(t.Context()))
	cancel()
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		t.Errorf("the cause is %v", cause)
	}
}

// TestWithoutBudget: reads that belong to no lookup, for example a warm-up, have the time of
// one read each.
func TestWithoutBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		budget.Extend(t.Context())
		for range 3 {
			ctx, cancel := budget.WithDeadline(t.Context())
			if got := waitForEnd(ctx); got != budget.ReadTimeout {
				t.Errorf("a read waits for %s", got)
			}
			cancel()
		}
		if budget.IsSpent(t.Context()) {
			t.Error("what has no budget has spent it")
		}
	})
}
