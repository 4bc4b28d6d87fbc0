package commitlog

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive/format"
)

// maxBatch is how many bytes of commits of an image are read at once, unless one is
// larger.
const maxBatch = 256 << 10

// CommitsOfImages is Commits without those that say nothing of the images with some
// ids.
func (l *Log) CommitsOfImages(
	ctx context.Context, now *format.Head, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		first := max(now.FirstKeptFile(), now.FileOf(from))
		places, err := l.findImages(ctx, now, imageIDs, first, len(now.Files))
		if err != nil {
			yield(nil, err)
			return
		}
		places = slices.DeleteFunc(places, func(p commitPlace) bool { return p.sequence() < from })
		begun := false
		for c, err := range l.readPlaces(ctx, places) {
			// As in Commits.
			if errors.Is(err, fs.ErrNotExist) {
				if !begun {
					continue
				}
				err = l.tooEarlyError(ctx, now, 0)
			}
			if begun = true; !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// CommitsOfImagesBackward is CommitsBackward without those that say nothing of the
// images with some ids.
func (l *Log) CommitsOfImagesBackward(
	ctx context.Context, now *format.Head, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		places, err := l.findImages(ctx, now, imageIDs, now.FirstKeptFile(), now.FileOf(from)+1)
		if err != nil {
			yield(nil, err)
			return
		}
		places = slices.DeleteFunc(places, func(p commitPlace) bool { return p.sequence() > from })
		slices.Reverse(places)
		for c, err := range l.readPlaces(ctx, places) {
			// Retention removes the oldest months first.
			if errors.Is(err, fs.ErrNotExist) || !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// commitPlace is where a commit stands.
type commitPlace struct {
	month    *MonthIndex
	position int
}

// sequence returns the number of the commit.
func (p commitPlace) sequence() int64 { return p.month.FirstSequence + int64(p.position) }

// size returns the size of the commit in bytes.
func (p commitPlace) size() int64 { return p.month.End(p.position) - p.month.Offsets[p.position] }

// batches splits places into batches that are read at once.
func batches(places []commitPlace) iter.Seq[[]commitPlace] {
	return func(yield func([]commitPlace) bool) {
		for len(places) > 0 {
			n, bytes := 1, places[0].size()
			for n < min(len(places), maxParallel) {
				if bytes += places[n].size(); bytes > maxBatch {
					break
				}
				n++
			}
			if !yield(places[:n]) {
				return
			}
			places = places[n:]
		}
	}
}

// findImages returns the commits that change one of some images, oldest first, in the files
// of the log from one up to but not including another.
func (l *Log) findImages(
	ctx context.Context, now *format.Head, imageIDs []string, from, until int,
) ([]commitPlace, error) {
	months, err := l.readMonths(ctx, now, from, until)
	if err != nil {
		return nil, err
	}
	var places []commitPlace
	for _, m := range months {
		var all []int
		for _, id := range imageIDs {
			positions, err := m.CommitsOf(id)
			if err != nil {
				key, keyErr := l.keys.MonthIndex(now.RegionID, m.Month)
				return nil, errors.Join(keyErr, &format.DamagedError{Key: key, Reason: err.Error()})
			}
			all = append(all, positions...)
		}
		slices.Sort(all)
		for _, p := range slices.Compact(all) {
			places = append(places, commitPlace{m, p})
		}
	}
	return places, nil
}

// readPlaces yields the commits at some places, in their order. It reads some at once. The
// error of a commit is fs.ErrNotExist if the log of its month is gone; any other error is
// the last that it yields.
func (l *Log) readPlaces(ctx context.Context, places []commitPlace) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		for batch := range batches(places) {
			commits, errs := make([]*format.Commit, len(batch)), make([]error, len(batch))
			var group errgroup.Group
			for i, place := range batch {
				group.Go(func() error {
					list, err := l.readCommits(ctx, place.month, place.position, place.position+1)
					if errs[i] = err; err == nil {
						commits[i] = list[0]
					}
					return nil
				})
			}
			_ = group.Wait() // the errors are in errs
			for i, c := range commits {
				if !yield(c, errs[i]) || errs[i] != nil && !errors.Is(errs[i], fs.ErrNotExist) {
					return
				}
			}
		}
	}
}
