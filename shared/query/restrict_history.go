package query

import (
	"context"

	"community-images/shared/access"
)

// copied is how much a restricted timeline has taken over from the full one.
type copied struct {
	generation int    // of the full timeline
	events     int    // of the full timeline, from its first
	covered    []bool // whether the grant covers a scope, by its place in the full timeline
}

// restrictedTimeline returns the timeline of a grant, brought up to the full one.
func (s *service) restrictedHistory(ctx context.Context, h currentState) (*history, error) {
	full, err := s.full.loadHistory(ctx, currentState{h.full, h.confirmedAt, h.outageSince})
	if err != nil {
		return nil, err
	}
	full.mu.RLock()
	defer full.mu.RUnlock()
	t := s.histories[h.RegionID]
	t.mu.RLock()
	current := t.copied.generation == full.generation && t.sequence == full.sequence
	t.mu.RUnlock()
	if !current {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.copyCovered(full, *s.grant)
	}
	return t, nil
}

// copyCovered adds what is new in the full timeline: every commit, but only the events of scopes that the grant
// covers. The caller holds the lock of t and the read lock of full.
func (t *history) copyCovered(full *history, g access.Grant) {
	if t.copied.generation != full.generation {
		t.clear()
		t.copied = copied{generation: full.generation}
	}
	t.commits, t.sequence = full.commits, full.sequence
	for _, ref := range full.scopes[len(t.copied.covered):] {
		t.copied.covered = append(t.copied.covered, g.Cluster(ref.ClusterID))
	}
	for ; t.copied.events < len(full.events); t.copied.events++ {
		e := full.events[t.copied.events]
		if t.copied.covered[e.scope] {
			t.addEvent(e.commit, full.scopes[e.scope], full.images[e.image], e.kind, full.fields[int32(t.copied.events)])
		}
	}
}
