package commitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"time"

	"community-images/shared/archive/format"
)

// FirstCommit returns the number and time of the first commit that is kept. now is the
// present state. ErrNoData means that there is none.
func (l *Log) FirstCommit(ctx context.Context, now *format.Head) (*TooEarlyError, error) {
	if i := now.FirstKeptFile(); i < len(now.Files) && !now.Swept.At.IsZero() {
		f := now.Files[i]
		return &TooEarlyError{First: f.FirstCommittedAt, FirstSequence: f.FirstSequence}, nil
	}
	// The state does not come from a head, so only the bucket knows.
	err := l.tooEarlyError(ctx, now, 0)
	var first *TooEarlyError
	if errors.As(err, &first) {
		return first, nil
	}
	return nil, err
}

// LastCommitAt returns the number of the last commit with CommittedAt <= t. now is the
// present state. It returns 0 if every commit is later and commit 1 is kept, and
// *TooEarlyError if earlier commits are no longer kept.
func (l *Log) LastCommitAt(ctx context.Context, now *format.Head, t time.Time) (sequence int64, err error) {
	if !now.CommittedAt.After(t) {
		return now.Sequence, nil
	}
	i := now.FileAt(func(f format.LogFile) bool { return f.FirstCommittedAt.After(t) })
	if i < 0 {
		first, err := l.FirstCommit(ctx, now)
		if err == nil && first.FirstSequence > 1 {
			err = first
		}
		return 0, err
	}
	m, err := l.Month(ctx, now, i)
	if errors.Is(err, fs.ErrNotExist) { // retention has removed the month
		return 0, l.tooEarlyError(ctx, now, i+1)
	}
	if err != nil {
		return 0, err
	}
	return m.FirstSequence + int64(m.CountUntil(t)) - 1, nil
}

// Commits yields the commits of a region up to now, oldest first, from number from on. It
// skips months that retention has removed. It ends with the first error. *TooEarlyError
// means that retention removed a month after an earlier one had been read, so that
// commits would be missing in between.
func (l *Log) Commits(ctx context.Context, now *format.Head, from int64) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		begun := false
		visit := func(c *format.Commit) bool {
			begun = true
			return yield(c, nil)
		}
		for i := max(0, now.FileOf(from)); i < len(now.Files); i++ {
			goOn, err := l.visitMonth(ctx, now, i, from, visit)
			// A missing file is one that retention has removed. Before the first commit
			// it is skipped; after that it would leave a gap.
			if errors.Is(err, fs.ErrNotExist) {
				if !begun {
					continue
				}
				err = l.tooEarlyError(ctx, now, i+1)
			}
			if err != nil {
				yield(nil, err)
			}
			if err != nil || !goOn {
				return
			}
		}
	}
}

// visitMonth calls visit for the commits of file i of the log, up to now, from a number on,
// until visit returns false. Then goOn is false.
func (l *Log) visitMonth(
	ctx context.Context, now *format.Head, i int, from int64, visit func(*format.Commit) bool,
) (goOn bool, err error) {
	if from <= now.Files[i].FirstSequence { // the whole month needs no index
		return l.visitWholeMonth(ctx, now, i, visit)
	}
	m, err := l.Month(ctx, now, i)
	if err != nil {
		return false, err
	}
	size := l.Window
	for at := int(from - m.FirstSequence); at < len(m.Offsets); {
		until := at + 1
		for until < len(m.Offsets) && m.End(until)-m.Offsets[at] <= int64(size) {
			until++
		}
		commits, err := l.readCommits(ctx, m, at, until)
		if err != nil {
			return false, err
		}
		for _, c := range commits {
			if !visit(c) {
				return false, nil
			}
		}
		at, size = until, min(windowGrowth*size, maxWindow)
	}
	return true, nil
}

// visitWholeMonth is visitMonth from the first commit of the file on. It reads the file
// piece by piece.
func (l *Log) visitWholeMonth(
	ctx context.Context, now *format.Head, i int, visit func(*format.Commit) bool,
) (goOn bool, err error) {
	f := now.Files[i]
	lines, err := l.Open(ctx, now.RegionID, f.Month)
	if err != nil {
		return false, err
	}
	last := now.LastOfFile(i)
	r := &format.Head{RegionID: now.RegionID, Sequence: f.FirstSequence - 1}
	r.Log.Hash = f.Previous
	for r.Sequence < last {
		c, _, err := lines.NextCommit(r, true)
		switch {
		case err == io.EOF, err == nil && c.Sequence != r.Sequence+1: // it is of another month
			return false, checkComplete(now, i, r.Sequence, lines.Key())
		case err != nil:
			return false, err
		}
		r.Advance(c)
		if !visit(c) {
			return false, nil
		}
	}
	return true, nil
}

// CommitsBackward yields the commits of a region from number from down to the first
// that is kept, newest first. now is the present state; from is at most its Sequence.
// It ends with the first error.
func (l *Log) CommitsBackward(ctx context.Context, now *format.Head, from int64) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		for i := now.FileOf(from); i >= 0; i-- {
			m, err := l.Month(ctx, now, i)
			goOn := false
			if err == nil {
				yieldCommit := func(c *format.Commit) bool { return yield(c, nil) }
				goOn, err = l.visitBackward(ctx, m, int(from-m.FirstSequence), yieldCommit)
			}
			// Retention removes the oldest months first.
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				yield(nil, err)
			}
			if err != nil || !goOn {
				return
			}
		}
	}
}

// visitBackward calls visit for the commits of a month from a position down, newest first,
// until visit returns false. Then goOn is false.
func (l *Log) visitBackward(
	ctx context.Context, m *MonthIndex, from int, visit func(*format.Commit) bool,
) (goOn bool, err error) {
	size := l.Window
	for until := min(from+1, len(m.Offsets)); until > 0; size = min(windowGrowth*size, maxWindow) {
		at := until - 1
		for at > 0 && m.End(until-1)-m.Offsets[at-1] <= int64(size) {
			at--
		}
		commits, err := l.readCommits(ctx, m, at, until)
		if err != nil {
			return false, err
		}
		for _, c := range slices.Backward(commits) {
			if !visit(c) {
				return false, nil
			}
		}
		until = at
	}
	return true, nil
}

// readCommits reads the commits of a month from one position up to but not including
// another.
func (l *Log) readCommits(ctx context.Context, m *MonthIndex, from, until int) ([]*format.Commit, error) {
	key, err := l.keys.Log(m.RegionID, m.Month)
	if err != nil {
		return nil, err
	}
	start, end := m.Offsets[from], m.End(until-1)
	data, err := l.bucket.GetFrom(ctx, key, start, end-start)
	if err != nil {
		return nil, fmt.Errorf("reading log %q: %w", key, err)
	}
	commits := make([]*format.Commit, 0, until-from)
	for p := from; p < until; p++ {
		begin := min(m.Offsets[p]-start, int64(len(data)))
		line, _, _ := bytes.Cut(data[begin:min(m.End(p)-start, int64(len(data)))], []byte{'\n'})
		c, intact := format.DecodeCommit(line, true)
		// The index is bound to the log, so the line was altered since.
		if c == nil || !intact || c.Sequence != m.FirstSequence+int64(p) || c.RegionID != m.RegionID ||
			c.Format != format.Version {
			return nil, &format.DamagedError{Key: key,
				Reason: fmt.Sprintf("commit %d was altered: it is not at offset %d",
					m.FirstSequence+int64(p), m.Offsets[p])}
		}
		c.LineHash = format.HashLine(line)
		if n := len(commits); n > 0 && c.Previous != commits[n-1].LineHash {
			reason := fmt.Sprintf("commit %d does not name the line before it", c.Sequence)
			return nil, &format.DamagedError{Key: key, Reason: reason}
		}
		commits = append(commits, c)
	}
	return commits, nil
}

// EndedScopes returns the scopes that ended in a kept commit, in canonical order, each
// once. Some of them may be there again.
func (l *Log) EndedScopes(ctx context.Context, now *format.Head) ([]format.ScopeRef, error) {
	months, err := l.readMonths(ctx, now, now.FirstKeptFile(), len(now.Files))
	if err != nil {
		return nil, err
	}
	var ended []format.ScopeRef
	for _, m := range months {
		ended = append(ended, m.Ended...)
	}
	slices.SortFunc(ended, format.ScopeRef.Compare)
	return slices.Compact(ended), nil
}
