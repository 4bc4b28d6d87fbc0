package query

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// lookupPatience is how long one lookup waits for the store altogether, however
// many reads it needs one after the other: whoever finds a slow head and a
// snapshot that does not come is told within 3 s as well. Each snapshot that
// comes gives the next ones another readTimeout, for a lookup may need
// hundreds, but not beyond answerTime.
const (
	lookupPatience = 2700 * time.Millisecond
	answerTime     = 20 * time.Second
)

// patience is until when a lookup waits.
type patience struct {
	until atomic.Int64 // Unix nanoseconds
	end   time.Time
}

// renew gives the next reads their time.
func (p *patience) renew() {
	until := time.Now().Add(readTimeout)
	if until.After(p.end) {
		until = p.end
	}
	p.until.Store(until.UnixNano())
}

type patienceKey struct{}

// Impatient returns a context in which all reads of one lookup are bounded
// together. Service does it for its own lookups; whoever answers others from its
// memory does it for those.
func Impatient(ctx context.Context) context.Context {
	now := time.Now()
	p := &patience{end: now.Add(answerTime)}
	p.until.Store(now.Add(lookupPatience).UnixNano())
	return context.WithValue(ctx, patienceKey{}, p)
}

// patient bounds the reads of a Source in an impatient context; others it
// leaves as they are.
type patient struct{ Source }

func (s patient) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	p, ok := ctx.Value(patienceKey{}).(*patience)
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, time.Unix(0, p.until.Load()))
}

// Now implements Source.
func (s patient) Now(ctx context.Context, region string, known *archive.Region) (*archive.Region, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.Source.Now(ctx, region, known)
}

// At implements Source.
func (s patient) At(ctx context.Context, now *archive.Region, t time.Time) (*archive.Region, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.Source.At(ctx, now, t)
}

// AtSequence implements Source.
func (s patient) AtSequence(ctx context.Context, now *archive.Region, n int64) (*archive.Region, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.Source.AtSequence(ctx, now, n)
}

// Snapshot implements Source.
func (s patient) Snapshot(ctx context.Context, scope catalog.Scope, digest string) (*catalog.Snapshot, error) {
	bounded, cancel := s.bound(ctx)
	defer cancel()
	snapshot, err := s.Source.Snapshot(bounded, scope, digest)
	if p, ok := ctx.Value(patienceKey{}).(*patience); ok && err == nil {
		p.renew()
	}
	return snapshot, err
}

// Commits implements Source.
func (s patient) Commits(ctx context.Context, now *archive.Region, from int64) iter.Seq2[*archive.Commit, error] {
	return func(yield func(*archive.Commit, error) bool) {
		ctx, cancel := s.bound(ctx)
		defer cancel()
		s.Source.Commits(ctx, now, from)(yield)
	}
}

// CommitsSince implements Source.
func (s patient) CommitsSince(ctx context.Context, known *archive.Region) iter.Seq2[*archive.Commit, error] {
	return func(yield func(*archive.Commit, error) bool) {
		ctx, cancel := s.bound(ctx)
		defer cancel()
		s.Source.CommitsSince(ctx, known)(yield)
	}
}

// Index implements Source.
func (s patient) Index(ctx context.Context, region string) (*archive.Index, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.Source.Index(ctx, region)
}
