package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/catalog"
)

const (
	// Grace is how long an object stays after it was last written, and after the
	// last month of the log that could refer to it was removed. No run and no
	// reader takes longer.
	Grace = 48 * time.Hour

	// sweepInterval is the time between two sweeps of a region.
	sweepInterval = 24 * time.Hour
)

// Swept is what retention has done in a region. The head keeps it, so that a run
// need not find out. If it is lost, retention only waits longer.
type Swept struct {
	// At is the end of the last sweep that finished.
	At catalog.Time `json:"At"`
	// the latest time at which Through can have gone; zero: no month was removed
	RemovedAt catalog.Time `json:"RemovedAt"`
	// Through is the last month of the log that was removed. It is empty if none
	// was.
	Through string `json:"Through"`
}

// IsDue reports whether a region has to be swept again, once a day.
func (s Swept) IsDue(now time.Time) bool {
	age := now.Sub(s.At.Time)
	return age >= sweepInterval || age <= -sweepInterval // a clock may have been wrong
}

// merge returns what two heads say together.
func (s Swept) merge(o Swept) Swept {
	if o.At.After(s.At.Time) {
		s.At = o.At
	}
	if o.Through > s.Through || o.Through == s.Through && o.RemovedAt.After(s.RemovedAt.Time) {
		s.Through, s.RemovedAt = o.Through, o.RemovedAt
	}
	return s
}

// VisitReferences calls visit for each snapshot that a commit needs: those of the
// contents that it has published, and those of its checkpoint.
func (c *Commit) VisitReferences(visit func(ref ScopeRef, digest string)) {
	for _, s := range c.Scopes {
		visit(s.ref(), s.Digest)
	}
	if c.Checkpoint != nil {
		for _, s := range c.Checkpoint.Scopes {
			if s.Digest != "" {
				visit(ScopeRef{s.ClusterID, s.InstanceType}, s.Digest)
			}
		}
	}
}

// VisitReferences calls visit for each snapshot that a state needs: the current
// contents and the candidates.
func (r *Region) VisitReferences(visit func(ref ScopeRef, digest string)) {
	for _, s := range r.Scopes() {
		ref := ScopeRef{s.ClusterID, s.InstanceType}
		if s.Digest != "" {
			visit(ref, s.Digest)
		}
		if s.Candidate != nil && s.Candidate.Digest != "" {
			visit(ref, s.Candidate.Digest)
		}
	}
}

// LogMonth returns the month of the log to which runs append.
func (r *Region) LogMonth() string { return r.log.month }

// NowByHead is Now for retention, which needs the head: it alone names the candidates. It
// returns nil if there is no commit yet, and *DamagedError if there is no head.
func (a *Archive) NowByHead(ctx context.Context, region string) (*Region, error) {
	key, err := a.keys.Head(region)
	if err != nil {
		return nil, err
	}
	data, tag, err := a.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		if months, err := a.listMonths(ctx, region); err != nil || len(months) == 0 {
			return nil, err
		}
		return nil, &DamagedError{Key: key, Reason: "it is missing, and only it names the candidates"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	r, err := decodeHead(region, data)
	if err != nil {
		return nil, newDamagedError(key, err)
	}
	if r.Sequence == 0 { // runs have put a head, and none has committed yet
		return nil, nil
	}
	r.headTag = tag
	return a.refresh(ctx, r)
}

// RecordSweep puts the head of r with what a sweep has done or is about to do, and returns
// the state that it has then.
func (w *Writer) RecordSweep(ctx context.Context, r *Region, swept Swept) (*Region, error) {
	return w.syncHead(ctx, r, func(next *Region) { next.Swept = next.Swept.merge(swept) })
}
