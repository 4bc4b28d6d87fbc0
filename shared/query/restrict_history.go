package query

import (
	"context"

	"community-images/shared/access"
)

// copied says how much a restricted history has taken over from the full one.
type copyProgress struct {
	// generation is that of the full history. 0: nothing was copied yet.
	generation int
	// events is how many events of the full history were looked at.
	events int
	// covered says whether the grant covers a scope, by its place among the
	// scopes of the full history.
	covered []bool
}

// loadRestrictedHistory returns the history of a grant, brought up to the full
// one.
func (s *service) loadRestrictedHistory(ctx context.Context, current currentState) (*history, error) {
	full, err := s.full.loadHistory(ctx, current.toFull())
	if err != nil {
		return nil, err
	}
	// Locks are taken in this order only: the full history, then the copy.
	full.mu.RLock()
	defer full.mu.RUnlock()
	h := s.histories[current.RegionID]
	h.mu.RLock()
	isCurrent := h.copied.generation == full.generation && h.sequence == full.sequence
	h.mu.RUnlock()
	if !isCurrent {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.copyCoveredEvents(full, *s.grant)
	}
	return h, nil
}

// copyCovered adds what is new in the full history: every commit, but only the
// events of scopes that the grant covers. The caller holds the lock of h, and
// that of full for reading.
func (h *history) copyCoveredEvents(full *history, g access.Grant) {
	if h.copied.generation != full.generation {
		h.clear()
		h.copied = copyProgress{generation: full.generation}
	}
	// Commits are shared: the full history only appends to them, or drops them
	// for new ones. Places of commits therefore mean the same in both.
	h.commits, h.beforeFirst, h.sequence = full.commits, full.beforeFirst, full.sequence
	for _, ref := range full.scopes[len(h.copied.covered):] {
		h.copied.covered = append(h.copied.covered, g.CoversCluster(ref.ClusterID))
	}
	// Scopes, images and events get places of their own. Otherwise the offset in
	// a feed's cursor would count the events of others.
	for ; h.copied.events < len(full.events); h.copied.events++ {
		if e := full.events[h.copied.events]; h.copied.covered[e.scope] {
			fields := full.fields[int32(h.copied.events)]
			h.addEvent(event{commit: e.commit, kind: e.kind}, full.scopes[e.scope], full.images[e.image], fields)
		}
	}
}
