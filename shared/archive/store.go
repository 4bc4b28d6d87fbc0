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

	"community-images/shared/archive/format"
)

// publishTime is the part of a run's remaining time that is reserved for
// publishing: the commit, the index and the head.
const publishTime = 5 * time.Second

// withPublishTime returns ctx with a deadline that leaves publishTime, or half of
// ctx's time if that is less.
func withPublishTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(publishTime, time.Until(deadline)/2)))
}

// storeSnapshots stores the new contents of a run. A check whose content could
// not be stored becomes a failed one, so that it fails alone. A check for which
// no time was left is removed from the run, as if it had not been asked. Returned
// are the objects that were there already, which a sweep may just be removing.
func (w *Writer) storeSnapshots(
	ctx context.Context, base *Region, run *Run, res *Result,
) (reused []storedSnapshot, err error) {
	storing, stop := withPublishTime(ctx)
	defer stop()
	stored, errs := w.storeContents(storing, base, run.Checks)
	var kept []Check
	for i, c := range run.Checks {
		if err := errs[i]; err != nil {
			if ctx.Err() != nil || errors.Is(err, fs.ErrPermission) {
				return nil, err
			}
			if storing.Err() != nil {
				run.Counts.Left++
				continue
			}
			// Readers keep the last good content and see why it is stale.
			c.State, c.Snapshot, c.Candidate = format.StateFailed, nil, nil
			c.Problem = &format.Problem{Class: "storage", Code: "StorageFault", Message: err.Error()}
		}
		switch o := stored[i]; {
		case o.reused:
			reused = append(reused, o)
		case o.size > 0:
			res.Stored++
			res.Bytes += o.size
		}
		kept = append(kept, c)
	}
	run.Checks = kept
	return reused, nil
}

// storeContents stores the new contents of checks, several at a time. It returns
// an object or an error for each check; both are zero if the check has none.
func (w *Writer) storeContents(ctx context.Context, base *Region, checks []Check) ([]storedSnapshot, []error) {
	stored, errs := make([]storedSnapshot, len(checks)), make([]error, len(checks))
	var refused atomic.Bool // by permissions; then the other puts need not be tried
	var group errgroup.Group
	group.SetLimit(maxParallel)
	for _, i := range checksToStore(base, checks) {
		group.Go(func() error {
			if errs[i] = ctx.Err(); errs[i] != nil || refused.Load() {
				return nil
			}
			stored[i], errs[i] = w.storeSnapshot(ctx, checks[i].Snapshot)
			if errors.Is(errs[i], fs.ErrPermission) {
				refused.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return stored, errs
}

// checksToStore returns the indices of the checks with new content. The scope
// that was asked longest ago comes first: in a fixed order, a region that changes
// faster than it can be stored would never get to the last ones.
func checksToStore(base *Region, checks []Check) []int {
	var indices []int
	triedAt := make([]time.Time, len(checks))
	for i, c := range checks {
		was, _ := base.Scope(c.Scope)
		if c.Snapshot != nil && c.Snapshot.Digest != was.Digest {
			indices, triedAt[i] = append(indices, i), was.TriedAt.Time
		}
	}
	slices.SortStableFunc(indices, func(a, b int) int { return triedAt[a].Compare(triedAt[b]) })
	return indices
}

// storedSnapshot is a snapshot object as a run has written it. Its bytes are not
// kept, since a run may write thousands.
type storedSnapshot struct {
	// key names the object.
	key string
	// size is in bytes. It is 0 if nothing had to be written.
	size int
	// reused is true if the object existed and was written again with its own
	// bytes.
	reused bool
	// snapshot encodes to the same bytes again if the object has to be restored.
	snapshot *catalog.Snapshot
}

// storeSnapshot stores one object. It succeeds if the object is there already,
// whoever stored it.
func (w *Writer) storeSnapshot(ctx context.Context, s *catalog.Snapshot) (storedSnapshot, error) {
	key, err := w.keys.Snapshot(s.Scope, s.Digest)
	if err != nil {
		return storedSnapshot{}, err
	}
	data, reused := s.Encode(), false
	err = w.bucket.Create(ctx, key, data)
	if errors.Is(err, fs.ErrExist) {
		if data, reused, err = w.reuseExisting(ctx, s, key, data); err != nil || data == nil {
			return storedSnapshot{key: key}, err
		}
		err = w.bucket.Put(ctx, key, data)
	}
	if err != nil {
		return storedSnapshot{}, fmt.Errorf("storing snapshot %q: %w", key, err)
	}
	return storedSnapshot{key: key, size: len(data), reused: reused, snapshot: s}, nil
}

// reuseExisting decides what to write over an object that is there already, so
// that a commit may refer to it. It returns nil if the object is intact and
// young. It returns the object's own bytes and true if it is old: perhaps nothing
// refers to it, and writing it again keeps retention away. It returns the new
// bytes if the object is damaged or has just been removed.
func (w *Writer) reuseExisting(
	ctx context.Context, s *catalog.Snapshot, key string, newData []byte,
) (data []byte, reused bool, err error) {
	data, _, err = w.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return newData, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading snapshot %q: %w", key, err)
	}
	// The time of the last write is not known here. CapturedAt is never later, since
	// an object is only written again with its own bytes.
	existing, err := w.decodeSnapshot(key, data, s.Scope, s.Digest)
	if err != nil {
		return newData, false, nil
	}
	if age := w.now().Sub(existing.CapturedAt.Time); age >= 0 && age < Grace/2 {
		return nil, false, nil
	}
	return data, true, nil
}

// verifyPresent checks that reused objects are still there after the commit, and
// stores again those that are not. A sweep that found one old and unreferenced
// just before may have removed it just after. The sweep checks again too, and
// whichever of the two is later sees what the other did.
func (w *Writer) verifyPresent(ctx context.Context, reused []storedSnapshot) error {
	for _, o := range reused {
		if _, err := w.bucket.GetFrom(ctx, o.key, int64(o.size), 1); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("verifying snapshot %q: %w", o.key, err)
		}
		if err := w.bucket.Create(ctx, o.key, o.snapshot.Encode()); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("storing snapshot %q again: %w", o.key, err)
		}
	}
	return nil
}
