package capture

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Budget is what upstream grants all calls of an instance together. It halves
// when upstream throttles and grows back with every success. It is safe for
// concurrent use.
type Budget struct {
	limiter *rate.Limiter
	full    rate.Limit
	// turn lets one caller wait at a time. A waiting caller has reserved its
	// place at the rate of that moment; a queue of them would go on at a rate
	// that has long recovered.
	turn chan struct{}

	mu     sync.Mutex
	shrunk time.Time // when it last halved
	now    func() time.Time
}

const (
	// shrinkPause lets the calls that are under way end before another
	// throttled one counts.
	shrinkPause = 500 * time.Millisecond
	// leastShare of the full rate is always left.
	leastShare = 1.0 / 16
	// step is what a success gives back, in calls a second. Whatever the full
	// rate is, it is back at four fifths within seven seconds: a rate that
	// grows by half a call with each call grows by a factor e in two seconds.
	step = 0.5
)

// NewBudget returns a budget of so many calls a second.
func NewBudget(qps float64, now func() time.Time) *Budget {
	return &Budget{limiter: rate.NewLimiter(rate.Limit(qps), burst(qps)), full: rate.Limit(qps), turn: make(chan struct{}, 1), now: now}
}

// burst is a twentieth of a second's calls.
func burst(qps float64) int { return max(1, int(math.Min(qps/20, 1000))) }

// Wait blocks until one more call may be made; the error says that ctx ends
// before.
func (b *Budget) Wait(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.turn }()
	return b.limiter.Wait(ctx)
}

// throttled halves the rate, once for calls that were refused together.
func (b *Budget) throttled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := b.now(); now.Sub(b.shrunk) >= shrinkPause || now.Before(b.shrunk) {
		b.shrunk = now
		b.limiter.SetLimit(max(b.full*leastShare, b.limiter.Limit()/2))
	}
}

// succeeded gives back a little of what was taken.
func (b *Budget) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if limit := b.limiter.Limit(); limit < b.full {
		b.limiter.SetLimit(min(b.full, limit+step))
	}
}
