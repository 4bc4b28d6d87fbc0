package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// lookBack adds to an error about a cluster where else it is captured, or until
// when it was: people ask for clusters that have just gone.
func (s *service) lookBack(ctx context.Context, err error) error {
	var e *clusterError
	if !errors.As(err, &e) || e.name == all || e.listed {
		return err
	}
	for _, region := range s.regions {
		h, err := s.heads[region].get(ctx)
		if err != nil {
			continue
		}
		if h.captured(e.name) {
			if region != e.region {
				e.elsewhere = "; it is captured in " + region
			}
			continue
		}
		t, err := s.timeline(ctx, h)
		if err != nil {
			continue // the error is true without it
		}
		if last, end, ok := t.end(e.name); ok {
			e.elsewhere = fmt.Sprintf("; it was captured in %s until commit %d of %s, ask for it with at=%d", region, end.sequence, end.at, last.sequence)
		}
	}
	return err
}

// end is the commit in which the last images of a cluster were removed, and
// the one before it.
func (t *timeline) end(cluster string) (last, end deed, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, e := range slices.Backward(t.events) {
		if t.scopes[e.scope].ClusterID == cluster {
			if e.kind != removed || e.commit == 0 {
				break
			}
			return t.commits[e.commit-1], t.commits[e.commit], true
		}
	}
	return deed{}, deed{}, false
}
