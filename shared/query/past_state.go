package query

import (
	"context"
	"fmt"

	"community-images/shared/archive"
)

// loadState returns the present state of a region, and the state that the
// request asks about with at.
func (s *service) loadState(
	ctx context.Context, req *request, region string,
) (current currentState, asked *regionState, err error) {
	current, err = s.states[region].get(ctx)
	if err != nil {
		return currentState{}, nil, wrapStoreError(region, err)
	}
	asked, err = s.stateAsOf(ctx, current, req.at)
	return current, asked, withParam("at", err)
}

// stateAsOf returns the state of a region at a moment.
func (s *service) stateAsOf(ctx context.Context, current currentState, m asOf) (*regionState, error) {
	switch {
	case s.full != nil:
		return s.restrictedStateAsOf(ctx, current, m)
	case !m.isSet, m.sequence != 0 && m.sequence == current.Sequence:
		return current.regionState, nil
	case m.sequence != 0:
		read := func(ctx context.Context) (*archive.Region, error) {
			return s.source.AtSequence(ctx, current.Region, m.sequence)
		}
		return s.loadPastState(ctx, current.RegionID, pastStateKey(current.RegionID, m.sequence), read)
	}
	t := m.resolveTime(s.now())
	if !t.Before(current.CommittedAt.Time) {
		return current.regionState, nil
	}
	// The state at a time before the last commit never changes, so it can be kept.
	key := fmt.Sprint(current.RegionID, " ", t.UnixNano())
	return s.loadPastState(ctx, current.RegionID, key, func(ctx context.Context) (*archive.Region, error) {
		return s.source.At(ctx, current.Region, t)
	})
}

// loadStateAtCommit returns the state of a region after the commit with a number.
func (s *service) loadStateAtCommit(ctx context.Context, current currentState, sequence int64) (*regionState, error) {
	return s.stateAsOf(ctx, current, asOf{isSet: true, sequence: sequence})
}

// loadPastState returns the past state that is cached under key, or reads it. A
// state is cached under its commit number too, so that all moments between two
// commits share one.
func (s *service) loadPastState(
	ctx context.Context, region, key string, read func(context.Context) (*archive.Region, error),
) (*regionState, error) {
	if state, ok := s.past.get(key); ok {
		return state, nil
	}
	ctx, cancel := withReadDeadline(ctx)
	defer cancel()
	r, err := read(ctx)
	if err != nil {
		return nil, wrapStoreError(region, err)
	}
	byCommit := pastStateKey(region, r.Sequence)
	state, ok := s.past.get(byCommit)
	if !ok {
		state = newRegionState(r, false)
		s.past.put(byCommit, state, 1)
	}
	s.past.put(key, state, 1)
	return state, nil
}

func pastStateKey(region string, sequence int64) string { return fmt.Sprint(region, "#", sequence) }
