package query

import (
	"context"
	"fmt"
	"iter"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
)

// fullStates is states of whole regions. It keeps the present of each region, and the
// past states that were used last.
type fullStates struct {
	source Source
	index  imageIndex
	now    func() time.Time
	// caches has the present states by region.
	caches map[string]*stateCache
	// past has past states by pastStateKey. Costs are 1.
	past *lru[string, *regionState]
}

// loadCurrent implements states.
func (f *fullStates) loadCurrent(ctx context.Context, region string) (currentState, error) {
	current, err := f.caches[region].get(ctx)
	if err != nil {
		return currentState{}, wrapStoreError(region, err)
	}
	return current, nil
}

// readUpTo implements states.
func (f *fullStates) readUpTo(ctx context.Context, region string, sequence int64) error {
	if err := f.caches[region].readUpTo(ctx, sequence); err != nil {
		return wrapStoreError(region, err)
	}
	return nil
}

// recentFailure implements states.
func (f *fullStates) recentFailure(region string) error {
	if err := f.caches[region].recentFailure(); err != nil {
		return wrapStoreError(region, err)
	}
	return nil
}

// stateAsOf implements states. It reads the log of the month if the state is not
// cached.
func (f *fullStates) stateAsOf(ctx context.Context, current currentState, at asOf) (*regionState, error) {
	switch {
	// The last commit by its number is the present state.
	case !at.isSet, at.sequence != 0 && at.sequence == current.Sequence:
		return current.regionState, nil
	// An older commit, or one that does not exist yet.
	case at.sequence != 0:
		read := func(ctx context.Context) (*archive.Region, error) {
			return f.source.AtSequence(ctx, current.Region, at.sequence)
		}
		return f.loadPastState(ctx, current, pastStateKey(current.regionState, at.sequence), read)
	}
	// A time relative to now, such as -24h, gets its value here and not when
	// the request is parsed, because parsed requests are cached.
	t := at.resolveTime(f.now())
	if !t.Before(current.CommittedAt.Time) {
		return current.regionState, nil
	}
	// The state at a time before the last commit never changes while the log is
	// the same, so it can be kept.
	key := fmt.Sprint(pastStateKey(current.regionState, 0), t.UnixNano())
	return f.loadPastState(ctx, current, key, func(ctx context.Context) (*archive.Region, error) {
		return f.source.At(ctx, current.Region, t)
	})
}

// loadPastState returns the past state that is cached under key, or reads it. A
// state is cached under its commit number too, so that all moments between two
// commits share one.
//
// Two calls may read the same state at once. Both results are equal, and the
// later one stays in the cache.
func (f *fullStates) loadPastState(
	ctx context.Context, current currentState, key string, read func(context.Context) (*archive.Region, error),
) (*regionState, error) {
	if state, ok := f.past.get(key); ok {
		return state, nil
	}
	ctx, cancel := withReadDeadline(ctx)
	defer cancel()
	r, err := read(ctx)
	if err != nil {
		return nil, wrapStoreError(current.RegionID, err)
	}
	byCommit := pastStateKey(current.regionState, r.Sequence)
	state, ok := f.past.get(byCommit)
	if !ok {
		state = newRegionState(r, false)
		state.logNumber = current.logNumber
		f.past.put(byCommit, state, 1)
	}
	f.past.put(key, state, 1)
	return state, nil
}

// pastStateKey returns the key of the state after a commit of the log that a
// state belongs to. Keys of states at a time have the commit 0 and the time.
func pastStateKey(st *regionState, sequence int64) string {
	return fmt.Sprintf("%s/%d#%d#", st.RegionID, st.logNumber, sequence)
}

// commits implements states.
func (f *fullStates) commits(
	ctx context.Context, current currentState, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return streamCommits(ctx, current.RegionID, func(ctx context.Context) iter.Seq2[*format.Commit, error] {
		if imageIDs != nil {
			return f.source.CommitsOfImages(ctx, current.Region, imageIDs, max(1, from))
		}
		return f.source.Commits(ctx, current.Region, max(1, from))
	})
}

// commitsBackward implements states.
func (f *fullStates) commitsBackward(
	ctx context.Context, current currentState, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return streamCommits(ctx, current.RegionID, func(ctx context.Context) iter.Seq2[*format.Commit, error] {
		if imageIDs != nil {
			return f.source.CommitsOfImagesBackward(ctx, current.Region, imageIDs, from)
		}
		return f.source.CommitsBackward(ctx, current.Region, from)
	})
}

// firstCommit implements states.
func (f *fullStates) firstCommit(ctx context.Context, current currentState) (*archive.TooEarlyError, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) (*archive.TooEarlyError, error) {
		return f.source.FirstCommit(ctx, current.Region)
	})
}

// lastCommitAt implements states.
func (f *fullStates) lastCommitAt(ctx context.Context, current currentState, t time.Time) (int64, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) (int64, error) {
		return f.source.LastCommitAt(ctx, current.Region, t)
	})
}

// endedScopes implements states.
func (f *fullStates) endedScopes(ctx context.Context, current currentState) ([]format.ScopeRef, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) ([]format.ScopeRef, error) {
		return f.source.EndedScopes(ctx, current.Region)
	})
}

// imageDates implements states.
func (f *fullStates) imageDates(
	ctx context.Context, current currentState, imageID string,
) (dates format.ImageDates, ok bool, err error) {
	return f.index.datesOf(ctx, current.RegionID, current.IndexSequence, imageID)
}

// prefetchIndex implements states. The read runs in the background, while the lookup
// waits for the head.
func (f *fullStates) prefetchIndex(ctx context.Context, region string) {
	if !f.caches[region].hasState() {
		f.index.prefetchIndex(ctx, region)
	}
}

// covers implements states.
func (f *fullStates) covers(format.ScopeRef) bool { return true }
