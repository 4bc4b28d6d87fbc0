package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/catalog"
)

// Repair rebuilds the head and the index of a region from its log and
// returns the state. Of a head that can be read it takes over what the log does
// not say: the times of checks, candidates, the listing; of such an index
// when images were first seen, where the log does not go back that far. It refuses, with *DamagedError, if the
// log is damaged, or shorter than the head knew it: then commits are lost, and
// a new head would hide that. ErrNoData means that there is no log.
func (w *Writer) Repair(ctx context.Context, region string) (*Region, error) {
	r, err := w.withoutHead(ctx, region)
	if err != nil {
		return nil, err
	}
	if r.Sequence == 0 {
		return nil, fmt.Errorf("region %q: %w", region, ErrNoData)
	}
	key, err := w.keys.Head(region)
	if err != nil {
		return nil, err
	}
	data, _, err := w.bucket.Get(ctx, key, "")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	old, fault := decodeHead(region, data)
	if fault == nil && old.Sequence > r.Sequence { // unless a run has committed since
		if r, err = w.catchUp(ctx, r, nil); err != nil {
			return nil, err
		}
	}
	if fault == nil && old.Sequence > r.Sequence {
		log, _ := w.keys.Log(region, r.log.month)
		return nil, &DamagedError{Key: log, Reason: fmt.Sprintf("it ends with commit %d, the head is of commit %d; remove %q to settle for that", r.Sequence, old.Sequence, key)}
	}
	swept, err := w.sweptBefore(ctx, r)
	if err != nil {
		return nil, err
	}
	b := w.newIndexBuilder(r)
	var damaged *DamagedError
	var gap *TooEarlyError
	switch c, err := w.Index(ctx, region); {
	case err == nil && c.Sequence <= r.Sequence:
		b.firstSeen = c.allFirstSeen()
	case err != nil && !errors.As(err, &damaged):
		return nil, err
	}
	derived := b.build(ctx, &Result{Region: r})
	repaired, err := w.level(ctx, r, func(next *Region) {
		next.IndexSequence = 0
		if derived == nil {
			next.IndexSequence = r.Sequence
		}
		next.Swept = next.Swept.later(swept)
		if next.Swept.At.IsZero() {
			next.Swept.At = catalog.At(w.now())
		}
	})
	if err == nil && !errors.As(derived, &damaged) && !errors.As(derived, &gap) { // Verify names what is damaged or gone
		err = derived
	}
	return repaired, err
}

// sweptBefore reads from the log which months are gone.
func (w *Writer) sweptBefore(ctx context.Context, r *Region) (swept Swept, err error) {
	months, err := w.months(ctx, r.RegionID)
	if err != nil || len(months) == 0 {
		return Swept{}, err
	}
	for _, f := range r.Files {
		if f.Month < months[0] {
			swept.Through, swept.RemovedAt = f.Month, catalog.At(w.now())
		}
	}
	return swept, nil
}
