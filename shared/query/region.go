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
	get(ctx context.Context) (head, error)
	known() bool
	lately() error
}

// heads keeps the head of one region.
type heads struct {
	source  Source
	region  string
	ttl     time.Duration
	now     func() time.Time
	report  func(context.Context, string, error)
	flight  singleflight.Group
	mu      sync.Mutex
	current *state
	readAt  time.Time // of current, confirmed by the store
	// The following describe an outage; failure is nil outside of one.
	failure error
	since   time.Time
	tries   int
	next    time.Time // no try before
}

// head is a state together with how far it can be trusted.
type head struct {
	*state
	readAt time.Time // when the store confirmed it last
	outage time.Time // since when the store has not confirmed it; zero: it has
}

// get returns the present state. It asks the store at most once per ttl, one
// question at a time, and falls back on what it has while the store is down.
func (h *heads) get(ctx context.Context) (head, error) {
	now := h.now()
	h.mu.Lock()
	have, known := h.have(), h.current != nil
	fresh := known && h.failure == nil && now.Sub(h.readAt) < h.ttl && !now.Before(h.readAt)
	waiting := known && h.failure != nil && now.Before(h.next)
	down := known && h.failure != nil
	if down && !waiting {
		h.next = now.Add(readTimeout) // the others go on with what is at hand
	}
	h.mu.Unlock()
	if fresh || waiting {
		return have, nil
	}
	done := h.ask(ctx, try{known: known})
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
		if t, ok := result.Val.(try); ok && result.Err != nil && (t.early || time.Since(t.began) > frozen) {
			h.due()
			return h.get(ctx)
		}
		return h.settled(result.Err)
	case <-ctx.Done():
		return head{}, ctx.Err()
	case <-timer.C:
		return h.settled(context.DeadlineExceeded)
	}
}

// try is one try to read the head, which its callers share.
type try struct {
	began time.Time
	known bool // there was a state at hand
	early bool // nobody had asked yet
}

// ask tries to read the head, unless a try is under way; that one counts then.
func (h *heads) ask(ctx context.Context, t try) <-chan singleflight.Result {
	return h.flight.DoChan("", func() (any, error) {
		t.began = time.Now()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		err := h.refresh(ctx, t)
		if err != nil && t.known { // else it is the error of a lookup, and reported there
			h.report(ctx, "", &storeError{h.region, err})
		}
		return t, err
	})
}

// due lets the next caller ask the store: whoever was to ask it has only met
// the end of a try that says nothing.
func (h *heads) due() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = h.now()
}

// settled is what is at hand after a try to read the head.
func (h *heads) settled(err error) (head, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == nil {
		return head{}, err
	}
	have := h.have()
	if err != nil && have.outage.IsZero() {
		have.outage = h.now()
	}
	return have, nil
}

// known says whether there is a state at hand.
func (h *heads) known() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current != nil
}

// lately is why a try to read the head failed just now, if there is no state at
// hand: too lately to try again for who can do without.
func (h *heads) lately() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == nil && h.failure != nil && h.now().Before(h.next) {
		return h.failure
	}
	return nil
}

// have expects the lock to be held.
func (h *heads) have() head {
	if h.failure != nil {
		return head{h.current, h.readAt, h.since}
	}
	return head{h.current, h.readAt, time.Time{}}
}

func (h *heads) refresh(ctx context.Context, t try) error {
	h.mu.Lock()
	var known *archive.Region
	if h.current != nil {
		known = h.current.Region
	}
	h.mu.Unlock()
	region, err := h.source.Now(ctx, h.region, known)
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	switch {
	case err != nil && t.early: // whoever asks tries again
		return err
	case err != nil:
		if h.failure == nil {
			h.since, h.tries = now, 0
		}
		pause := min(firstPause<<min(h.tries, 10), max(firstPause, h.ttl))
		h.tries++
		h.failure, h.next = err, now.Add(pause/2+rand.N(pause/2))
		if time.Since(t.began) > frozen {
			h.next = now
		}
		return err
	}
	if h.current == nil || h.current.Region != region {
		h.current = newState(region, true)
	}
	h.readAt, h.failure = now, nil
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
func (e *storeError) of() string {
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
func wrapStore(region string, err error) error {
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
