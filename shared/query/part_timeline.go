package query

import "context"

// taken is how much a part's timeline has of the whole one's.
type taken struct {
	cleared int // of the whole, when the part began
	commits int
	events  int
	covers  []bool // scopes, by their place in the whole
}

// takePart brings the timeline of a part up to the whole one's.
func (s *service) takePart(ctx context.Context, t *timeline, h head) error {
	if h.Sequence == 0 { // no commit that is kept concerns the grant
		return nil
	}
	whole, err := s.whole.timeline(ctx, head{h.whole, h.readAt, h.outage})
	if err != nil {
		return err
	}
	whole.mu.RLock()
	defer whole.mu.RUnlock()
	t.mu.RLock()
	current := t.of.cleared == whole.cleared && t.of.commits == len(whole.commits)
	t.mu.RUnlock()
	if !current {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.take(whole, s)
	}
	return nil
}

// take adds what is new in the whole. Commits and events of others are left
// out; what is left keeps its number, but not its place among others.
func (t *timeline) take(whole *timeline, s *service) {
	if t.of.cleared != whole.cleared {
		t.clear()
		t.of = taken{cleared: whole.cleared}
	}
	if len(whole.commits) > 0 {
		t.origin = whole.commits[0]
	}
	for _, ref := range whole.scopes[len(t.of.covers):] {
		t.of.covers = append(t.of.covers, s.grant.Cluster(ref.ClusterID))
	}
	for ; t.of.commits < len(whole.commits); t.of.commits++ {
		c := whole.commits[t.of.commits]
		concerned := c.concerns(*s.grant)
		if concerned {
			t.commits = append(t.commits, c)
			t.sequence = c.sequence
		}
		for ; t.of.events < len(whole.events) && int(whole.events[t.of.events].commit) == t.of.commits; t.of.events++ {
			if e := whole.events[t.of.events]; t.of.covers[e.scope] {
				t.add(whole.scopes[e.scope], whole.images[e.image], e.kind, whole.fields[int32(t.of.events)])
			}
		}
	}
}
