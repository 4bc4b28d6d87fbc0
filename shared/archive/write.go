package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

const (
	// maxConflicts bounds the appends in one commit that other runs win.
	maxConflicts = 100
	// maxUnknown bounds the appends in a row whose outcome is not known.
	maxUnknown = 4
	// maxHeadPuts bounds how often one sync puts the head because the log has grown.
	maxHeadPuts = 5
	// minCheckpointDistance is the least number of bytes of the log between two checkpoints
	// of a month.
	minCheckpointDistance = 1 << 20
	// maxParallel is how many objects are read, put or removed at a time.
	maxParallel = 16
)

// Writer commits runs. It is safe for concurrent use.
type Writer struct {
	*Archive
	// bucket is that of the Archive, with the verbs that write.
	bucket Bucket
	// now dates commits and tells the age of objects.
	now func() time.Time
	// indexLag is how many bytes of the last month its index may lack.
	indexLag int64
	// checkpointDistance is minCheckpointDistance.
	checkpointDistance int64
	// newBackOff returns the pauses between tries of one append.
	newBackOff func() backoff.BackOff
}

// NewWriter returns a writer that dates its commits by now.
func NewWriter(bucket Bucket, keys Keys, now func() time.Time) *Writer {
	a := New(bucket, keys)
	a.log.CountsReplay = true
	return &Writer{Archive: a, bucket: bucket, now: now, indexLag: monthIndexLag,
		checkpointDistance: minCheckpointDistance, newBackOff: newBackOff}
}

// newBackOff returns pauses from 20 ms to 1 s, fully random, so that runs that
// collide once do not collide again.
func newBackOff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.RandomizationFactor, b.MaxInterval = 20*time.Millisecond, 1, time.Second
	return b
}

// Result is what Writer.Commit did.
type Result struct {
	// Region is the state after the commit.
	Region *Region
	// Commit is nil if nothing had changed and nothing was appended.
	Commit *format.Commit
	// Counts has the outcomes of the run's checks as they were committed.
	Counts format.RunCounts
	// Checks are those of the run, as they were committed.
	Checks []Check
	// Stored counts the snapshot objects that were written.
	Stored int
	// Bytes is the size of those objects.
	Bytes int
	// Retries counts the appends that another run won, or whose outcome had to be
	// looked up.
	Retries int
	// HeadError says what failed after the commit was published: the head was
	// not put, an index was not updated, or an object that the commit refers to
	// could not be verified again. Readers are served from the log meanwhile, and
	// the next run repairs it (the index: the next run that changes content).
	HeadError error
}

// Load returns the state of a region for a run to plan on. It is empty if there
// is none yet.
func (w *Writer) Load(ctx context.Context, region string) (*Region, error) {
	return w.loadRegion(ctx, region, nil)
}

// Commit publishes what a run learned: the new snapshot objects, one line of the
// log, the index and the head. base is the state that Load returned when the run
// began. An error means that nothing was published. If ctx ended or the store
// stopped answering, it means that this is not known; the next run settles it.
// If ctx leaves no time to store the content of some checks, they are left out
// and counted as Left.
//
// A run that changed nothing appends nothing and only puts the head, with one
// exception: if the last month is sealed and its successor has not begun, the run
// begins it.
func (w *Writer) Commit(ctx context.Context, base *Region, run Run) (Result, error) {
	var res Result
	reused, err := w.storeSnapshots(ctx, base, &run, &res)
	res.Checks = run.Checks
	if err != nil {
		return res, err
	}
	if err := w.loadPrevious(ctx, base, &run); err != nil {
		return res, err
	}
	if err := w.publish(ctx, base, run, &res); err != nil {
		return res, err
	}
	// From here on the commit is published. What fails is reported in HeadError, and
	// the next run repairs it.
	put, err := w.updateIndex(ctx, &res)
	res.HeadError = errors.Join(err, w.updateMonthIndexes(ctx, &res))
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
	if err := w.verifyPresent(ctx, reused); err != nil {
		res.HeadError = errors.Join(res.HeadError, err)
	}
	return res, nil
}

// publish appends the commit of a run after whatever other runs have published
// since base, and sets res. It appends nothing if nothing changed.
func (w *Writer) publish(ctx context.Context, base *Region, run Run, res *Result) error {
	cur, backOff := base, w.newBackOff()
	reloaded := false // cur was read after the run had learned all that it says
	for res.Retries <= maxConflicts {
		commit, next, counts := draftCommit(base, cur, run, w.commitTime(cur))
		if !cur.needsCommit(commit) {
			res.Region, res.Counts = next, counts
			return nil
		}
		if !reloaded && commit.RemovesScope() { // only the head says what another run has seen since
			reloaded = true
			var err error
			if cur, err = w.loadRegion(ctx, cur.RegionID, cur); err != nil {
				return err
			}
			continue
		}
		commit, next = sealFirst(cur, commit, next)
		appended, err := w.appendCommit(ctx, cur, next, commit)
		switch {
		case err != nil:
			return err
		case appended && commit.Successor == "":
			res.Region, res.Counts, res.Commit = next, counts, commit
			return nil
		case appended: // a seal
			cur = next
		default:
			res.Retries++
			reloaded = true
			if cur, err = w.loadAfterLoss(ctx, commit, backOff.NextBackOff()); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("committing run %q of %q: other runs committed first %d times",
		run.RunID, base.RegionID, res.Retries)
}

// loadAfterLoss waits and loads the region again, because another run has appended where
// lost was to go. It returns *format.DamagedError if there is still no log to be seen.
func (w *Writer) loadAfterLoss(ctx context.Context, lost *format.Commit, pause time.Duration) (*Region, error) {
	if err := sleep(ctx, pause); err != nil {
		return nil, err
	}
	r, err := w.Load(ctx, lost.RegionID)
	if err != nil || r.Log.Month != "" {
		return r, err
	}
	// Only the head or a list leads to the log, and neither does.
	key, err := w.keys.Log(lost.RegionID, format.MonthOf(lost.CommittedAt.Time))
	return nil, cmp.Or(err, error(&format.DamagedError{Key: key, Reason: "it exists, but the store does not list it, " +
		"and the region has no head that names it; check who may list the bucket, then run scripts/verify -repair"}))
}

// commitTime returns the time of a commit after cur, which is never before cur's.
func (w *Writer) commitTime(cur *Region) catalog.Time {
	now := catalog.At(w.now())
	if now.Before(cur.CommittedAt.Time) {
		return cur.CommittedAt
	}
	return now
}

// sealFirst returns the commit to append to cur, and the state after it. That is c
// and next, unless c belongs to another month: then cur's file has to be sealed
// first, and the commit is the seal.
func sealFirst(cur *Region, c *format.Commit, next *Region) (*format.Commit, *Region) {
	month := format.MonthOf(c.CommittedAt.Time)
	if cur.Sequence == 0 || cur.Log.Month == "" || cur.Log.IsSealed() || cur.Log.Month == month {
		return c, next
	}
	seal := &format.Commit{
		CommittedAt: c.CommittedAt, Format: c.Format, Previous: c.Previous, RegionID: c.RegionID, RunID: c.RunID,
		Sequence: c.Sequence, StartedAt: c.StartedAt, Successor: month, Trigger: c.Trigger,
	}
	next = cur.clone()
	next.Apply(seal)
	return seal, next
}

// Clock returns the time by the writer's clock.
func (w *Writer) Clock() time.Time { return w.now() }
