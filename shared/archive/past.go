package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// beyondAnyObject is an offset that no object reaches. Reading there says only
// whether an object exists.
const beyondAnyObject = 1 << 40

// At returns the state of a region at a time: after the last commit with
// CommittedAt <= t. now is the present state. *TooEarlyError means that the kept
// history begins later.
func (a *Archive) At(ctx context.Context, now *Region, t time.Time) (*Region, error) {
	if !now.CommittedAt.After(t) {
		return now, nil
	}
	return a.replayUntil(ctx, now,
		func(f File) bool { return f.FirstCommittedAt.After(t) },
		func(c *Commit) bool { return c.CommittedAt.After(t) })
}

// AtSequence returns the state of a region after commit n. now is the present
// state. *FutureError means that there is no such commit yet; *TooEarlyError
// means that it is no longer kept.
func (a *Archive) AtSequence(ctx context.Context, now *Region, n int64) (*Region, error) {
	switch {
	case n > now.Sequence:
		return nil, &FutureError{Last: now.Sequence}
	case n == now.Sequence:
		return now, nil
	}
	return a.replayUntil(ctx, now,
		func(f File) bool { return f.FirstSequence > n },
		func(c *Commit) bool { return c.Sequence > n })
}

// replayUntil returns the state before the first commit that is too late. It
// replays the last file that does not begin too late.
func (a *Archive) replayUntil(
	ctx context.Context, now *Region, isLateFile func(File) bool, isLate func(*Commit) bool,
) (*Region, error) {
	i := now.fileAt(isLateFile)
	if i < 0 {
		return nil, a.tooEarlyError(ctx, now, 0)
	}
	r := &Region{RegionID: now.RegionID}
	r.log.month = now.Files[i].Month
	stopped := false
	lines, err := a.openLog(ctx, now.RegionID, r.log.month)
	if err == nil {
		stopped, err = r.replay(lines, isLate, nil)
	}
	// Retention has removed the month since the head was read.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, a.tooEarlyError(ctx, now, i+1)
	}
	if err != nil {
		return nil, err
	}
	// The file begins at or before the time that is asked for, so it must have had a
	// commit that is not too late.
	if r.Sequence == 0 {
		return nil, &DamagedError{Key: lines.key, Reason: "the month does not begin with its checkpoint"}
	}
	if !stopped {
		if err := now.checkComplete(i, r.Sequence, lines.key); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// lastOfFile returns the number of the last commit of file i of the log, up to r.
func (r *Region) lastOfFile(i int) int64 {
	if i+1 < len(r.Files) {
		return r.Files[i+1].FirstSequence - 1
	}
	return r.Sequence
}

// checkComplete returns an error if file i of the log, in which commit last was
// the last one, is cut off.
func (r *Region) checkComplete(i int, last int64, key string) error {
	if want := r.lastOfFile(i); last < want {
		return &DamagedError{Key: key, Reason: fmt.Sprintf("it ends with commit %d, not %d", last, want)}
	}
	return nil
}

// tooEarlyError returns a *TooEarlyError with the first kept commit of the files
// from i on, or another error if that cannot be known.
func (a *Archive) tooEarlyError(ctx context.Context, now *Region, i int) error {
	for ; i < len(now.Files); i++ {
		f := now.Files[i]
		key, err := a.keys.Log(now.RegionID, f.Month)
		if err != nil {
			return err
		}
		// The first month that is still there is the first one that is kept.
		_, err = a.bucket.GetFrom(ctx, key, beyondAnyObject, 1)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading log %q: %w", key, err)
		}
		return &TooEarlyError{First: f.FirstCommittedAt, FirstSequence: f.FirstSequence}
	}
	return fmt.Errorf("region %q: %w", now.RegionID, ErrNoData)
}
