package archive

import (
	"context"
	"errors"
	"io/fs"
	"iter"
)

// Commits yields the commits of a region up to now, oldest first, from the one
// with the number from, each as soon as it is proved; months that retention has
// removed are passed over. It ends with the first error; *TooEarlyError means
// that retention has removed a month while it was read, or after an earlier one
// had been, so that commits would be left out.
func (a *Archive) Commits(ctx context.Context, now *Region, from int64) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		r := &Region{RegionID: now.RegionID}
		for i := range now.Files {
			if i+1 < len(now.Files) && now.Files[i+1].FirstSequence <= from {
				continue
			}
			wanted := true
			err := a.month(ctx, now, r, i, func(l *Commit) bool {
				wanted = l.Sequence < from || yield(l, nil)
				return wanted
			})
			switch {
			case !wanted:
				return
			case errors.Is(err, fs.ErrNotExist) && r.Sequence == 0:
				continue
			case errors.Is(err, fs.ErrNotExist):
				err = a.tooEarly(ctx, now, i+1)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// month replays the i-th file of the log up to now on top of r, to its end or
// until seen wants no more. The first of them begins where now says.
func (a *Archive) month(ctx context.Context, now, r *Region, i int, seen func(*Commit) bool) error {
	r.log.month, r.log.length, r.log.torn = now.Files[i].Month, 0, false
	t, err := a.file(ctx, now.RegionID, r.log.month)
	if err != nil {
		return err
	}
	late := func(l *Commit) bool {
		return l.Sequence > now.Sequence || r.Sequence == 0 && l.Sequence != now.Files[i].FirstSequence
	}
	if _, err := r.replay(t, late, seen); err != nil {
		return err
	}
	return now.complete(i, r.Sequence, t.key)
}

// CommitsSince yields the commits after a state that Now has returned, oldest first,
// each as soon as it is proved, and reads nothing of what came before. It ends
// with the first error.
func (a *Archive) CommitsSince(ctx context.Context, known *Region) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		wanted := true
		_, err := a.catchUp(ctx, known, func(l *Commit) bool { wanted = yield(l, nil); return wanted })
		if err != nil && wanted {
			yield(nil, err)
		}
	}
}
