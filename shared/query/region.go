package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

const (
	// readTimeout bounds one read of the store, so that a caller whose data is
	// not at hand is told within 3 s that the store does not answer.
	readTimeout = 2500 * time.Millisecond
	// warmWait is how long a caller waits for a head when an older one is at
	// hand; the reading goes on without it.
	warmWait = time.Second
	// downWait is how long the caller waits who finds that a store that was
	// down is due to be asked again. It is not for that caller alone: an
	// instance is frozen between lookups, and a try that nobody waits for runs
	// out of time there, however well the store is.
	downWait = 500 * time.Millisecond
	// firstPause is the time between two tries to read a head of a store that
	// does not answer. It doubles up to the time between two reads of one that
	// does: then an outage costs the store nothing and is over for all soon.
	firstPause = time.Second
	// frozen is longer than any try takes: while it ran the instance stood
	// still, as FC lets it between lookups. Its failure tells nothing.
	frozen = readTimeout + 500*time.Millisecond
)

// Source is the reading side of an archive; *archive.Archive is one.
type Source interface {
	Now(ctx context.Context, region string, known *archive.Region) (*archive.Region, error)
	At(ctx context.Context, now *archive.Region, t time.Time) (*archive.Region, error)
	AtSequence(ctx context.Context, now *archive.Region, n int64) (*archive.Region, error)
	Snapshot(ctx context.Context, scope catalog.Scope, digest string) (*catalog.Snapshot, error)
	Commits(ctx context.Context, now *archive.Region, from int64) iter.Seq2[*archive.Commit, error]
	CommitsSince(ctx context.Context, known *archive.Region) iter.Seq2[*archive.Commit, error]
	Index(ctx context.Context, region string) (*archive.Index, error)
}

// stateSource has the present state of one region, in full or restricted to a grant.
type stateSource interface {
	get(ctx context.Context) (currentState, error)
	hasState() bool
	recentFailure() error
}

// heads keeps the head of one region.
type stateCache struct {
	source      Source
	region      string
	ttl         time.Duration
	now         func() time.Time
	report      func(context.Context, string, error)
	flight      singleflight.Group
	mu          sync.Mutex
	state       *regionState
	confirmedAt time.Time // of current, confirmed by the store
	// The following describe an outage; failure is nil outside of one.
	failure      error
	failingSince time.Time
	failures     int
	nextAttempt  time.Time // no try before
}

// head is a state together with how far it can be trusted.
type currentState struct {
	*regionState
	confirmedAt time.Time // when the store confirmed it last
	outageSince time.Time // since when the store has not confirmed it; zero: it has
}

// get returns the present state. It asks the store at most once per ttl, one
// question at a time, and falls back on what it has while the store is down.
func (h *stateCache) get(ctx context.Context) (currentState, error) {
	now := h.now()
	h.mu.Lock()
	have, known := h.lockedState(), h.state != nil
	fresh := known && h.failure == nil && now.Sub(h.confirmedAt) < h.ttl && !now.Before(h.confirmedAt)
	waiting := known && h.failure != nil && now.Before(h.nextAttempt)
	down := known && h.failure != nil
	if down && !waiting {
		h.nextAttempt = now.Add(readTimeout) // the others go on with what is at hand
	}
	h.mu.Unlock()
	if fresh || waiting {
		return have, nil
	}
	done := h.startAttempt(ctx, attempt{hadState: known})
	patience := readTimeout + 200*time.Millisecond
	switch {
	case down:
		patience = downWait
	case known:
		patience = warmWait
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case result := <-done:
		if t, ok := result.Val.(attempt); ok && result.Err != nil && (t.warmUp || time.Since(t.startedAt) > frozen) {
			h.retryNow()
			return h.get(ctx)
		}
		return h.stateAfterAttempt(result.Err)
	case <-ctx.Done():
		return currentState{}, ctx.Err()
	case <-timer.C:
		return h.stateAfterAttempt(context.DeadlineExceeded)
	}
}

// try is one try to read the head, which its callers share.
type attempt struct {
	startedAt time.Time
	hadState  bool // there was a state at hand
	warmUp    bool // nobody had asked yet
}

// ask tries to read the head, unless a try is under way; that one counts then.
func (h *stateCache) startAttempt(ctx context.Context, t attempt) <-chan singleflight.Result {
	return h.flight.DoChan("", func() (any, error) {
		t.startedAt = time.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		err := h.readHead(ctx, t)
		if err != nil && t.hadState { // else it is the error of a lookup, and reported there
			h.report(ctx, "", &storeError{h.region, err})
		}
		return t, err
	})
}

// due lets the next caller ask the store: whoever was to ask it has only met
// the end of a try that says nothing.
func (h *stateCache) retryNow() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nextAttempt = h.now()
}

// settled is what is at hand after a try to read the head.
func (h *stateCache) stateAfterAttempt(err error) (currentState, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == nil {
		return currentState{}, err
	}
	have := h.lockedState()
	if err != nil && have.outageSince.IsZero() {
		have.outageSince = h.now()
	}
	return have, nil
}

// known says whether there is a state at hand.
func (h *stateCache) hasState() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state != nil
}

// lately is why a try to read the head failed just now, if there is no state at
// hand: too lately to try again for who can do without.
func (h *stateCache) recentFailure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state == nil && h.failure != nil && h.now().Before(h.nextAttempt) {
		return h.failure
	}
	return nil
}

// have expects the lock to be held.
func (h *stateCache) lockedState() currentState {
	if h.failure != nil {
		return currentState{h.state, h.confirmedAt, h.failingSince}
	}
	return currentState{h.state, h.confirmedAt, time.Time{}}
}

func (h *stateCache) readHead(ctx context.Context, t attempt) error {
	h.mu.Lock()
	var known *archive.Region
	if h.state != nil {
		known = h.state.Region
	}
	h.mu.Unlock()
	region, err := h.source.Now(ctx, h.region, known)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	switch {
	case err != nil && t.warmUp: // whoever asks tries again
		return err
	case err != nil:
		if h.failure == nil {
			h.failingSince, h.failures = now, 0
		}
		pause := min(firstPause<<min(h.failures, 10), max(firstPause, h.ttl))
		h.failures++
		h.failure, h.nextAttempt = err, now.Add(pause/2+rand.N(pause/2))
		if time.Since(t.startedAt) > frozen {
			h.nextAttempt = now
		}
		return err
	}
	if h.state == nil || h.state.Region != region {
		h.state = newRegionState(region, true)
	}
	h.confirmedAt, h.failure = now, nil
	return nil
}

// storeError says that the store did not answer a question.
type storeError struct {
	region string
	err    error
}

func (e *storeError) Error() string {
	return fmt.Sprintf("asking the store about %q: %v", e.region, e.err)
}

func (e *storeError) Unwrap() error { return e.err }

// of names the region in a message; of no storeError it is empty.
func (e *storeError) regionSuffix() string {
	if e == nil {
		return ""
	}
	return " of " + e.region
}

// noDataError says that nothing has been captured for regions yet.
type noDataError struct {
	regions string
	err     error // archive.ErrNoData
}

func (e *noDataError) Error() string {
	return fmt.Sprintf("nothing has been captured for %s yet: %v", e.regions, e.err)
}

func (e *noDataError) Unwrap() error { return e.err }

// wrapStore marks an error as the store's unless the archive explains it.
func wrapStoreError(region string, err error) error {
	var damaged *archive.DamagedError
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &damaged), errors.As(err, &early), errors.As(err, &future):
		return err
	case errors.Is(err, archive.ErrNoData):
		return &noDataError{region, err}
	}
	return &storeError{region, err}
}
