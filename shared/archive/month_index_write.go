package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// monthIndexLag is how many bytes of the last month may be missing in its index. Readers
// read that much of the log, so it is about what one request brings quickly.
const monthIndexLag = 256 << 10

// updateMonthIndexes brings the indexes of the months up to the commit of a run, and notes
// in res.Region how far they go. It writes nothing for the last month while its index lacks
// less than indexLag. What fails is done by the next run that commits.
func (w *Writer) updateMonthIndexes(ctx context.Context, res *Result) error {
	r := res.Region
	if res.Commit == nil {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok { // the head matters more
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	last := len(r.Files) - 1
	i := max(0, last-1) // if nothing is known
	for at, f := range r.Files {
		if f.Month == r.MonthIndex.Month {
			i = at
		}
	}
	for ; i <= last; i++ {
		if i == last && r.Log.Length-r.IndexedLength(i) < w.indexLag {
			return nil
		}
		if err := w.putMonthIndex(ctx, r, i); err != nil {
			return err
		}
	}
	return nil
}

// putMonthIndex puts the index of file i of the log, unless retention has removed it, and
// notes in r how far it goes.
func (w *Writer) putMonthIndex(ctx context.Context, r *Region, i int) error {
	m, err := w.log.Month(ctx, &r.Head, i)
	if errors.Is(err, fs.ErrNotExist) {
		r.NoteIndexed(i, 0)
		return nil
	}
	if err != nil {
		return fmt.Errorf("building the index of month %q of %q: %w", r.Files[i].Month, r.RegionID, err)
	}
	data, err := m.Encode()
	if err != nil {
		return err
	}
	key, err := w.keys.MonthIndex(r.RegionID, m.Month)
	if err != nil {
		return err
	}
	if err := w.bucket.Put(ctx, key, data); err != nil {
		return fmt.Errorf("putting month index %q: %w", key, err)
	}
	r.NoteIndexed(i, m.Length)
	return nil
}

// RebuildMonthIndexes builds the indexes of all kept months from the log, puts them, and
// notes in r how far they go.
func (w *Writer) RebuildMonthIndexes(ctx context.Context, r *Region) error {
	fresh := NewWriter(w.bucket, w.keys, w.now) // reads everything again
	for i := range r.Files {
		err := fresh.log.RebuildMonth(ctx, &r.Head, i)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := fresh.putMonthIndex(ctx, r, i); err != nil {
			return err
		}
	}
	return nil
}
