package commitlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive/format"
)

// maxMonthBytes bounds the month indexes that a reader keeps, in bytes. Those of a year
// with 24 commits a day take about 1 MB.
const maxMonthBytes = 8 << 20

// monthCache keeps month indexes, by region and month. It is safe for concurrent use.
type monthCache struct {
	mu     sync.Mutex
	months map[string]*MonthIndex // guarded by mu
	bytes  int                    // of months; guarded by mu
}

// get returns an index, or nil.
func (c *monthCache) get(region, month string) *MonthIndex {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.months[region+"/"+month]
}

// put keeps an index in place of the one of that month. If the cache is full, it drops
// all others.
func (c *monthCache) put(m *MonthIndex) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := m.RegionID + "/" + m.Month
	if old := c.months[key]; old != nil {
		c.bytes -= old.Size()
	}
	if c.bytes += m.Size(); c.months == nil || c.bytes > maxMonthBytes {
		c.months, c.bytes = map[string]*MonthIndex{}, m.Size()
	}
	c.months[key] = m
}

// Month returns the index of file i of the log up to now: the stored one, completed from
// the log. If there is none, or if it is not of this log, that is the whole month. The
// error is fs.ErrNotExist if the log of the month is gone.
func (l *Log) Month(ctx context.Context, now *format.Head, i int) (*MonthIndex, error) {
	m, err := l.knownMonth(ctx, now, i)
	if err != nil {
		return nil, err
	}
	return l.completeKnownMonth(ctx, now, i, m)
}

// RebuildMonth makes the index of file i of the log from the log alone, for Month. It does
// not read the stored index.
func (l *Log) RebuildMonth(ctx context.Context, now *format.Head, i int) error {
	_, err := l.completeKnownMonth(ctx, now, i, nil)
	return err
}

// knownMonth returns what is known of the index of file i of the log: the one in memory, or
// the stored one, or nil.
func (l *Log) knownMonth(ctx context.Context, now *format.Head, i int) (*MonthIndex, error) {
	f := now.Files[i]
	if m := l.months.get(now.RegionID, f.Month); m != nil && m.FirstSequence == f.FirstSequence {
		return m, nil
	}
	m, err := l.loadMonthIndex(ctx, now.RegionID, f)
	var damaged *format.DamagedError
	if errors.As(err, &damaged) {
		return nil, nil
	}
	return m, err
}

// completeKnownMonth returns the index of file i of the log up to now, and keeps it. m is
// what knownMonth returned.
func (l *Log) completeKnownMonth(
	ctx context.Context, now *format.Head, i int, m *MonthIndex,
) (*MonthIndex, error) {
	complete, err := l.completeMonth(ctx, now, i, m)
	var damaged *format.DamagedError
	if m != nil && errors.As(err, &damaged) { // the index is of another log, or the log is damaged
		complete, err = l.completeMonth(ctx, now, i, nil)
	}
	if err != nil {
		return nil, err
	}
	if m == nil || complete.LastSequence() >= m.LastSequence() { // else now is an older state
		l.months.put(complete)
	}
	return complete, nil
}

// completeMonth returns m with the commits of file i that it lacks, up to now. It begins
// anew if m is nil. It returns *format.DamagedError if the log does not go on where m ends.
func (l *Log) completeMonth(
	ctx context.Context, now *format.Head, i int, m *MonthIndex,
) (*MonthIndex, error) {
	last, hash := now.LastOfFile(i), now.Log.Hash
	if i+1 < len(now.Files) {
		hash = now.Files[i+1].Previous
	}
	f := now.Files[i]
	key, err := l.keys.Log(now.RegionID, f.Month)
	if err != nil {
		return nil, err
	}
	if m == nil {
		m = NewMonthIndex(now.RegionID, f.Month, f.FirstSequence, f.Previous)
	}
	switch {
	case m.LastSequence() < last:
		if m, err = l.addToMonth(ctx, m.Clone(), key, last); err != nil {
			return nil, err
		}
	case m.LastSequence() > last && last >= m.FirstSequence: // now is an older state
		commits, err := l.readCommits(ctx, m, int(last-m.FirstSequence), int(last-m.FirstSequence)+1)
		if err != nil {
			return nil, err
		}
		m = m.Cut(last, commits[0].LineHash)
	}
	// A log that was restored since may be shorter than the index.
	if m.LastSequence() != last || m.Hash != hash {
		return nil, &format.DamagedError{Key: key, Reason: fmt.Sprintf(
			"it ends with commit %d, not %d, or with another line than the head says", m.LastSequence(), last)}
	}
	return m, nil
}

// addToMonth adds the commits of the log key behind m up to a number.
func (l *Log) addToMonth(
	ctx context.Context, m *MonthIndex, key string, last int64,
) (*MonthIndex, error) {
	lines, err := l.openAt(ctx, key, m.Length)
	if err != nil {
		return nil, err
	}
	r := &format.Head{RegionID: m.RegionID, Sequence: m.LastSequence(), CommittedAt: m.CommittedAt}
	r.Log.Hash, r.Log.Length = m.Hash, m.Length
	for m.LastSequence() < last {
		c, at, err := lines.NextCommit(r, true)
		if err == io.EOF || err == nil && c.Sequence != r.Sequence+1 { // it is of another month
			break
		}
		if err != nil {
			return nil, err
		}
		r.Advance(c)
		m.Add(c, at, r.Log.Length)
	}
	return m, nil
}

// readMonths returns the indexes of the files of the log from one up to but not including
// another, up to now. It leaves out those that retention has removed. It reads the stored
// ones at once. What is missing comes from the log, one month after the other: it may be
// much.
func (l *Log) readMonths(ctx context.Context, now *format.Head, from, until int) ([]*MonthIndex, error) {
	known := make([]*MonthIndex, len(now.Files))
	group, loading := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i := from; i < until; i++ {
		group.Go(func() (err error) {
			known[i], err = l.knownMonth(loading, now, i)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var months []*MonthIndex
	for i := from; i < until; i++ {
		m, err := l.completeKnownMonth(ctx, now, i, known[i])
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		months = append(months, m)
	}
	return months, nil
}

// loadMonthIndex reads the stored index of a file of the log. It returns *format.DamagedError if
// the index is missing or damaged.
func (l *Log) loadMonthIndex(ctx context.Context, region string, f format.LogFile) (*MonthIndex, error) {
	key, err := l.keys.MonthIndex(region, f.Month)
	if err != nil {
		return nil, err
	}
	data, _, err := l.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &format.DamagedError{Key: key, Reason: "it is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading month index %q: %w", key, err)
	}
	m, err := DecodeMonthIndex(region, f.Month, data)
	if err == nil && m.FirstSequence != f.FirstSequence {
		err = fmt.Errorf("it begins with commit %d, not %d", m.FirstSequence, f.FirstSequence)
	}
	if err != nil {
		return nil, &format.DamagedError{Key: key, Reason: err.Error()}
	}
	return m, nil
}
