package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// putHead puts the head after a run and sets res.Region to its state.
func (w *Writer) putHead(ctx context.Context, run Run, res *Result) (err error) {
	res.Region, err = w.SyncHead(ctx, res.Region, func(next *Region) {
		now := catalog.At(w.now())
		next.Run = format.RunInfo{
			AliasProblem: run.AliasProblem, Counts: res.Counts, FinishedAt: now, RunID: run.RunID,
			StartedAt: run.StartedAt, Trigger: run.Trigger,
		}
		if next.Swept.At.IsZero() {
			next.Swept.At = now // a new region needs no sweep
		}
	})
	return err
}

// SyncHead puts the head of r, and again until it is level with the log. complete
// sets what else the head has to say, before each put. The returned state is the
// last one that was known, also with an error.
func (w *Writer) SyncHead(ctx context.Context, r *Region, complete func(next *Region)) (*Region, error) {
	key, err := w.keys.Head(r.RegionID)
	if err != nil {
		return r, err
	}
	// A commit between our read and our put would leave the head behind the log. That
	// is not wrong, only slower for readers, so the loop may give up.
	for range maxHeadPuts {
		merged, err := w.mergeStoredHead(ctx, key, r)
		if err != nil {
			return r, err
		}
		r = merged
		complete(r)
		data, err := r.Encode()
		if err != nil {
			return r, err
		}
		if err := w.bucket.Put(ctx, key, data); err != nil {
			return r, fmt.Errorf("putting head %q: %w", key, err)
		}
		grown, err := w.Refresh(ctx, r)
		if err != nil || grown == r {
			return r, err
		}
		r = grown
	}
	return r, nil
}

// mergeStoredHead returns r with what other runs have written to the head since
// r was read, so that putting ours does not lose their checks.
func (w *Writer) mergeStoredHead(ctx context.Context, key string, r *Region) (*Region, error) {
	data, current, err := w.bucket.Get(ctx, key, r.headTag)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	// r may be shared with readers.
	next := r.clone()
	if data != nil {
		// A head that cannot be read has nothing to keep; ours replaces it.
		theirs, err := format.DecodeHead(r.RegionID, data)
		if err := format.CheckVersion(key, err); err != nil {
			return nil, err
		}
		if err == nil {
			next.MergeChecks(theirs)
		}
	}
	next.headTag = current
	return next, nil
}
