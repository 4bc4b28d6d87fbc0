package archive

import (
	"context"
	"iter"
	"time"

	"community-images/shared/archive/format"
)

// The methods below read what the log keeps of the past; see package commitlog. now is the
// present state. *TooEarlyError means that retention has removed what is asked for, or that
// it did so during the call and commits would be missing in between.

// At returns the state of a region at a time: after the last commit with
// CommittedAt <= t.
func (a *Archive) At(ctx context.Context, now *Region, t time.Time) (*Region, error) {
	head, err := a.log.At(ctx, &now.Head, t)
	return now.past(head), err
}

// AtSequence returns the state of a region after commit n. *FutureError means that there
// is no such commit yet.
func (a *Archive) AtSequence(ctx context.Context, now *Region, n int64) (*Region, error) {
	head, err := a.log.AtSequence(ctx, &now.Head, n)
	return now.past(head), err
}

// past returns the region of a head that was read from the log: r itself if the head is its
// own, nil if there is none.
func (r *Region) past(head *format.Head) *Region {
	switch head {
	case nil:
		return nil
	case &r.Head:
		return r
	}
	return &Region{Head: *head}
}

// FirstCommit returns the number and time of the first commit that is kept. ErrNoData means
// that there is none.
func (a *Archive) FirstCommit(ctx context.Context, now *Region) (*TooEarlyError, error) {
	return a.log.FirstCommit(ctx, &now.Head)
}

// LastCommitAt returns the number of the last commit with CommittedAt <= t. It returns 0 if
// every commit is later and commit 1 is kept.
func (a *Archive) LastCommitAt(ctx context.Context, now *Region, t time.Time) (sequence int64, err error) {
	return a.log.LastCommitAt(ctx, &now.Head, t)
}

// Commits yields the commits of a region up to now, oldest first, from number from on. It
// skips months that retention has removed. It ends with the first error.
func (a *Archive) Commits(ctx context.Context, now *Region, from int64) iter.Seq2[*format.Commit, error] {
	return a.log.Commits(ctx, &now.Head, from)
}

// CommitsBackward yields the commits of a region from number from down to the first that is
// kept, newest first. from is at most the Sequence of now. It ends with the first error.
func (a *Archive) CommitsBackward(ctx context.Context, now *Region, from int64) iter.Seq2[*format.Commit, error] {
	return a.log.CommitsBackward(ctx, &now.Head, from)
}

// CommitsOfImages is Commits without those that say nothing of the images with some ids.
func (a *Archive) CommitsOfImages(
	ctx context.Context, now *Region, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return a.log.CommitsOfImages(ctx, &now.Head, imageIDs, from)
}

// CommitsOfImagesBackward is CommitsBackward without those that say nothing of the images
// with some ids.
func (a *Archive) CommitsOfImagesBackward(
	ctx context.Context, now *Region, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return a.log.CommitsOfImagesBackward(ctx, &now.Head, imageIDs, from)
}

// EndedScopes returns the scopes that ended in a kept commit, in canonical order, each
// once. Some of them may be there again.
func (a *Archive) EndedScopes(ctx context.Context, now *Region) ([]format.ScopeRef, error) {
	return a.log.EndedScopes(ctx, &now.Head)
}
