package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/catalog"
)

// publishTime is kept of the time that a run has left, for what publishes: the
// line, the index and the head.
const publishTime = 5 * time.Second

// storingTime is the part of ctx's time in which snapshots are stored.
func storingTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(publishTime, time.Until(deadline)/2)))
}

// putSnapshots stores the new contents. A check whose content could not be
// stored becomes a failed one, so that it fails alone; one that no time was
// left for leaves the run, as if it had not been asked. It returns the objects
// that were there already and that retention might have had in view.
func (w *Writer) putSnapshots(ctx context.Context, base *Region, run *Run, res *Result) ([]object, error) {
	var group errgroup.Group
	var refused atomic.Bool // whoever asks, so the rest need not try
	group.SetLimit(maxPuts)
	stored := make([]object, len(run.Checks))
	faults := make([]error, len(run.Checks))
	storing, stop := storingTime(ctx)
	defer stop()
	for _, i := range toStore(base, run.Checks) {
		group.Go(func() error {
			if faults[i] = storing.Err(); faults[i] != nil || refused.Load() {
				return nil
			}
			stored[i], faults[i] = w.putSnapshot(storing, run.Checks[i].Snapshot)
			if errors.Is(faults[i], fs.ErrPermission) {
				refused.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait()
	var found []object
	var kept []Check
	for i, c := range run.Checks {
		if err := faults[i]; err != nil {
			if ctx.Err() != nil || errors.Is(err, fs.ErrPermission) {
				return nil, err
			}
			if storing.Err() != nil {
				run.Counts.Left++
				continue
			}
			c.State, c.Snapshot, c.Candidate = Failed, nil, nil
			c.Problem = &Problem{Class: "storage", Code: "StorageFault", Message: err.Error()}
		}
		switch o := stored[i]; {
		case o.found:
			found = append(found, o)
		case o.size > 0:
			res.Stored++
			res.Bytes += o.size
		}
		kept = append(kept, c)
	}
	run.Checks = kept
	return found, nil
}

// toStore are the checks with new content, what was asked longest ago first:
// were it always the same order, a region that changes faster than it can be
// stored would never get to the last ones.
func toStore(base *Region, checks []Check) []int {
	var which []int
	asked := make([]time.Time, len(checks))
	for i, c := range checks {
		was, _ := base.Scope(c.Scope)
		if c.Snapshot != nil && c.Snapshot.Digest != was.Digest {
			which, asked[i] = append(which, i), was.TriedAt.Time
		}
	}
	slices.SortStableFunc(which, func(a, b int) int { return asked[a].Compare(asked[b]) })
	return which
}

// object is a snapshot as it was written. Its bytes are not kept: a run may
// write thousands.
type object struct {
	key      string
	size     int  // in bytes; 0: nothing had to be written
	found    bool // it was there and has been written anew with its own bytes
	snapshot *catalog.Snapshot
}

// putSnapshot stores one object; that it is there already, whoever stored it,
// is success.
func (w *Writer) putSnapshot(ctx context.Context, s *catalog.Snapshot) (object, error) {
	key, err := w.keys.Snapshot(s.Scope, s.Digest)
	if err != nil {
		return object{}, err
	}
	data, found := s.Encode(), false
	err = w.bucket.Create(ctx, key, data)
	if errors.Is(err, fs.ErrExist) {
		if data, found, err = w.rely(ctx, s, key, data); err != nil || data == nil {
			return object{key: key}, err
		}
		err = w.bucket.Put(ctx, key, data)
	}
	if err != nil {
		return object{}, fmt.Errorf("storing snapshot %q: %w", key, err)
	}
	return object{key: key, size: len(data), found: found, snapshot: s}, nil
}

// rely says what has to be written so that a run can rely on an object that it
// found: nothing if it is sound and young; its own bytes if it is old, since
// nothing may refer to it and retention goes by when it was last written; the
// new bytes, which are mine, if it is damaged.
func (w *Writer) rely(ctx context.Context, s *catalog.Snapshot, key string, mine []byte) (data []byte, found bool, err error) {
	data, _, err = w.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return mine, false, nil // removed this moment
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading snapshot %q: %w", key, err)
	}
	there, err := w.decode(key, data, s.Scope, s.Digest)
	if err != nil {
		return mine, false, nil
	}
	if age := w.now().Sub(there.CapturedAt.Time); age >= 0 && age < Grace/2 {
		return nil, false, nil
	}
	return data, true, nil
}

// confirm looks again at objects that the run has published without having
// made them. A sweep that had found one old and unwanted just before may have
// removed it just after; it looks again as well, and whichever of the two is
// later sees what the other did.
func (w *Writer) confirm(ctx context.Context, found []object) error {
	for _, o := range found {
		if _, err := w.bucket.GetFrom(ctx, o.key, int64(o.size), 1); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("confirming snapshot %q: %w", o.key, err)
		}
		if err := w.bucket.Create(ctx, o.key, o.snapshot.Encode()); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("storing snapshot %q again: %w", o.key, err)
		}
	}
	return nil
}
