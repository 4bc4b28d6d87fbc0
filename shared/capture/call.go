package capture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"community-images/shared/archive/format"
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

// errNoTime means that the deadline of the run leaves no time for a call.
var errNoTime = errors.New("no time is left before the deadline")

// Client is the part of E-HPC's API that a run needs; *ehpc.Client implements it.
// Implementations are safe for concurrent use, bound the time of every call, and do
// not retry. They return *ehpc.Error.
type Client interface {
	// ListCommunityImages returns an answer that may not be decoded yet: only its
	// Decode tells whether the images are good.
	ListCommunityImages(ctx context.Context, req ehpc.ImagesRequest) (*ehpc.ImagesAnswer, error)
	// ListClusters makes the call for each page by run, and returns its error.
	ListClusters(ctx context.Context, regionID string, run ehpc.CallRunner) ([]ehpc.Cluster, error)
}

// caller makes the calls of one run to E-HPC. It is safe for concurrent use.
type caller struct {
	client  Client           // of E-HPC
	limiter *RateLimiter     // shared by all runs
	slots   chan struct{}    // holds a token for each call that is being made; shared, too
	now     func() time.Time // the clock
	// callCount is the number of calls, retries included.
	callCount atomic.Int64
	// authFailure is set once E-HPC has refused the credentials. No call is made after
	// that. It is nil otherwise.
	authFailure atomic.Pointer[ehpc.Error]
}

// callWithRetries makes one call within the rate limit, and retries it where that can
// help. at is when the last try began. The error is errNoTime or an *ehpc.Error. It is
// both once the credentials were refused: what was not asked is left to the next run,
// which has other credentials.
func (c *caller) callWithRetries(
	ctx context.Context, call func(context.Context) error,
) (at catalog.Time, err error) {
	for try := 1; ; try++ {
		at, err = c.callOnce(ctx, call)
		if err == nil {
			c.limiter.raiseRate()
			return at, nil
		}
		if errors.Is(err, errNoTime) {
			return at, err
		}
		// A call that ended for another reason, such as a reset, counts as temporary.
		e := toAPIError(err)
		if e.CredentialsRefused() {
			c.authFailure.Store(e)
		}
		if e.Class == ehpc.Throttled {
			c.limiter.halveRate()
		}
		if !e.CanRetry() || try == maxTries || !sleepWithinDeadline(ctx, retryDelay(try, e.RetryAfter)) {
			return at, e
		}
	}
}

// callOnce makes one call when a slot is free and the rate limiter lets it, and
// returns when it began. The slot comes first: if calls waited for slots after the
// limiter, many could begin at once.
func (c *caller) callOnce(ctx context.Context, call func(context.Context) error) (at catalog.Time, err error) {
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return at, errNoTime
	}
	defer func() { <-c.slots }()
	if c.limiter.Wait(ctx) != nil {
		return at, errNoTime
	}
	// Checked after the waiting: another call may have been refused meanwhile.
	if refused := c.authFailure.Load(); refused != nil {
		return at, fmt.Errorf("%w: %w", errNoTime, refused)
	}
	at = catalog.At(c.now())
	c.callCount.Add(1)
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

// findAPIError returns the *ehpc.Error in err. It returns nil if there is none, or if
// it says only that the context ended.
func findAPIError(err error) *ehpc.Error {
	var e *ehpc.Error
	if errors.As(err, &e) && e.Class != ehpc.Canceled {
		return e
	}
	return nil
}

// toAPIError returns findAPIError's result. An error of another kind becomes one that
// may be retried.
func toAPIError(err error) *ehpc.Error {
	if e := findAPIError(err); e != nil {
		return e
	}
	return &ehpc.Error{Class: ehpc.Temporary, Code: "NoAnswer", Err: err}
}

// newProblem returns what is stored of the error of a call.
func newProblem(err error) *format.Problem {
	if errors.Is(err, errNoTime) && findAPIError(err) == nil {
		return &format.Problem{Class: "deadline", Code: "NoTime", Message: err.Error()}
	}
	e := toAPIError(err)
	return &format.Problem{Class: string(e.Class), Code: e.Code, Message: e.Reason(), RequestID: e.RequestID}
}
