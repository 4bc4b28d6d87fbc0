package archive

import (
	"context"
	"fmt"
	"time"

	"community-images/shared/catalog"
)

// updateIndex brings the index of a region up to the commit that res is
// about; the head notes how far it goes. A run that changed no content writes
// nothing, unless an earlier one came not that far. put is whether it may have
// written.
func (w *Writer) updateIndex(ctx context.Context, res *Result) (put bool, err error) {
	r, l := res.Region, res.Commit
	switch {
	case r.IndexSequence >= r.Sequence:
		return false, nil
	case l != nil && l.Sequence == r.IndexSequence+1 && len(l.Changes)+len(l.Ended) == 0:
		r.IndexSequence = r.Sequence
		return false, nil
	}
	if deadline, ok := ctx.Deadline(); ok { // the head matters more
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	if put, err = w.extend(ctx, r, res); err == nil {
		r.IndexSequence = r.Sequence
	}
	return put, err
}

// settleIndex looks at an index that a run has put while others went on
// to commit: it may have come after theirs, which go further. Whoever puts one
// sees in the log, afterwards, who could have put a later one before.
func (w *Writer) settleIndex(ctx context.Context, upTo int64, r *Region) error {
	for range maxHeadPuts {
		if r.Sequence == upTo {
			return nil
		}
		put, err := w.extend(ctx, r, &Result{})
		if err != nil || !put {
			return err
		}
		upTo = r.Sequence
		if r, err = w.catchUp(ctx, r, nil); err != nil {
			return err
		}
	}
	return nil
}

// extend puts the index of r unless there is one that goes as far. res is
// of the run whose last commit r is, if any. With an error put is whether it
// may have been put.
func (w *Writer) extend(ctx context.Context, r *Region, res *Result) (put bool, err error) {
	d := &indexBuilder{Writer: w, region: r, old: &Index{}, lists: map[string][]*catalog.Image{}}
	if r.Sequence > 1 {
		if err := d.open(ctx); err != nil {
			return false, err
		}
	}
	if d.old.Sequence >= r.Sequence {
		return false, nil
	}
	if err := d.derive(ctx, res); err != nil {
		return true, fmt.Errorf("deriving the index of %q: %w", r.RegionID, err)
	}
	return true, nil
}
