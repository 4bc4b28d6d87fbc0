package archive

import (
	"context"
	"fmt"
	"time"

	"community-images/shared/archive/format"
)

// updateIndex brings the index of a region up to the commit of a run and notes
// in res.Region how far it goes and what images it has. It writes nothing if the run
// changed no content, unless the index is behind. put is true if an index may have been
// written, which can be so with an error too.
func (w *Writer) updateIndex(ctx context.Context, res *Result) (put bool, err error) {
	r, c := res.Region, res.Commit
	// An index without the commits in between says the same, if they change no content.
	switch {
	case r.IndexSequence >= r.Sequence:
		return false, nil
	case c != nil && c.Sequence == r.IndexSequence+1 && !c.ChangesContent():
		r.IndexSequence = r.Sequence
		return false, nil
	}
	if deadline, ok := ctx.Deadline(); ok { // the head matters more
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	images, put, err := w.putIndex(ctx, r, res)
	if err == nil {
		r.IndexSequence, r.IndexImages = r.Sequence, images
	}
	return put, err
}

// replaceOlderIndex puts the index again if a run was slow: while it put the
// index of commit upTo, others may have committed and put newer ones, which it
// has overwritten. Whoever puts an index sees in the log, afterwards, every
// commit whose index can have been there before. That keeps the head's
// IndexSequence true, so that Verify can tell an index that was set back.
func (w *Writer) replaceOlderIndex(ctx context.Context, upTo int64, r *Region) error {
	for range maxHeadPuts {
		if r.Sequence == upTo {
			return nil
		}
		_, put, err := w.putIndex(ctx, r, &Result{})
		if err != nil || !put {
			return err
		}
		upTo = r.Sequence
		if r, err = w.Refresh(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// putIndex builds the index of r and puts it, unless the stored one goes as far.
// res is the result of the run that committed r, or empty. images describes the images
// of r; it is zero if they are not known. put is true if an index may have been written,
// which can be so with an error too.
func (w *Writer) putIndex(
	ctx context.Context, r *Region, res *Result,
) (images format.IndexImages, put bool, err error) {
	b := w.newIndexBuilder(r)
	// The first commit has no index to start from.
	if r.Sequence > 1 {
		if err := b.loadOld(ctx); err != nil {
			return images, false, err
		}
	}
	switch {
	case b.old.Sequence > r.Sequence: // it is about other content
		return images, false, nil
	case b.old.Sequence == r.Sequence:
		return b.old.Describe(), false, nil
	}
	images, err = b.build(ctx, res)
	if err != nil {
		return images, true, fmt.Errorf("building the index of %q: %w", r.RegionID, err)
	}
	return images, true, nil
}
