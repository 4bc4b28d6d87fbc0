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

	mu     sync.Mutex
	shrunk time.Time // when it last halved
	now    func() time.Time
}

const (
	// shrinkPause lets the calls that are under way end before another
	// throttled one counts.
	shrinkPause = 500 * time.Millisecond
	// leastShare of the full rate is always left.
	leastShare = 1.0 / 32
	// recovery is the number of successes, as seconds at full rate, in which
	// an exhausted budget is whole again.
	recovery = 4.0
)

// NewBudget returns a budget of so many calls a second.
func NewBudget(qps float64, now func() time.Time) *Budget {
	return &Budget{limiter: rate.NewLimiter(rate.Limit(qps), burst(qps)), full: rate.Limit(qps), now: now}
}

// burst is a twentieth of a second's calls.
func burst(qps float64) int { return max(1, int(math.Min(qps/20, 1000))) }

// Wait blocks until one more call may be made; the error says that ctx ends
// before.
func (b *Budget) Wait(ctx context.Context) error { return b.limiter.Wait(ctx) }

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
		b.limiter.SetLimit(min(b.full, limit+max(b.full, 1)/rate.Limit(recovery*max(1, float64(b.full)))+limit/20))
	}
}
