package archive

import (
	"context"
	"errors"
	"io/fs"
	"iter"
)

// Commits yields the commits of a region up to now, oldest first, from number
// from on. It yields each as soon as it is verified, and skips months that
// retention has removed. It ends with the first error. *TooEarlyError means that
// retention removed a month after an earlier one had been read, so that commits
// would be missing in between.
func (a *Archive) Commits(ctx context.Context, now *Region, from int64) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		r := &Region{RegionID: now.RegionID}
		for i := range now.Files {
			if i+1 < len(now.Files) && now.Files[i+1].FirstSequence <= from {
				continue
			}
			wanted := true
			err := a.replayMonth(ctx, now, r, i, func(c *Commit) bool {
				wanted = c.Sequence < from || yield(c, nil)
				return wanted
			})
			// A missing file is one that retention has removed. Before the first commit
			// it is skipped; after that it would leave a gap.
			switch {
			case !wanted:
				return
			case errors.Is(err, fs.ErrNotExist) && r.Sequence == 0:
				continue
			case errors.Is(err, fs.ErrNotExist):
				err = a.tooEarlyError(ctx, now, i+1)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// replayMonth replays file i of the log on top of r, up to now or until visit
// returns false. If r is empty, the file must begin with the commit that now
// says it begins with.
func (a *Archive) replayMonth(ctx context.Context, now, r *Region, i int, visit func(*Commit) bool) error {
	r.log.month, r.log.length, r.log.torn = now.Files[i].Month, 0, false
	lines, err := a.openLog(ctx, now.RegionID, r.log.month)
	if err != nil {
		return err
	}
	isBeyond := func(c *Commit) bool {
		return c.Sequence > now.Sequence || r.Sequence == 0 && c.Sequence != now.Files[i].FirstSequence
	}
	if _, err := r.replay(lines, isBeyond, visit); err != nil {
		return err
	}
	return now.checkComplete(i, r.Sequence, lines.key)
}
