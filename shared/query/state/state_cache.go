package state

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"community-images/shared/archive"
	"community-images/shared/query/budget"
	"community-images/shared/query/source"
)

const (
	// waitWithoutState is how long a lookup waits for the head of a region of
	// which this instance has no state.
	waitWithoutState = budget.ReadTimeout + 200*time.Millisecond
	// waitWithState is how long a lookup waits if an older state is at hand.
	// The read goes on without it.
	waitWithState = time.Second
	// waitInOutage is how long the lookup waits that asks the store again
	// during an outage. FC freezes an instance between lookups, so an attempt
	// that no lookup waits for can time out however healthy the store is.
	waitInOutage = 500 * time.Millisecond
	// minRetryPause is the first pause between two attempts in an outage.
	// Pauses double up to the time to live of a state: an outage costs the
	// store nothing, and all callers notice its end soon.
	minRetryPause = time.Second
	// frozenAfter is longer than any attempt takes. If one took longer, FC
	// froze the instance meanwhile, and its failure says nothing about the
	// store.
	frozenAfter = budget.ReadTimeout + 500*time.Millisecond
)

// StateCache keeps the present state of one region. It is safe for concurrent
// use.
type StateCache struct {
	Source source.Archive
	Region string
	Ttl    time.Duration // how long a state is used without asking the store
	Now    func() time.Time
	Report func(context.Context, string, error) // of failures that no lookup returns
	flight singleflight.Group                   // of attempts

	mu          sync.Mutex // guards the following
	state       *RegionState
	confirmedAt time.Time // when the store last confirmed state
	outage      outage
}

// outage describes a store that does not answer. It is over when failure is
// nil.
type outage struct {
	failure     error // of the last attempt
	since       time.Time
	attempts    int       // that failed
	nextAttempt time.Time // earliest
}

// Current is a present state and how far it can be trusted.
type Current struct {
	*RegionState
	confirmedAt time.Time // when the store last confirmed it
	OutageSince time.Time // when the store stopped answering; zero: it answers
}

// NewCurrent returns a state that has just been read or committed as the present one.
func NewCurrent(r *archive.Region) Current { return Current{RegionState: newRegionState(r, true)} }

// Attempt is one read of the head. The lookups that come meanwhile share it.
type Attempt struct {
	startedAt time.Time
	hadState  bool // a state was at hand
	WarmUp    bool // the read began before the first lookup
}

// isInconclusive reports whether the failure of an attempt says nothing about
// the store or to a lookup.
func (a Attempt) isInconclusive() bool { return a.WarmUp || time.Since(a.startedAt) > frozenAfter }

// get returns the present state. It asks the store at most once per ttl, with
// one attempt at a time.
func (c *StateCache) get(ctx context.Context) (Current, error) {
	current, wait := c.stateAtHand()
	if wait == 0 {
		return current, nil
	}
	// The attempt goes on if this lookup stops waiting.
	done := c.StartAttempt(ctx, Attempt{hadState: current.RegionState != nil})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case result := <-done:
		if a, ok := result.Val.(Attempt); ok && result.Err != nil && a.isInconclusive() {
			c.retryNow()
			return c.get(ctx)
		}
		return c.stateAfterAttempt(result.Err)
	case <-ctx.Done():
		return Current{}, ctx.Err()
	case <-timer.C:
		return c.stateAfterAttempt(context.DeadlineExceeded)
	}
}

// stateAtHand returns the state that was read last, if any, and how long to
// wait for a newer one; 0: not at all. In an outage it claims the next attempt
// for this caller, so that others need not wait.
func (c *StateCache) stateAtHand() (current Current, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	current, now := c.lockedState(), c.Now()
	switch age := now.Sub(c.confirmedAt); {
	case c.state == nil:
		return current, waitWithoutState
	case c.outage.failure != nil && now.Before(c.outage.nextAttempt):
		return current, 0
	case c.outage.failure != nil:
		c.outage.nextAttempt = now.Add(budget.ReadTimeout)
		return current, waitInOutage
	case 0 <= age && age < c.Ttl:
		return current, 0
	}
	return current, waitWithState
}

// StartAttempt begins to read the head, or joins the attempt that is under way.
func (c *StateCache) StartAttempt(ctx context.Context, a Attempt) <-chan singleflight.Result {
	return c.flight.DoChan("", func() (any, error) {
		a.startedAt = time.Now()
		ctx, cancel := budget.WithDeadline(context.WithoutCancel(ctx))
		defer cancel()
		err := c.readHead(ctx, a)
		if err != nil && a.hadState { // without a state the lookup returns the error, which is reported there
			c.Report(ctx, "", &source.StoreError{Region: c.Region, Err: err})
		}
		return a, err
	})
}

// readHead reads the head and keeps the state, or the failure.
func (c *StateCache) readHead(ctx context.Context, a Attempt) error {
	c.mu.Lock()
	var known *archive.Region
	if c.state != nil {
		known = c.state.Region
	}
	c.mu.Unlock()
	region, err := c.Source.Now(ctx, c.Region, known)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.lockedRecordFailure(a, err)
		return err
	}
	if c.state == nil || c.state.Region != region {
		state := newRegionState(region, true)
		if c.state != nil {
			state.logNumber = c.state.logNumber
			// A log only grows, unless a backup is restored.
			if region.Sequence <= c.state.Sequence && region.LineHash() != c.state.LineHash() {
				state.logNumber++
			}
		}
		c.state = state
	}
	c.confirmedAt, c.outage.failure = c.Now(), nil
	return nil
}

// lockedRecordFailure notes that an attempt failed and when the next may be made. The
// caller holds the lock.
func (c *StateCache) lockedRecordFailure(a Attempt, err error) {
	if a.WarmUp { // the first lookup tries again at once
		return
	}
	now := c.Now()
	if c.outage.failure == nil {
		c.outage = outage{since: now}
	}
	// Half of the pause is random, so that instances do not ask all at once.
	pause := min(minRetryPause<<min(c.outage.attempts, 10), max(minRetryPause, c.Ttl))
	c.outage.attempts++
	c.outage.failure, c.outage.nextAttempt = err, now.Add(pause/2+rand.N(pause/2))
	if a.isInconclusive() {
		c.outage.nextAttempt = now
	}
}

// retryNow lets the next lookup make an attempt at once.
func (c *StateCache) retryNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outage.nextAttempt = c.Now()
}

// stateAfterAttempt returns the state at hand after an attempt, whose error may
// be nil. It returns that error only if there is no state.
func (c *StateCache) stateAfterAttempt(err error) (Current, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		return Current{}, err
	}
	current := c.lockedState()
	if err != nil && current.OutageSince.IsZero() {
		current.OutageSince = c.Now()
	}
	return current, nil
}

// lockedState returns the state at hand, whose RegionState is nil if there is
// none. The caller holds the lock.
func (c *StateCache) lockedState() Current {
	current := Current{RegionState: c.state, confirmedAt: c.confirmedAt}
	if c.outage.failure != nil {
		current.OutageSince = c.outage.since
	}
	return current
}

// ReadUpTo asks the store for the present state, unless the one at hand goes up
// to a commit. It returns an error if the store does not answer, and none if it
// has no such commit.
func (c *StateCache) ReadUpTo(ctx context.Context, sequence int64) error {
	// The first attempt can be under way since before the caller learned of the
	// commit. During the pauses of an outage nobody asks.
	for range 2 {
		current, err := c.get(ctx)
		if err != nil || current.Sequence >= sequence {
			return err
		}
		if err := c.failureInPause(); err != nil {
			return err
		}
		select {
		case result := <-c.StartAttempt(ctx, Attempt{hadState: true}):
			if a, ok := result.Val.(Attempt); result.Err != nil && !(ok && a.isInconclusive()) {
				return result.Err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// failureInPause returns why the last attempt failed, if the pause before the
// next one is not over. Otherwise it returns nil.
func (c *StateCache) failureInPause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Now().Before(c.outage.nextAttempt) {
		return c.outage.failure
	}
	return nil
}

// hasState reports whether a state is at hand.
func (c *StateCache) hasState() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state != nil
}

// recentFailure returns why the last attempt to read the region failed, if no
// state is at hand and the pause before the next attempt is not over. Otherwise
// it returns nil.
func (c *StateCache) recentFailure() error {
	if c.hasState() {
		return nil
	}
	return c.failureInPause()
}
