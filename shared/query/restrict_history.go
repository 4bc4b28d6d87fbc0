package query

import (
	"context"

	"community-images/shared/access"
)

// copied says how much a restricted history has taken over from the full one.
type copied struct {
	generation int    // of the full history
	events     int    // of the full history, from its first
	covered    []bool // whether the grant covers a scope, by its place in the full history
}

// loadRestrictedHistory returns the history of a grant, brought up to the full one.
func (s *service) loadRestrictedHistory(ctx context.Context, current currentState) (*history, error) {
	full, err := s.full.loadHistory(ctx, current.toFull())
	if err != nil {
		return nil, err
	}
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

// copyCovered adds what is new in the full history: every commit, but only the events of scopes that the grant covers.
// The caller holds the lock of h, and that of full for reading.
func (h *history) copyCoveredEvents(full *history, g access.Grant) {
	if h.copied.generation != full.generation {
		h.clear()
		h.copied = copied{generation: full.generation}
	}
	h.commits, h.sequence = full.commits, full.sequence
	for _, ref := range full.scopes[len(h.copied.covered):] {
		h.copied.covered = append(h.copied.covered, g.CoversCluster(ref.ClusterID))
	}
	for ; h.copied.events < len(full.events); h.copied.events++ {
		if e := full.events[h.copied.events]; h.copied.covered[e.scope] {
			fields := full.fields[int32(h.copied.events)]
			h.addEvent(event{commit: e.commit, kind: e.kind}, full.scopes[e.scope], full.images[e.image], fields)
		}
	}
}
