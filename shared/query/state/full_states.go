package state

import (
	"context"
	"fmt"
	"iter"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/budget"
	"community-images/shared/query/lru"
	"community-images/shared/query/request"
	"community-images/shared/query/source"
)

// FullStates is states of whole regions. It keeps the present of each region, and the
// past states that were used last.
type FullStates struct {
	Source source.Archive
	Index  ImageIndex
	Now    func() time.Time
	// Caches has the present states by region.
	Caches map[string]*StateCache
	// Past has past states by pastStateKey. Costs are 1.
	Past *lru.Cache[string, *RegionState]
}

// LoadCurrent implements States.
func (f *FullStates) LoadCurrent(ctx context.Context, region string) (Current, error) {
	current, err := f.Caches[region].get(ctx)
	if err != nil {
		return Current{}, source.WrapError(region, err)
	}
	return current, nil
}

// ReadUpTo implements States.
func (f *FullStates) ReadUpTo(ctx context.Context, region string, sequence int64) error {
	if err := f.Caches[region].ReadUpTo(ctx, sequence); err != nil {
		return source.WrapError(region, err)
	}
	return nil
}

// recentFailure implements States.
func (f *FullStates) recentFailure(region string) error {
	if err := f.Caches[region].recentFailure(); err != nil {
		return source.WrapError(region, err)
	}
	return nil
}

// StateAsOf implements States. It reads the log of the month if the state is not
// cached.
func (f *FullStates) StateAsOf(ctx context.Context, current Current, at request.AsOf) (*RegionState, error) {
	switch {
	// The last commit by its number is the present state.
	case !at.IsSet, at.Sequence != 0 && at.Sequence == current.Sequence:
		return current.RegionState, nil
	// An older commit, or one that does not exist yet.
	case at.Sequence != 0:
		read := func(ctx context.Context) (*archive.Region, error) {
			return f.Source.AtSequence(ctx, current.Region, at.Sequence)
		}
		return f.loadPastState(ctx, current, pastStateKey(current.RegionState, at.Sequence), read)
	}
	// A time relative to now, such as -24h, gets its value here and not when
	// the request is parsed, because parsed requests are cached.
	t := at.ResolveTime(f.Now())
	if !t.Before(current.CommittedAt.Time) {
		return current.RegionState, nil
	}
	// The state at a time before the last commit never changes while the log is
	// the same, so it can be kept.
	key := fmt.Sprint(pastStateKey(current.RegionState, 0), t.UnixNano())
	return f.loadPastState(ctx, current, key, func(ctx context.Context) (*archive.Region, error) {
		return f.Source.At(ctx, current.Region, t)
	})
}

// loadPastState returns the past state that is cached under key, or reads it. A
// state is cached under its commit number too, so that all moments between two
// commits share one.
//
// Two calls may read the same state at once. Both results are equal, and the
// later one stays in the cache.
func (f *FullStates) loadPastState(
	ctx context.Context, current Current, key string, read func(context.Context) (*archive.Region, error),
) (*RegionState, error) {
	if state, ok := f.Past.Get(key); ok {
		return state, nil
	}
	ctx, cancel := budget.WithDeadline(ctx)
	defer cancel()
	r, err := read(ctx)
	if err != nil {
		return nil, source.WrapError(current.RegionID, err)
	}
	byCommit := pastStateKey(current.RegionState, r.Sequence)
	state, ok := f.Past.Get(byCommit)
	if !ok {
		state = newRegionState(r, false)
		state.logNumber = current.logNumber
		f.Past.Put(byCommit, state, 1)
	}
	f.Past.Put(key, state, 1)
	return state, nil
}

// pastStateKey returns the key of the state after a commit of the log that a
// state belongs to. Keys of states at a time have the commit 0 and the time.
func pastStateKey(st *RegionState, sequence int64) string {
	return fmt.Sprintf("%s/%d#%d#", st.RegionID, st.logNumber, sequence)
}

// Commits implements States.
func (f *FullStates) Commits(
	ctx context.Context, current Current, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return streamCommits(ctx, current.RegionID, func(ctx context.Context) iter.Seq2[*format.Commit, error] {
		if imageIDs != nil {
			return f.Source.CommitsOfImages(ctx, current.Region, imageIDs, max(1, from))
		}
		return f.Source.Commits(ctx, current.Region, max(1, from))
	})
}

// CommitsBackward implements States.
func (f *FullStates) CommitsBackward(
	ctx context.Context, current Current, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return streamCommits(ctx, current.RegionID, func(ctx context.Context) iter.Seq2[*format.Commit, error] {
		if imageIDs != nil {
			return f.Source.CommitsOfImagesBackward(ctx, current.Region, imageIDs, from)
		}
		return f.Source.CommitsBackward(ctx, current.Region, from)
	})
}

// FirstCommit implements States.
func (f *FullStates) FirstCommit(ctx context.Context, current Current) (*archive.TooEarlyError, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) (*archive.TooEarlyError, error) {
		return f.Source.FirstCommit(ctx, current.Region)
	})
}

// LastCommitAt implements States.
func (f *FullStates) LastCommitAt(ctx context.Context, current Current, t time.Time) (int64, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) (int64, error) {
		return f.Source.LastCommitAt(ctx, current.Region, t)
	})
}

// endedScopes implements States.
func (f *FullStates) endedScopes(ctx context.Context, current Current) ([]format.ScopeRef, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) ([]format.ScopeRef, error) {
		return f.Source.EndedScopes(ctx, current.Region)
	})
}

// ImageDates implements States.
func (f *FullStates) ImageDates(
	ctx context.Context, current Current, imageID string,
) (dates format.ImageDates, ok bool, err error) {
	return f.Index.DatesOf(ctx, current.RegionID, current.IndexSequence, imageID)
}

// DatesIn implements States.
func (f *FullStates) DatesIn(ctx context.Context, current Current, st *RegionState) (*RegionDates, error) {
	dates, err := f.Index.LoadDates(ctx, current.RegionID, current.IndexSequence)
	if err != nil {
		return nil, err
	}
	return dates.Until(st.CommittedAt), nil
}

// PrefetchIndex implements States. The read runs in the background, while the lookup
// waits for the head.
func (f *FullStates) PrefetchIndex(ctx context.Context, region string) {
	if !f.Caches[region].hasState() {
		f.Index.PrefetchIndex(ctx, region)
	}
}

// Covers implements States.
func (f *FullStates) Covers(format.ScopeRef) bool { return true }
