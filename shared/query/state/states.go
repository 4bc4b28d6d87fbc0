package state

import (
	"context"
	"iter"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/request"
)

// States gives what a caller may see of the regions: states, the log and the index of
// images. It has two implementations. FullStates is for callers who may see every
// cluster. GrantStates wraps it and leaves out what a grant does not cover, so that only
// readers of commits ask Covers.
//
// Both are safe for concurrent use. Their errors are those of source.WrapError and
// wrapHistoryError, or that of a context that has ended.
type States interface {
	stateReader
	logReader
	indexReader
	// Covers reports whether the caller may see a scope.
	Covers(ref format.ScopeRef) bool
}

// stateReader reads the states of regions, by their ids. Every region must be served.
type stateReader interface {
	// LoadCurrent returns the present state, or the last one that was read if the
	// store does not answer.
	LoadCurrent(ctx context.Context, region string) (Current, error)
	// StateAsOf returns the state at a moment. It returns an error for a moment before
	// the first commit that is kept, or after the last one. Moments mean the same
	// commits for every caller.
	StateAsOf(ctx context.Context, current Current, at request.AsOf) (*RegionState, error)
	// ReadUpTo asks the store for the present state, unless the one at hand goes up to
	// a commit. It returns an error if the store does not answer, and none if it has no
	// such commit.
	ReadUpTo(ctx context.Context, region string, sequence int64) error
	// recentFailure returns why the last attempt to read the region failed, if no state
	// is at hand and the pause before the next attempt is not over. Otherwise it
	// returns nil.
	recentFailure(region string) error
}

// logReader reads the log of a region. Commits are yielded whole: Covers says which of
// their scopes the caller may see.
type logReader interface {
	// Commits yields the commits up to the present state from a number on. If imageIDs
	// is not nil, it leaves out commits that say nothing of these images. It ends with
	// the first error.
	Commits(ctx context.Context, current Current, imageIDs []string, from int64) iter.Seq2[*format.Commit, error]
	// CommitsBackward is Commits in the other order: from a number down to the first
	// commit that is kept.
	CommitsBackward(
		ctx context.Context, current Current, imageIDs []string, from int64,
	) iter.Seq2[*format.Commit, error]
	// FirstCommit returns the number and time of the first commit that is kept.
	FirstCommit(ctx context.Context, current Current) (*archive.TooEarlyError, error)
	// LastCommitAt returns the number of the last commit that is not later than a time;
	// 0: every commit is later. It returns *archive.TooEarlyError if that is no longer
	// kept.
	LastCommitAt(ctx context.Context, current Current, t time.Time) (int64, error)
	// endedScopes returns the scopes that ended in a kept commit and that the caller
	// may see. Some of them may be there again.
	endedScopes(ctx context.Context, current Current) ([]format.ScopeRef, error)
}

// indexReader reads the index of a region's images.
type indexReader interface {
	// ImageDates returns the dates of an image in any scope of a region. ok is false if
	// that is not known: the index can lag behind the log, be damaged or be lost.
	ImageDates(ctx context.Context, current Current, imageID string) (dates format.ImageDates, ok bool, err error)
	// DatesIn returns the dates of all images as they are known in a state of the region.
	// For a caller who may not see every cluster none is known. Nor is one if the index is
	// missing or damaged.
	DatesIn(ctx context.Context, current Current, st *RegionState) (*RegionDates, error)
	// PrefetchIndex begins to read the index of a region that has not been read yet,
	// for a lookup that will need most of its lists.
	PrefetchIndex(ctx context.Context, region string)
}

// ImageIndex is the index of each region, which FullStates gives to callers. A
// *imageset.listLoader is one.
type ImageIndex interface {
	// DatesOf is indexReader.ImageDates. The index must go up to the commit upTo, if there is such
	// an index.
	DatesOf(ctx context.Context, region string, upTo int64, imageID string) (format.ImageDates, bool, error)
	// LoadDates returns the dates of all images. Of the index it asks the same.
	LoadDates(ctx context.Context, region string, upTo int64) (*IndexDates, error)
	PrefetchIndex(ctx context.Context, region string)
}
