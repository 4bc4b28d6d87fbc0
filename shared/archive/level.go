package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/catalog"
)

// putHead writes the head of a run.
func (w *Writer) putHead(ctx context.Context, run Run, res *Result) (err error) {
	res.Region, err = w.level(ctx, res.Region, func(next *Region) {
		at := catalog.At(w.now())
		next.Run = RunInfo{Counts: res.Counts, FinishedAt: at, RunID: run.RunID, StartedAt: run.StartedAt, Trigger: run.Trigger}
		if next.Swept.At.IsZero() {
			next.Swept.At = at // what is new needs no sweep
		}
	})
	return err
}

// level puts the head until it is level with the log. stamp completes the
// state that is put. The state that is returned is the last that was known,
// also with an error.
func (w *Writer) level(ctx context.Context, r *Region, stamp func(*Region)) (*Region, error) {
	key, err := w.keys.Head(r.RegionID)
	if err != nil {
		return r, err
	}
	for range maxHeadPuts {
		merged, err := w.merge(ctx, key, r)
		if err != nil {
			return r, err
		}
		r = merged
		stamp(r)
		data, err := encodeHead(r)
		if err != nil {
			return r, err
		}
		if err := w.bucket.Put(ctx, key, data); err != nil {
			return r, fmt.Errorf("putting head %q: %w", key, err)
		}
		grown, err := w.catchUp(ctx, r, nil)
		if err != nil || grown == r {
			return r, err
		}
		r = grown
	}
	return r, nil
}

// merge returns r with what other runs have noted in the head since r was
// read, so that putting ours does not lose their checks.
func (w *Writer) merge(ctx context.Context, key string, r *Region) (*Region, error) {
	data, current, err := w.bucket.Get(ctx, key, r.headTag)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	next := r.clone()
	if data != nil {
		if theirs, err := decodeHead(r.RegionID, data); err == nil {
			next.adopt(theirs)
		}
	}
	next.headTag = current
	return next, nil
}
