package query

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"community-images/shared/archive"
)

const (
	// waitWithoutState is how long a lookup waits for the head of a region of
	// which this instance has no state.
	waitWithoutState = readTimeout + 200*time.Millisecond
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
	frozenAfter = readTimeout + 500*time.Millisecond
)

// stateCache keeps the present state of one region. It is safe for concurrent
// use.
type stateCache struct {
	source Source
	region string
	ttl    time.Duration // how long a state is used without asking the store
	now    func() time.Time
	report func(context.Context, string, error) // of failures that no lookup returns
	flight singleflight.Group                   // of attempts

	mu          sync.Mutex // guards the following
	state       *regionState
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

// currentState is a present state and how far it can be trusted.
type currentState struct {
	*regionState
	confirmedAt time.Time // when the store last confirmed it
	outageSince time.Time // when the store stopped answering; zero: it answers
}

// attempt is one read of the head. The lookups that come meanwhile share it.
type attempt struct {
	startedAt time.Time
	hadState  bool // a state was at hand
	warmUp    bool // the read began before the first lookup
}

// isInconclusive reports whether the failure of an attempt says nothing about
// the store or to a lookup.
func (a attempt) isInconclusive() bool { return a.warmUp || time.Since(a.startedAt) > frozenAfter }

// get returns the present state. It asks the store at most once per ttl, with
// one attempt at a time.
func (c *stateCache) get(ctx context.Context) (currentState, error) {
	current, wait := c.stateAtHand()
	if wait == 0 {
		return current, nil
	}
	// The attempt goes on if this lookup stops waiting.
	done := c.startAttempt(ctx, attempt{hadState: current.regionState != nil})
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case result := <-done:
		if a, ok := result.Val.(attempt); ok && result.Err != nil && a.isInconclusive() {
			c.retryNow()
			return c.get(ctx)
		}
		return c.stateAfterAttempt(result.Err)
	case <-ctx.Done():
		return currentState{}, ctx.Err()
	case <-timer.C:
		return c.stateAfterAttempt(context.DeadlineExceeded)
	}
}

// stateAtHand returns the state that was read last, if any, and how long to
// wait for a newer one; 0: not at all. In an outage it claims the next attempt
// for this caller, so that others need not wait.
func (c *stateCache) stateAtHand() (current currentState, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	current, now := c.lockedState(), c.now()
	switch age := now.Sub(c.confirmedAt); {
	case c.state == nil:
		return current, waitWithoutState
	case c.outage.failure != nil && now.Before(c.outage.nextAttempt):
		return current, 0
	case c.outage.failure != nil:
		c.outage.nextAttempt = now.Add(readTimeout)
		return current, waitInOutage
	case 0 <= age && age < c.ttl:
		return current, 0
	}
	return current, waitWithState
}

// startAttempt begins to read the head, or joins the attempt that is under way.
func (c *stateCache) startAttempt(ctx context.Context, a attempt) <-chan singleflight.Result {
	return c.flight.DoChan("", func() (any, error) {
		a.startedAt = time.Now()
		ctx, cancel := withReadDeadline(context.WithoutCancel(ctx))
		defer cancel()
		err := c.readHead(ctx, a)
		if err != nil && a.hadState { // without a state the lookup returns the error, which is reported there
			c.report(ctx, "", &storeError{c.region, err})
		}
		return a, err
	})
}

// readHead reads the head and keeps the state, or the failure.
func (c *stateCache) readHead(ctx context.Context, a attempt) error {
	c.mu.Lock()
	var known *archive.Region
	if c.state != nil {
		known = c.state.Region
	}
	c.mu.Unlock()
	region, err := c.source.Now(ctx, c.region, known)
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
	c.confirmedAt, c.outage.failure = c.now(), nil
	return nil
}

// lockedFail notes that an attempt failed and when the next may be made. The
// caller holds the lock.
func (c *stateCache) lockedRecordFailure(a attempt, err error) {
	if a.warmUp { // the first lookup tries again at once
		return
	}
	now := c.now()
	if c.outage.failure == nil {
		c.outage = outage{since: now}
	}
	// Half of the pause is random, so that instances do not ask all at once.
	pause := min(minRetryPause<<min(c.outage.attempts, 10), max(minRetryPause, c.ttl))
	c.outage.attempts++
	c.outage.failure, c.outage.nextAttempt = err, now.Add(pause/2+rand.N(pause/2))
	if a.isInconclusive() {
		c.outage.nextAttempt = now
	}
}

// retryNow lets the next lookup make an attempt at once.
func (c *stateCache) retryNow() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outage.nextAttempt = c.now()
}

// stateAfterAttempt returns the state at hand after an attempt, whose error may
// be nil. It returns that error only if there is no state.
func (c *stateCache) stateAfterAttempt(err error) (currentState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == nil {
		return currentState{}, err
	}
	current := c.lockedState()
	if err != nil && current.outageSince.IsZero() {
		current.outageSince = c.now()
	}
	return current, nil
}

// lockedState returns the state at hand, whose regionState is nil if there is
// none. The caller holds the lock.
func (c *stateCache) lockedState() currentState {
	current := currentState{regionState: c.state, confirmedAt: c.confirmedAt}
	if c.outage.failure != nil {
		current.outageSince = c.outage.since
	}
	return current
}

// readUpTo asks the store for the present state, unless the one at hand goes up
// to a commit. It returns an error if the store does not answer, and none if it
// has no such commit.
func (c *stateCache) readUpTo(ctx context.Context, sequence int64) error {
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
		case result := <-c.startAttempt(ctx, attempt{hadState: true}):
			if a, ok := result.Val.(attempt); result.Err != nil && !(ok && a.isInconclusive()) {
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
func (c *stateCache) failureInPause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Before(c.outage.nextAttempt) {
		return c.outage.failure
	}
	return nil
}

// hasState reports whether a state is at hand.
func (c *stateCache) hasState() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state != nil
}

// recentFailure returns why the last attempt to read the region failed, if no
// state is at hand and the pause before the next attempt is not over. Otherwise
// it returns nil.
func (c *stateCache) recentFailure() error {
	if c.hasState() {
		return nil
	}
	return c.failureInPause()
}
