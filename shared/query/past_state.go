package query

import (
	"context"
	"fmt"

	"community-images/shared/archive"
)

// loadState returns the present state of a region, and the state that the
// request asks about with at.
//
// The present state is needed even for a past one: the past is read through the
// log that the head names, and answers name the freshness of the head.
func (s *lookup) loadState(
	ctx context.Context, req *request, region string,
) (current currentState, asked *regionState, err error) {
	current, err = s.states[region].get(ctx)
	if err != nil {
		return currentState{}, nil, wrapStoreError(region, err)
	}
	asked, err = s.stateAsOf(ctx, current, req.at)
	return current, asked, withParam("at", err)
}

// stateAsOf returns the state of a region at a moment. It reads the log of the
// month if the state is not cached. It returns an error for a moment before the
// first commit that is kept, or after the last one.
func (s *lookup) stateAsOf(ctx context.Context, current currentState, m asOf) (*regionState, error) {
	switch {
	// A restricted service reads nothing itself: it cuts the state of the full
	// one.
	case s.full != nil:
		return s.restrictedStateAsOf(ctx, current, m)
	// The last commit by its number is the present state.
	case !m.isSet, m.sequence != 0 && m.sequence == current.Sequence:
		return current.regionState, nil
	// An older commit, or one that does not exist yet.
	case m.sequence != 0:
		read := func(ctx context.Context) (*archive.Region, error) {
			return s.source.AtSequence(ctx, current.Region, m.sequence)
		}
		return s.loadPastState(ctx, current, pastStateKey(current.regionState, m.sequence), read)
	}
	// A time relative to now, such as -24h, gets its value here and not when
	// the request is parsed, because parsed requests are cached.
	t := m.resolveTime(s.now())
	if !t.Before(current.CommittedAt.Time) {
		return current.regionState, nil
	}
	// The state at a time before the last commit never changes while the log is
	// the same, so it can be kept.
	key := fmt.Sprint(pastStateKey(current.regionState, 0), t.UnixNano())
	return s.loadPastState(ctx, current, key, func(ctx context.Context) (*archive.Region, error) {
		return s.source.At(ctx, current.Region, t)
	})
}

// loadStateAtCommit returns the state of a region after the commit with a
// number.
func (s *lookup) loadStateAtCommit(ctx context.Context, current currentState, sequence int64) (*regionState, error) {
	return s.stateAsOf(ctx, current, asOf{isSet: true, sequence: sequence})
}

// loadPastState returns the past state that is cached under key, or reads it. A
// state is cached under its commit number too, so that all moments between two
// commits share one.
//
// Two calls may read the same state at once. Both results are equal, and the
// later one stays in the cache.
func (s *lookup) loadPastState(
	ctx context.Context, current currentState, key string, read func(context.Context) (*archive.Region, error),
) (*regionState, error) {
	if state, ok := s.past.get(key); ok {
		return state, nil
	}
	ctx, cancel := withReadDeadline(ctx)
	defer cancel()
	r, err := read(ctx)
	if err != nil {
		return nil, wrapStoreError(current.RegionID, err)
	}
	byCommit := pastStateKey(current.regionState, r.Sequence)
	state, ok := s.past.get(byCommit)
	if !ok {
		state = newRegionState(r, false)
		state.logNumber = current.logNumber
		s.past.put(byCommit, state, 1)
	}
	s.past.put(key, state, 1)
	return state, nil
}

// pastStateKey returns the key of the state after a commit of the log that a
// state belongs to. Keys of states at a time have the commit 0 and the time.
func pastStateKey(st *regionState, sequence int64) string {
	return fmt.Sprintf("%s/%d#%d#", st.RegionID, st.logNumber, sequence)
}
