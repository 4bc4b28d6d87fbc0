package capture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

const (
	maxTries   = 4 // calls for one question, the first included
	firstDelay = 200 * time.Millisecond
	maxDelay   = 5 * time.Second
)

// fetch asks about what the queue hands out. The returned function waits for
// the end; scopes that ctx left no time for have no check then.
func (r *runner) fetch(ctx context.Context, q *queue) (wait func()) {
	var group sync.WaitGroup
	for range r.settings.Concurrency {
		group.Go(func() {
			for t, ok := q.take(); ok; t, ok = q.take() {
				q.done(t, r.check(ctx, t))
			}
		})
	}
	return group.Wait
}

// check asks about one scope; nil if ctx ended first.
func (r *runner) check(ctx context.Context, t *task) *archive.Check {
	c := r.question(ctx, t)
	if c == nil || c.Snapshot == nil || t.known.Digest == "" {
		return c
	}
	var inTime bool
	if c.Before, inTime = r.before(ctx, t); !inTime {
		return nil
	}
	if slices.Contains(r.request.Accept, t.scope.String()) || r.doubt(t, c) == "" {
		return c
	}
	again := r.question(ctx, t)
	if again == nil || again.Snapshot == nil { // no time left, or it was a passing fault
		return again
	}
	again.Before = c.Before
	return r.guard(ctx, t, again)
}

// question asks about one scope and compares the answer with what is known;
// nil if ctx ended first.
func (r *runner) question(ctx context.Context, t *task) *archive.Check {
	c := &archive.Check{Scope: t.scope, State: archive.OK}
	var images []*catalog.Image
	var answer Answer
	unchanged := false
	at, err := r.call(ctx, func(ctx context.Context) (err error) {
		if answer, err = r.upstream.Images(ctx, t.scope); err != nil {
			return err
		}
		unchanged = t.known.Digest != "" && answer.Fingerprint == t.known.Fingerprint
		if !unchanged {
			images, err = answer.Decode(r.images)
		}
		return err
	})
	if errors.Is(err, errNoTime) {
		return nil
	}
	c.At = at
	if err != nil {
		c.State, c.Problem = archive.Failed, problemOf(err)
		return c
	}
	c.Fingerprint = answer.Fingerprint
	if unchanged {
		return c
	}
	if s := catalog.NewSnapshot(t.scope, at, answer.RequestID, images); s.Digest != t.known.Digest {
		c.Snapshot = s
	}
	return c
}

// before is the content that is being replaced: as this instance has stored it
// itself, or read back. Without it the change is committed all the same, if
// it is no suspicious one: what upstream says now is known to be good.
func (r *runner) before(ctx context.Context, t *task) (s *catalog.Snapshot, inTime bool) {
	if s := r.last.get(t.scope); s != nil && s.Digest == t.known.Digest {
		return s, true
	}
	return r.stored(ctx, t.scope, t.known.Digest)
}

// stored reads what an earlier run has stored, again if the store does not
// answer: what cannot be compared now is never told. It is nil if it cannot be
// read. If ctx ends first, it is not known whether it can.
func (r *runner) stored(ctx context.Context, scope catalog.Scope, digest string) (s *catalog.Snapshot, inTime bool) {
	for try := 1; ; try++ {
		s, err := r.writer.Snapshot(ctx, scope, digest)
		if err == nil {
			return s, true
		}
		var damaged *archive.DamagedError
		settled := errors.As(err, &damaged) || errors.Is(err, fs.ErrPermission)
		if ctx.Err() == nil && (settled || try == maxTries) {
			r.warn(scope, err)
			return nil, true
		}
		if !sleep(ctx, delay(try, 0)) {
			return nil, false
		}
	}
}

// errNoTime means that the deadline leaves no time for the question.
var errNoTime = errors.New("no time is left before the deadline")

// call makes one call within the budget and repeats it where that can help. It
// returns when the last try began. The error is errNoTime or a *Fault, or both
// if everyone is refused: then what has not been asked is left to the next run,
// which has other credentials.
func (r *runner) call(ctx context.Context, call func(context.Context) error) (catalog.Time, error) {
	for try := 1; ; try++ {
		at, err := r.try(ctx, call)
		if err == nil {
			r.budget.succeeded()
			return at, nil
		}
		if errors.Is(err, errNoTime) {
			return at, err
		}
		fault := asFault(err)
		if fault.Everyone {
			r.refused.Store(fault)
		}
		if fault.Throttled {
			r.budget.throttled()
		}
		if !fault.Retry || try == maxTries || !sleep(ctx, delay(try, fault.RetryAfter)) {
			return at, fault
		}
	}
}

// try makes one call when a slot is free and the budget grants it, and returns
// when it began. The slot comes first: of calls that were granted and then
// waited for slots, many would begin at once.
func (r *runner) try(ctx context.Context, call func(context.Context) error) (at catalog.Time, err error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return at, errNoTime
	}
	defer func() { <-r.slots }()
	if r.budget.Wait(ctx) != nil {
		return at, errNoTime
	}
	if fault := r.refused.Load(); fault != nil {
		return at, fmt.Errorf("%w: %w", errNoTime, fault)
	}
	at = catalog.At(r.now())
	r.calls.Add(1)
	if err = call(ctx); err != nil && ctx.Err() != nil {
		err = errNoTime
	}
	return at, err
}

// delay is full jitter below a doubling bound, and at least what upstream demands.
func delay(try int, demanded time.Duration) time.Duration {
	bound := min(maxDelay, firstDelay<<(try-1))
	return demanded + rand.N(bound)
}

// sleep pauses; false means, at once if ctx has a deadline, that it ends before.
func sleep(ctx context.Context, d time.Duration) bool {
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

// asFault is the fault in err, or one for an error that is none.
func asFault(err error) *Fault {
	var fault *Fault
	if errors.As(err, &fault) {
		return fault
	}
	return &Fault{Class: "temporary", Code: "NoAnswer", Message: err.Error(), Retry: true}
}

// problemOf is what is stored of an error of call.
func problemOf(err error) *archive.Problem {
	var fault *Fault
	if errors.Is(err, errNoTime) && !errors.As(err, &fault) {
		return &archive.Problem{Class: "deadline", Code: "NoTime", Message: err.Error()}
	}
	return asFault(err).problem()
}
