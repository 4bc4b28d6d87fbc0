package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"golang.org/x/sync/errgroup"
)

// maxMonthBytes bounds the month indexes that a reader keeps, in bytes. Those of a year
// with 24 commits a day take about 1 MB.
const maxMonthBytes = 8 << 20

// monthCache keeps month indexes, by region and month. It is safe for concurrent use.
type monthCache struct {
	mu     sync.Mutex
	months map[string]*monthIndex // guarded by mu
	bytes  int                    // of months; guarded by mu
}

// get returns an index, or nil.
func (c *monthCache) get(region, month string) *monthIndex {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.months[region+"/"+month]
}

// put keeps an index in place of the one of that month. If the cache is full, it drops
// all others.
func (c *monthCache) put(m *monthIndex) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := m.RegionID + "/" + m.Month
	if old := c.months[key]; old != nil {
		c.bytes -= old.size()
	}
	if c.bytes += m.size(); c.months == nil || c.bytes > maxMonthBytes {
		c.months, c.bytes = map[string]*monthIndex{}, m.size()
	}
	c.months[key] = m
}

// month returns the index of file i of the log up to now: the stored one, completed from
// the log. If there is none, or if it is not of this log, that is the whole month. The
// error is fs.ErrNotExist if the log of the month is gone.
func (a *Archive) month(ctx context.Context, now *Region, i int) (*monthIndex, error) {
	m, err := a.knownMonth(ctx, now, i)
	if err != nil {
		return nil, err
	}
	return a.completeKnownMonth(ctx, now, i, m)
}

// knownMonth returns what is known of the index of file i of the log: the one in memory, or
// the stored one, or nil.
func (a *Archive) knownMonth(ctx context.Context, now *Region, i int) (*monthIndex, error) {
	f := now.Files[i]
	if m := a.months.get(now.RegionID, f.Month); m != nil && m.FirstSequence == f.FirstSequence {
		return m, nil
	}
	m, err := a.loadMonthIndex(ctx, now.RegionID, f)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		return nil, nil
	}
	return m, err
}

// completeKnownMonth returns the index of file i of the log up to now, and keeps it. m is
// what knownMonth returned.
func (a *Archive) completeKnownMonth(ctx context.Context, now *Region, i int, m *monthIndex) (*monthIndex, error) {
	complete, err := a.completeMonth(ctx, now, i, m)
	var damaged *DamagedError
	if m != nil && errors.As(err, &damaged) { // the index is of another log, or the log is damaged
		complete, err = a.completeMonth(ctx, now, i, nil)
	}
	if err != nil {
		return nil, err
	}
	if m == nil || complete.lastSequence() >= m.lastSequence() { // else now is an older state
		a.months.put(complete)
	}
	return complete, nil
}

// completeMonth returns m with the commits of file i that it lacks, up to now. It begins
// anew if m is nil. It returns *DamagedError if the log does not go on where m ends.
func (a *Archive) completeMonth(ctx context.Context, now *Region, i int, m *monthIndex) (*monthIndex, error) {
	last, hash := now.lastOfFile(i), now.Log.hash
	if i+1 < len(now.Files) {
		hash = now.Files[i+1].Previous
	}
	f := now.Files[i]
	key, err := a.keys.Log(now.RegionID, f.Month)
	if err != nil {
		return nil, err
	}
	if m == nil {
		m = newMonthIndex(now.RegionID, f.Month, f.FirstSequence, f.Previous)
	}
	switch {
	case m.lastSequence() < last:
		if m, err = a.addToMonth(ctx, m.clone(), key, last); err != nil {
			return nil, err
		}
	case m.lastSequence() > last && last >= m.FirstSequence: // now is an older state
		commits, err := a.readCommits(ctx, m, int(last-m.FirstSequence), int(last-m.FirstSequence)+1)
		if err != nil {
			return nil, err
		}
		m = m.cut(last, commits[0].LineHash)
	}
	// A log that was restored since may be shorter than the index.
	if m.lastSequence() != last || m.Hash != hash {
		return nil, &DamagedError{Key: key, Reason: fmt.Sprintf(
			"it ends with commit %d, not %d, or with another line than the head says", m.lastSequence(), last)}
	}
	return m, nil
}

// addToMonth adds the commits of the log key behind m up to a number.
func (a *Archive) addToMonth(ctx context.Context, m *monthIndex, key string, last int64) (*monthIndex, error) {
	lines, err := a.openLines(ctx, key, m.Length)
	if err != nil {
		return nil, err
	}
	r := &Region{Head: Head{RegionID: m.RegionID, Sequence: m.lastSequence(), CommittedAt: m.CommittedAt}}
	r.Log.hash, r.Log.length = m.Hash, m.Length
	for m.lastSequence() < last {
		c, at, err := r.readNext(lines, true)
		if err == io.EOF || err == nil && c.Sequence != r.Sequence+1 { // it is of another month
			break
		}
		if err != nil {
			return nil, err
		}
		r.Advance(c)
		m.add(c, at, r.Log.length)
	}
	return m, nil
}

// readMonths returns the indexes of the files of the log from one up to but not including
// another, up to now. It leaves out those that retention has removed. It reads the stored
// ones at once. What is missing comes from the log, one month after the other: it may be
// much.
func (a *Archive) readMonths(ctx context.Context, now *Region, from, until int) ([]*monthIndex, error) {
	known := make([]*monthIndex, len(now.Files))
	group, loading := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i := from; i < until; i++ {
		group.Go(func() (err error) {
			known[i], err = a.knownMonth(loading, now, i)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var months []*monthIndex
	for i := from; i < until; i++ {
		m, err := a.completeKnownMonth(ctx, now, i, known[i])
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

// loadMonthIndex reads the stored index of a file of the log. It returns *DamagedError if
// the index is missing or damaged.
func (a *Archive) loadMonthIndex(ctx context.Context, region string, f File) (*monthIndex, error) {
	key, err := a.keys.MonthIndex(region, f.Month)
	if err != nil {
		return nil, err
	}
	data, _, err := a.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamagedError{Key: key, Reason: "it is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading month index %q: %w", key, err)
	}
	m, err := decodeMonthIndex(region, f.Month, data)
	if err == nil && m.FirstSequence != f.FirstSequence {
		err = fmt.Errorf("it begins with commit %d, not %d", m.FirstSequence, f.FirstSequence)
	}
	if err != nil {
		return nil, &DamagedError{Key: key, Reason: err.Error()}
	}
	return m, nil
}
