package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// Repair rebuilds the head and the indexes of a region from its log and returns
// the state. It keeps what the log does not say, if the old objects can be read:
// of the head the times of checks, candidates and the listing, of the index when
// images were first seen. ErrNoData means that there is no log. *format.DamagedError
// means that the log is damaged, or shorter than the head says: then commits are
// lost, and a new head would hide that.
func (w *Writer) Repair(ctx context.Context, region string) (*Region, error) {
	r, err := w.replayLastMonth(ctx, region)
	if err != nil {
		return nil, err
	}
	if r.Sequence == 0 {
		return nil, fmt.Errorf("region %q: %w", region, ErrNoData)
	}
	if r, err = w.checkLogLength(ctx, r); err != nil {
		return nil, err
	}
	swept, err := w.findSweptMonths(ctx, r)
	if err != nil {
		return nil, err
	}
	// A damaged snapshot or a removed month may make the index impossible. The head is
	// rebuilt all the same, and says that there is no index.
	indexErr, err := w.rebuildIndex(ctx, r)
	if err != nil {
		return nil, err
	}
	indexed := r.clone()
	monthsErr := w.rebuildMonthIndexes(ctx, indexed)
	repaired, err := w.syncHead(ctx, r, func(next *Region) {
		next.MonthIndex = indexed.MonthIndex
		next.IndexSequence = 0
		if indexErr == nil {
			next.IndexSequence = r.Sequence
		}
		next.Swept = next.Swept.Merge(swept)
		if next.Swept.At.IsZero() {
			next.Swept.At = catalog.At(w.now())
		}
	})
	var damaged *format.DamagedError
	var tooEarly *TooEarlyError
	if err == nil && !errors.As(indexErr, &damaged) && !errors.As(indexErr, &tooEarly) {
		err = indexErr // else Verify names the object that is damaged or gone
	}
	if err == nil && !errors.As(monthsErr, &damaged) {
		err = monthsErr
	}
	return repaired, err
}

// checkLogLength returns the state at the end of the log, which is r or a later
// one. It returns an error if the head is of a later commit than that.
func (w *Writer) checkLogLength(ctx context.Context, r *Region) (*Region, error) {
	key, err := w.keys.Head(r.RegionID)
	if err != nil {
		return nil, err
	}
	data, _, err := w.bucket.Get(ctx, key, "")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	// A head that cannot be read says nothing about the length of the log.
	head, err := format.DecodeHead(r.RegionID, data)
	if err := format.CheckVersion(key, err); err != nil {
		return nil, err
	}
	if err != nil || head.Sequence <= r.Sequence {
		return r, nil
	}
	if r, err = w.refresh(ctx, r); err != nil { // a run may have committed meanwhile
		return nil, err
	}
	// The log is shorter than it was: commits are lost.
	if head.Sequence > r.Sequence {
		log, err := w.keys.Log(r.RegionID, r.Log.Month)
		return nil, errors.Join(err, &format.DamagedError{Key: log, Reason: fmt.Sprintf(
			"it ends with commit %d, the head is of commit %d; to accept the loss, remove %q", r.Sequence,
			head.Sequence, key)})
	}
	return r, nil
}

// rebuildIndex builds the index of r from the whole log and puts it. indexErr
// says why that failed; err says that the bucket could not be read.
func (w *Writer) rebuildIndex(ctx context.Context, r *Region) (indexErr, err error) {
	b := w.newIndexBuilder(r)
	var damaged *format.DamagedError
	switch old, err := w.Index(ctx, r.RegionID); {
	case err == nil && old.Sequence <= r.Sequence:
		b.remembered, b.rememberedUpTo = old.AllDates(), old.Sequence
	case err != nil && !errors.As(err, &damaged):
		return nil, err
	}
	return b.build(ctx, &Result{Region: r}), nil
}

// findSweptMonths finds out from the log which months retention has removed.
func (w *Writer) findSweptMonths(ctx context.Context, r *Region) (swept format.Swept, err error) {
	months, err := w.listMonths(ctx, r.RegionID)
	if err != nil || len(months) == 0 {
		return format.Swept{}, err
	}
	// Retention removes the oldest months first, so those before the first file are gone.
	for _, f := range r.Files {
		if f.Month < months[0] {
			swept.Through, swept.RemovedAt = f.Month, catalog.At(w.now())
		}
	}
	return swept, nil
}
