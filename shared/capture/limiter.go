package capture

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// RateLimiter limits the calls of all runs of an instance together. Its rate is
// halved when E-HPC throttles, and rises again with every success. It is safe for
// concurrent use.
type RateLimiter struct {
	limiter *rate.Limiter // has the present rate
	full    rate.Limit    // in calls per second; the present rate is never higher
	// waiter holds a token while a caller waits. A waiting caller has reserved its
	// time at the rate of that moment. If many did so at once, they would keep to a
	// low rate long after it has risen.
	waiter chan struct{}
	now    func() time.Time // the clock

	mu         sync.Mutex // guards lastHalved and the changes of the rate
	lastHalved time.Time  // zero: the rate was never halved
}

const (
	// halvingPause lets calls that were made together be throttled together: the
	// rate is halved once for all of them.
	halvingPause = 500 * time.Millisecond
	// minShare is the share of the full rate that always remains.
	minShare = 1.0 / 16
	// recoveryStep is added to the rate by each success, in calls per second. A rate
	// that grows by half a call with each call grows by a factor e in two seconds.
	// So any rate is back at four fifths of its full value within seven seconds.
	recoveryStep = 0.5
)

// NewRateLimiter returns a limiter of qps calls per second.
func NewRateLimiter(qps float64, now func() time.Time) *RateLimiter {
	return &RateLimiter{
		limiter: rate.NewLimiter(rate.Limit(qps), burstSize(qps)),
		full:    rate.Limit(qps),
		waiter:  make(chan struct{}, 1),
		now:     now,
	}
}

// burstSize is the number of calls in a twentieth of a second.
func burstSize(qps float64) int { return max(1, int(math.Min(qps/20, 1000))) }

// Wait blocks until one more call may be made. It returns an error if ctx ends
// before, at once if it is known to.
func (l *RateLimiter) Wait(ctx context.Context) error {
	select {
	case l.waiter <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.waiter }()
	return l.limiter.Wait(ctx)
}

// halveRate is called for each throttled call.
func (l *RateLimiter) halveRate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	// A clock that was set back must not keep the rate from being halved.
	if now := l.now(); now.Sub(l.lastHalved) >= halvingPause || now.Before(l.lastHalved) {
		l.lastHalved = now
		l.limiter.SetLimit(max(l.full*minShare, l.limiter.Limit()/2))
	}
}

// raiseRate is called for each call that succeeded.
func (l *RateLimiter) raiseRate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit := l.limiter.Limit(); limit < l.full {
		l.limiter.SetLimit(min(l.full, limit+recoveryStep))
	}
}
