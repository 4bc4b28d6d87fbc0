package capture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

const (
	maxTries = 4 // of one call, the first included
	// firstDelay is the largest delay after the first try. It doubles with each try, up
	// to maxDelay.
	firstDelay = 200 * time.Millisecond
	// maxDelay leaves room for some tries within a minute. A longer wait that E-HPC
	// demands is kept.
	maxDelay = 5 * time.Second
)

// callWithRetries makes one call within the rate limit, and retries it where that can
// help. at is when the last try began. The error is errNoTime or an *ehpc.Error. It is
// both once the credentials were refused: what was not asked is left to the next run,
// which has other credentials.
func (r *runner) callWithRetries(
	ctx context.Context, call func(context.Context) error,
) (at catalog.Time, err error) {
	for try := 1; ; try++ {
		at, err = r.callOnce(ctx, call)
		if err == nil {
			r.limiter.raiseRate()
			return at, nil
		}
		if errors.Is(err, errNoTime) {
			return at, err
		}
		// A call that ended for another reason, such as a reset, counts as temporary.
		e := toAPIError(err)
		if e.CredentialsRefused() {
			r.authFailure.Store(e)
		}
		if e.Class == ehpc.Throttled {
			r.limiter.halveRate()
		}
		if !e.CanRetry() || try == maxTries || !sleepWithinDeadline(ctx, retryDelay(try, e.RetryAfter)) {
			return at, e
		}
	}
}

// callOnce makes one call when a slot is free and the rate limiter lets it, and
// returns when it began. The slot comes first: if calls waited for slots after the
// limiter, many could begin at once.
func (r *runner) callOnce(ctx context.Context, call func(context.Context) error) (at catalog.Time, err error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return at, errNoTime
	}
	defer func() { <-r.slots }()
	if r.limiter.Wait(ctx) != nil {
		return at, errNoTime
	}
	// Checked after the waiting: another call may have been refused meanwhile.
	if refused := r.authFailure.Load(); refused != nil {
		return at, fmt.Errorf("%w: %w", errNoTime, refused)
	}
	at = catalog.At(r.now())
	r.callCount.Add(1)
	// An error of a call that the deadline ended says nothing about the scope.
	if err = call(ctx); err != nil && ctx.Err() != nil {
		err = errNoTime
	}
	return at, err
}

// retryDelay returns how long to wait after a try: a random time below a bound that
// doubles with each try, after the wait that E-HPC demands.
func retryDelay(try int, demanded time.Duration) time.Duration {
	bound := min(maxDelay, firstDelay<<(try-1))
	return demanded + rand.N(bound)
}

// sleepWithinDeadline sleeps for d and returns true. It returns false if ctx ends
// first, and at once if the deadline of ctx is known to come first.
func sleepWithinDeadline(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
