package budget

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// ReadTimeout bounds one read of the store.
	ReadTimeout = 2500 * time.Millisecond
	// firstReadsTimeout bounds all reads of one lookup together, however many
	// it makes one after the other, until the first snapshot has arrived. A
	// caller learns within 3 s that the store does not answer.
	firstReadsTimeout = 2700 * time.Millisecond
	// AllReadsTimeout bounds all reads of one lookup. A lookup may need
	// hundreds of snapshots, and each that arrives gives the next reads another
	// ReadTimeout.
	AllReadsTimeout = 20 * time.Second
)

// readBudget is the time that one lookup has left for its reads.
type readBudget struct {
	deadline atomic.Int64 // Unix nanoseconds
	end      time.Time    // deadline is never later
}

type readBudgetKey struct{}

// New returns a context in which all reads of one lookup are bounded
// together. A Service does it for its own lookups. A handler that answers from
// the memory of a Service does it for its requests.
func New(ctx context.Context) context.Context {
	now := time.Now()
	budget := &readBudget{end: now.Add(AllReadsTimeout)}
	budget.deadline.Store(now.Add(firstReadsTimeout).UnixNano())
	return context.WithValue(ctx, readBudgetKey{}, budget)
}

// WithDeadline returns a context for one read: until ReadTimeout from now,
// or until the lookup's read budget ends if that comes first. The caller must
// call cancel.
func WithDeadline(ctx context.Context) (_ context.Context, cancel context.CancelFunc) {
	return context.WithDeadline(ctx, readDeadline(ctx))
}

// WithMovingDeadline returns a context for a read that brings many parts. It ends as
// that of WithDeadline, but each call of extend, after a part, gives the next part
// the time of another read. Its cause is context.DeadlineExceeded if it ends so. The
// caller must call cancel.
func WithMovingDeadline(ctx context.Context) (_ context.Context, extend func(), cancel context.CancelFunc) {
	ctx, stop := context.WithCancelCause(ctx)
	timer := time.AfterFunc(time.Until(readDeadline(ctx)), func() { stop(context.DeadlineExceeded) })
	extend = func() {
		Extend(ctx)
		timer.Reset(time.Until(readDeadline(ctx)))
	}
	return ctx, extend, func() {
		timer.Stop()
		stop(nil)
	}
}

// readDeadline returns when a read that begins now has to end.
func readDeadline(ctx context.Context) time.Time {
	deadline := time.Now().Add(ReadTimeout)
	if budget, ok := ctx.Value(readBudgetKey{}).(*readBudget); ok {
		if end := time.Unix(0, budget.deadline.Load()); end.Before(deadline) {
			deadline = end
		}
	}
	return deadline
}

// IsSpent reports whether a lookup has used the time for all its reads.
func IsSpent(ctx context.Context) bool {
	budget, ok := ctx.Value(readBudgetKey{}).(*readBudget)
	return ok && !time.Now().Before(budget.end)
}

// Extend gives the next reads of a lookup another ReadTimeout: the
// store answers.
func Extend(ctx context.Context) {
	budget, ok := ctx.Value(readBudgetKey{}).(*readBudget)
	if !ok {
		return
	}
	deadline := time.Now().Add(ReadTimeout)
	if deadline.After(budget.end) {
		deadline = budget.end
	}
	budget.deadline.Store(deadline.UnixNano())
}
