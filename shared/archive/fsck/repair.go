package fsck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/archive"
	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// Repair rebuilds the head and the indexes of a region from its log and returns
// the state. It keeps what the log does not say, if the old objects can be read:
// of the head the times of checks, candidates and the listing, of the index when
// images were first seen. ErrNoData means that there is no log. *format.DamagedError
// means that the log is damaged, or shorter than the head says: then commits are
// lost, and a new head would hide that.
func Repair(ctx context.Context, w *archive.Writer, region string) (*archive.Region, error) {
	r, err := w.ReplayLastMonth(ctx, region)
	if err != nil {
		return nil, err
	}
	if r.Sequence == 0 {
		return nil, fmt.Errorf("region %q: %w", region, archive.ErrNoData)
	}
	if r, err = checkLogLength(ctx, w, r); err != nil {
		return nil, err
	}
	swept, err := findSweptMonths(ctx, w, r)
	if err != nil {
		return nil, err
	}
	// A damaged snapshot or a removed month may make the index impossible. The head is
	// rebuilt all the same, and says that there is no index.
	images, indexErr, err := w.RebuildIndex(ctx, r)
	if err != nil {
		return nil, err
	}
	indexed := &archive.Region{Head: *r.Clone()}
	monthsErr := w.RebuildMonthIndexes(ctx, indexed)
	repaired, err := w.SyncHead(ctx, r, func(next *archive.Region) {
		next.MonthIndex = indexed.MonthIndex
		next.IndexSequence, next.IndexImages = 0, format.IndexImages{}
		if indexErr == nil {
			next.IndexSequence, next.IndexImages = r.Sequence, images
		}
		next.Swept = next.Swept.Merge(swept)
		if next.Swept.At.IsZero() {
			next.Swept.At = catalog.At(w.Clock())
		}
	})
	var damaged *format.DamagedError
	var tooEarly *archive.TooEarlyError
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
func checkLogLength(ctx context.Context, w *archive.Writer, r *archive.Region) (*archive.Region, error) {
	key, err := w.Keys().Head(r.RegionID)
	if err != nil {
		return nil, err
	}
	data, _, err := w.Bucket().Get(ctx, key, "")
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
	if r, err = w.Refresh(ctx, r); err != nil { // a run may have committed meanwhile
		return nil, err
	}
	// The log is shorter than it was: commits are lost.
	if head.Sequence > r.Sequence {
		log, err := w.Keys().Log(r.RegionID, r.Log.Month)
		return nil, errors.Join(err, &format.DamagedError{Key: log, Reason: fmt.Sprintf(
			"it ends with commit %d, the head is of commit %d; to accept the loss, remove %q", r.Sequence,
			head.Sequence, key)})
	}
	return r, nil
}

// findSweptMonths finds out from the log which months retention has removed.
func findSweptMonths(ctx context.Context, w *archive.Writer, r *archive.Region) (swept format.Swept, err error) {
	months, err := w.ListMonths(ctx, r.RegionID)
	if err != nil || len(months) == 0 {
		return format.Swept{}, err
	}
	// Retention removes the oldest months first, so those before the first file are gone.
	for _, f := range r.Files {
		if f.Month < months[0] {
			swept.Through, swept.RemovedAt = f.Month, catalog.At(w.Clock())
		}
	}
	return swept, nil
}
