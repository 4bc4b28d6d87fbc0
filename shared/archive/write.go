package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cenkalti/backoff/v5"

	"community-images/shared/catalog"
)

const (
	maxConflicts = 100 // appends that other runs won, in one commit
	maxUnknown   = 4   // appends whose outcome was not known, in a row
	maxHeadPuts  = 5   // heads put because the log had grown meanwhile
	maxPuts      = 16  // snapshot objects put at a time, or removed
)

// Writer commits runs. It is safe for concurrent use.
type Writer struct {
	*Archive
	bucket Bucket
	now    func() time.Time
	pause  func() backoff.BackOff
}

// NewWriter returns a writer whose commits are dated by now.
func NewWriter(bucket Bucket, keys Keys, now func() time.Time) *Writer {
	a := New(bucket, keys)
	a.strict = true // what a run does next needs the time that is left
	return &Writer{Archive: a, bucket: bucket, now: now, pause: newPause}
}

func newPause() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.RandomizationFactor, b.MaxInterval = 20*time.Millisecond, 1, time.Second
	return b
}

// Result is what a commit did.
type Result struct {
	Region  *Region // after the commit
	Commit  *Commit // nil: nothing was appended, for nothing had changed
	Counts  Counts
	Checks  []Check // of the run, as they were committed
	Stored  int     // snapshot objects written
	Bytes   int     // of those objects
	Retries int     // appends that another run won, or whose outcome had to be looked up
	// HeadError is set when the commit is published and the head could not be
	// put: readers are served from the log, the next run repairs the head. Or
	// an object that the run relies on could not be looked at again. Or the
	// index could not be brought up to date, as the next run will, or, if
	// others were committing too, the next one that changes content.
	HeadError error
}

// Load returns the state of a region for a run to plan on; an empty one if
// there is none yet.
func (w *Writer) Load(ctx context.Context, region string) (*Region, error) {
	return w.current(ctx, region, nil)
}

// Commit publishes what a run learned: the new snapshot objects, one line of
// the log, the head. base is the state that Load returned when the run began.
// An error means that nothing was published, or, if ctx ended or the store
// stopped answering, that this is not known; the next run settles it. Checks
// whose content ctx leaves no time to store are left out and counted so.
//
// A run that changed nothing appends nothing and only puts the head, unless it
// finds a month that is sealed and no next one: it begins that.
func (w *Writer) Commit(ctx context.Context, base *Region, run Run) (Result, error) {
	var res Result
	found, err := w.putSnapshots(ctx, base, &run, &res)
	res.Checks = run.Checks
	if err != nil {
		return res, err
	}
	if err := w.publish(ctx, base, run, &res); err != nil {
		return res, err
	}
	put, err := w.updateIndex(ctx, &res)
	res.HeadError = err
	upTo := res.Region.Sequence
	if err := w.putHead(ctx, run, &res); err != nil {
		if res.Commit == nil {
			return res, err
		}
		res.HeadError = errors.Join(res.HeadError, err)
	}
	if put {
		res.HeadError = errors.Join(res.HeadError, w.replaceOlderIndex(ctx, upTo, res.Region))
	}
	if err := w.confirm(ctx, found); err != nil {
		res.HeadError = errors.Join(res.HeadError, err)
	}
	return res, nil
}

// publish appends the line of a run, on top of whatever other runs have
// published since base. It leaves the state after it in res.
func (w *Writer) publish(ctx context.Context, base *Region, run Run, res *Result) error {
	cur := base
	pause := w.pause()
	fresh := false // whether cur was read after the run had learned all that it says
	for res.Retries <= maxConflicts {
		line, next, counts, err := draft(base, cur, run, w.date(cur), w.keys)
		if err != nil {
			return err
		}
		if !cur.wants(line) {
			res.Region, res.Counts = next, counts
			return nil
		}
		if !fresh && line.takes() { // what another run has seen since, only the head may tell
			fresh = true
			if cur, err = w.current(ctx, cur.RegionID, cur); err != nil {
				return err
			}
			continue
		}
		if cur.log.month != "" && cur.log.sealed == "" && cur.log.month != monthOf(line.CommittedAt.Time) && cur.Sequence > 0 {
			line, next = seal(cur, line)
		}
		placed, err := w.place(ctx, cur, next, line)
		if err != nil {
			return err
		}
		if placed && line.Successor == "" {
			res.Region, res.Counts, res.Commit = next, counts, line
			return nil
		}
		if placed {
			cur = next
			continue
		}
		res.Retries++
		if err := sleep(ctx, pause.NextBackOff()); err != nil {
			return err
		}
		if cur, err = w.Load(ctx, cur.RegionID); err != nil {
			return err
		}
		fresh = true
	}
	return fmt.Errorf("committing run %q of %q: other runs were faster %d times", run.RunID, base.RegionID, res.Retries)
}

// date is the time of a commit after cur.
func (w *Writer) date(cur *Region) catalog.Time {
	now := catalog.At(w.now())
	if now.Before(cur.CommittedAt.Time) {
		return cur.CommittedAt
	}
	return now
}

// seal returns the line that ends cur's file in the place of l, and the state
// after it.
func seal(cur *Region, l *Commit) (*Commit, *Region) {
	s := &Commit{
		CommittedAt: l.CommittedAt, Format: l.Format, Previous: l.Previous, RegionID: l.RegionID, RunID: l.RunID,
		Sequence: l.Sequence, StartedAt: l.StartedAt, Successor: monthOf(l.CommittedAt.Time), Trigger: l.Trigger,
	}
	next := cur.clone()
	next.apply(s, "")
	return s, next
}

// place appends a line after cur and completes next. It returns false if
// another run's line stands there.
func (w *Writer) place(ctx context.Context, cur, next *Region, line *Commit) (bool, error) {
	at, free, err := w.end(ctx, cur, line)
	if err != nil || !free {
		return false, err
	}
	if at.month != cur.log.month || cur.Sequence == 0 {
		next.Files = append(next.Files, File{FirstCommittedAt: line.CommittedAt, FirstSequence: line.Sequence, Month: at.month})
		line.Checkpoint = next.checkpoint()
	}
	data, hash, err := line.encode()
	if err != nil {
		return false, err
	}
	if len(data) > w.line {
		return false, fmt.Errorf("commit %d takes %d bytes, and a line of the log may have %d", line.Sequence, len(data), w.line)
	}
	if at.torn {
		data = append([]byte{'\n'}, data...)
	}
	key, err := w.keys.Log(cur.RegionID, at.month)
	if err != nil {
		return false, err
	}
	next.log = position{month: at.month, length: at.length + int64(len(data)), hash: hash, sealed: line.Successor}
	return w.append(ctx, key, at.length, data)
}

// end is where the line after cur goes: the end of cur's file, or of the file
// that a seal or an empty archive begins. It is false if another run has begun
// that file meanwhile.
func (w *Writer) end(ctx context.Context, cur *Region, line *Commit) (position, bool, error) {
	switch {
	case cur.log.sealed == "" && cur.log.month != "":
		return cur.log, true, nil
	case cur.log.sealed == "":
		return position{month: monthOf(line.CommittedAt.Time)}, true, nil
	}
	// The new file may hold what no writer finished.
	begun := cur.clone()
	begun.log = position{month: cur.log.sealed, hash: cur.log.hash}
	t, err := w.file(ctx, cur.RegionID, cur.log.sealed)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return begun.log, true, nil
	case err != nil:
		return position{}, false, err
	}
	if _, err := begun.replay(t, nil, nil); err != nil {
		return position{}, false, err
	}
	return begun.log, begun.Sequence == cur.Sequence, nil
}

// append settles one append, whatever the store answers: true if the bytes
// stand at the position, false if others do.
func (w *Writer) append(ctx context.Context, key string, at int64, data []byte) (bool, error) {
	pause := w.pause()
	for try := 1; ; try++ {
		_, err := w.bucket.Append(ctx, key, at, data)
		if err == nil {
			return true, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			return false, fmt.Errorf("appending to log %q: %w", key, err)
		}
		there, readErr := w.bucket.GetFrom(ctx, key, at, int64(len(data)))
		switch {
		case readErr == nil && bytes.HasPrefix(there, data):
			return true, nil
		case readErr == nil && len(there) > 0:
			return false, nil
		case try == maxUnknown:
			return false, fmt.Errorf("appending to log %q at %d: %w", key, at, err)
		}
		if err := sleep(ctx, pause.NextBackOff()); err != nil {
			return false, fmt.Errorf("appending to log %q at %d: %w", key, at, err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
