package commitlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/archive/logfile"
)

// beyondAnyObject is an offset that no object reaches. Reading there says only
// whether an object exists.
const beyondAnyObject = 1 << 40

// At returns the state of a region at a time: after the last commit with
// CommittedAt <= t. now is the present state. *TooEarlyError means that the kept
// history begins later.
func (l *Log) At(ctx context.Context, now *format.Head, t time.Time) (*format.Head, error) {
	if !now.CommittedAt.After(t) {
		return now, nil
	}
	return l.replayUntil(ctx, now, pastMoment{
		isLateFile: func(f format.LogFile) bool { return f.FirstCommittedAt.After(t) },
		isLate:     func(c *format.Commit) bool { return c.CommittedAt.After(t) },
		count:      func(m *MonthIndex) int { return m.CountUntil(t) },
	})
}

// AtSequence returns the state of a region after commit n. now is the present
// state. *FutureError means that there is no such commit yet; *TooEarlyError
// means that it is no longer kept.
func (l *Log) AtSequence(ctx context.Context, now *format.Head, n int64) (*format.Head, error) {
	switch {
	case n > now.Sequence:
		return nil, &FutureError{Last: now.Sequence}
	case n == now.Sequence:
		return now, nil
	}
	return l.replayUntil(ctx, now, pastMoment{
		isLateFile: func(f format.LogFile) bool { return f.FirstSequence > n },
		isLate:     func(c *format.Commit) bool { return c.Sequence > n },
		count:      func(m *MonthIndex) int { return int(min(n, m.LastSequence()) - m.FirstSequence + 1) },
	})
}

// pastMoment is a moment before the present one, a time or a commit.
type pastMoment struct {
	// isLateFile reports whether a month begins after the moment.
	isLateFile func(format.LogFile) bool
	// isLate reports whether a commit is after the moment.
	isLate func(*format.Commit) bool
	// count returns how many commits of a month are not after the moment.
	count func(*MonthIndex) int
}

// replayUntil returns the state before the first commit that is too late. It replays the
// last file that does not begin too late, from the last checkpoint before the moment if
// the file is indexed.
func (l *Log) replayUntil(ctx context.Context, now *format.Head, moment pastMoment) (*format.Head, error) {
	i := now.FileAt(moment.isLateFile)
	if i < 0 {
		return nil, l.tooEarlyError(ctx, now, 0)
	}
	r, err := l.replayFile(ctx, now, i, moment)
	// Retention has removed the month since the head was read.
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.tooEarlyError(ctx, now, i+1)
	}
	return r, err
}

// replayFile is replayUntil for file i of the log, which does not begin too late.
func (l *Log) replayFile(ctx context.Context, now *format.Head, i int, moment pastMoment) (*format.Head, error) {
	r := &format.Head{RegionID: now.RegionID}
	r.Log.Month = now.Files[i].Month
	key, err := l.keys.Log(now.RegionID, r.Log.Month)
	if err != nil {
		return nil, err
	}
	if now.IsIndexed(i) {
		return l.replayFromCheckpoint(ctx, now, i, moment)
	}
	lines, err := l.openAt(ctx, key, 0)
	if err != nil {
		return nil, err
	}
	stopped, err := Replay(r, lines, moment.isLate)
	switch {
	case err != nil:
		return nil, err
	// The file begins at or before the time that is asked for, so it must have had a
	// commit that is not too late.
	case r.Sequence == 0:
		return nil, &format.DamagedError{Key: key, Reason: "the month does not begin with its checkpoint"}
	case !stopped:
		return r, checkComplete(now, i, r.Sequence, key)
	}
	return r, nil
}

// replayFromCheckpoint is replayFile for a file that has an index. It reads the lines from
// the last checkpoint before the moment on, and none after the moment.
func (l *Log) replayFromCheckpoint(
	ctx context.Context, now *format.Head, i int, moment pastMoment,
) (*format.Head, error) {
	m, err := l.Month(ctx, now, i)
	if err != nil {
		return nil, err
	}
	key, err := l.keys.Log(now.RegionID, m.Month)
	if err != nil {
		return nil, err
	}
	n := moment.count(m)
	if n < 1 {
		return nil, &format.DamagedError{Key: key, Reason: "its first commit is later than the head says"}
	}
	before, _ := slices.BinarySearch(m.Checkpoints, n)
	r := &format.Head{RegionID: now.RegionID}
	r.Log.Month, r.Log.Length = m.Month, m.Offsets[m.Checkpoints[before-1]]
	lines, err := logfile.Open(ctx, l.bucket, key, r.Log.Length, m.End(n-1), l.Options.Options)
	if err != nil {
		return nil, err
	}
	if _, err := Replay(r, lines, nil); err != nil {
		return nil, err
	}
	if want := m.FirstSequence + int64(n) - 1; r.Sequence != want {
		return nil, &format.DamagedError{Key: key,
			Reason: fmt.Sprintf("commit %d was altered: it is not where it was", want)}
	}
	return r, nil
}

// checkComplete returns an error if file i of the log, in which commit last was
// the last one, is cut off.
func checkComplete(now *format.Head, i int, last int64, key string) error {
	if want := now.LastOfFile(i); last < want {
		return &format.DamagedError{Key: key, Reason: fmt.Sprintf("it ends with commit %d, not %d", last, want)}
	}
	return nil
}

// tooEarlyError returns a *TooEarlyError with the first kept commit of the files
// from i on, or another error if that cannot be known.
func (l *Log) tooEarlyError(ctx context.Context, now *format.Head, i int) error {
	for ; i < len(now.Files); i++ {
		f := now.Files[i]
		key, err := l.keys.Log(now.RegionID, f.Month)
		if err != nil {
			return err
		}
		// The first month that is still there is the first one that is kept.
		_, err = l.bucket.GetFrom(ctx, key, beyondAnyObject, 1)
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
