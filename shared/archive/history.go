package archive

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// FirstCommit returns the number and time of the first commit that is kept. now is
// the present state. ErrNoData means that there is none.
func (a *Archive) FirstCommit(ctx context.Context, now *Region) (*TooEarlyError, error) {
	err := a.tooEarlyError(ctx, now, 0)
	var first *TooEarlyError
	if errors.As(err, &first) {
		return first, nil
	}
	return nil, err
}

// LastCommitAt returns the number of the last commit with CommittedAt <= t. now is the
// present state. It returns 0 if every commit is later and commit 1 is kept, and
// *TooEarlyError if earlier commits are no longer kept.
func (a *Archive) LastCommitAt(ctx context.Context, now *Region, t time.Time) (sequence int64, err error) {
	for c, err := range a.Commits(ctx, now, 1) {
		if err != nil {
			return 0, err
		}
		if c.CommittedAt.After(t) {
			if sequence == 0 && c.Sequence > 1 {
				return 0, &TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
			}
			break
		}
		sequence = c.Sequence
	}
	return sequence, nil
}

// CommitsBackward yields the commits of a region from number from down to the first
// that is kept, newest first. now is the present state; from is at most its Sequence.
// It ends with the first error.
func (a *Archive) CommitsBackward(ctx context.Context, now *Region, from int64) iter.Seq2[*Commit, error] {
	return backward(a.Commits(ctx, now, 1), from)
}

// CommitsOfImages is Commits without those that say nothing of the images with some
// ids.
func (a *Archive) CommitsOfImages(
	ctx context.Context, now *Region, imageIDs []string, from int64,
) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		for c, err := range a.Commits(ctx, now, from) {
			if (err != nil || c.changesImage(imageIDs)) && !yield(c, err) {
				return
			}
		}
	}
}

// CommitsOfImagesBackward is CommitsBackward without those that say nothing of the
// images with some ids.
func (a *Archive) CommitsOfImagesBackward(
	ctx context.Context, now *Region, imageIDs []string, from int64,
) iter.Seq2[*Commit, error] {
	return backward(a.CommitsOfImages(ctx, now, imageIDs, 1), from)
}

// EndedScopes returns the scopes that ended in a kept commit, in canonical order, each
// once. Some of them may be there again.
func (a *Archive) EndedScopes(ctx context.Context, now *Region) ([]ScopeRef, error) {
	var ended []ScopeRef
	for c, err := range a.Commits(ctx, now, 1) {
		if err != nil {
			return nil, err
		}
		for _, e := range c.Ended {
			ended = append(ended, e.ref())
		}
	}
	slices.SortFunc(ended, ScopeRef.compare)
	return slices.Compact(ended), nil
}

// changesImage reports whether the commit says something of one of some images.
func (c *Commit) changesImage(imageIDs []string) bool {
	return slices.ContainsFunc(c.Images, func(im ImageChange) bool { return slices.Contains(imageIDs, im.ImageID) })
}

// backward yields the commits up to number from in the other order.
func backward(commits iter.Seq2[*Commit, error], from int64) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		var list []*Commit
		for c, err := range commits {
			if err != nil {
				yield(nil, err)
				return
			}
			if c.Sequence > from {
				break
			}
			list = append(list, c)
		}
		for _, c := range slices.Backward(list) {
			if !yield(c, nil) {
				return
			}
		}
	}
}
