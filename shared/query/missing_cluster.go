package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// lookBack adds to an error about a cluster where else it is captured, until
// when it was, or since when it is: people ask for clusters that have just gone,
// and for a past in which those of today were not there yet.
func (s *service) explainMissingCluster(ctx context.Context, err error) error {
	var e *clusterError
	if !errors.As(err, &e) || e.name == allNames || e.listed {
		return err
	}
	for _, region := range s.regions {
		h, err := s.states[region].get(ctx)
		if err != nil {
			continue
		}
		here := h.hasCluster(e.name)
		if here && region != e.region {
			e.elsewhere = "; it is captured in " + region
		}
		if here && (region != e.region || e.past == 0) {
			continue
		}
		t, err := s.loadHistory(ctx, h)
		if err != nil {
			continue // the error is true without it
		}
		if here {
			if came, ok := t.firstCommitWith(e.name, e.past); ok {
				e.elsewhere = fmt.Sprintf("; it came with commit %d of %s, ask for it with at=%d or later", came.sequence, came.at, came.sequence)
			}
			continue
		}
		if last, end, ok := t.lastCommitsOf(e.name); ok {
			e.elsewhere = fmt.Sprintf("; it was captured in %s until commit %d of %s, ask for it with at=%d", region, end.sequence, end.at, last.sequence)
		}
	}
	return err
}

// end is the commit in which the last images of a cluster were removed, and
// the one before it.
func (t *history) lastCommitsOf(cluster string) (last, end commitRef, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, e := range slices.Backward(t.events) {
		if t.scopes[e.scope].ClusterID == cluster {
			if e.kind != kindRemoved || e.commit == 0 {
				break
			}
			return t.commits[e.commit-1], t.commits[e.commit], true
		}
	}
	return commitRef{}, commitRef{}, false
}

// comes is the first commit after one of a number in which a cluster has
// images.
func (t *history) firstCommitWith(cluster string, after int64) (commitRef, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, e := range t.events[t.countEventsUpTo(after):] {
		if t.scopes[e.scope].ClusterID == cluster {
			return t.commits[e.commit], true
		}
	}
	return commitRef{}, false
}
