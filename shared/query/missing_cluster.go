package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// explainMissingCluster adds to an error about a cluster where else it is
// captured, until when it was, or since when it is. People ask for clusters
// that have just ended, and for times at which today's clusters did not exist
// yet. Other errors stay as they are.
func (s *service) explainMissingCluster(ctx context.Context, err error) error {
	// A listed cluster is not captured yet, which the error says already.
	var e *clusterError
	if !errors.As(err, &e) || e.name == allNames || e.listed {
		return err
	}
	// The region of the error is among them: the cluster may have been there.
	for _, region := range s.regions {
		current, err := s.states[region].get(ctx)
		if err != nil {
			continue // the error is true without it
		}
		here := current.hasCluster(e.name)
		// A cluster that another region has needs no look into history.
		if here && region != e.region {
			e.elsewhere = "It is captured in " + region + "."
		}
		if here && (region != e.region || e.past == 0) {
			continue
		}
		t, err := s.loadHistory(ctx, current)
		if err != nil {
			continue
		}
		if text := t.explainCluster(region, e, here); text != "" {
			e.elsewhere = text
		}
	}
	return err
}

// explainCluster says since when a cluster is captured that is here now but was
// not at missing.past, or until when one was captured that is not here now. It
// returns an empty text if the history does not know.
func (h *history) explainCluster(region string, missing *clusterError, isHere bool) string {
	if isHere {
		if first, ok := h.firstCommitWith(missing.name, missing.past); ok {
			return fmt.Sprintf("It was first captured by commit %d at %s: use at=%d or later.",
				first.sequence, first.at, first.sequence)
		}
		return ""
	}
	if last, end, ok := h.lastCommitsOf(missing.name); ok {
		return fmt.Sprintf("It was captured in %s until commit %d at %s: use at=%d.",
			region, end.sequence, end.at, last.sequence)
	}
	return ""
}

// lastCommitsOf returns the commit that removed the last images of a cluster,
// and the one before it. ok is false if the cluster still has images, or if the
// kept history does not reach back far enough.
func (h *history) lastCommitsOf(cluster string) (last, end commitRef, ok bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	// The last event of the cluster is the removal of its last image.
	for _, e := range slices.Backward(h.events) {
		if h.scopes[e.scope].ClusterID == cluster {
			if e.kind != kindRemoved || e.commit == 0 {
				break
			}
			return h.commits[e.commit-1], h.commits[e.commit], true
		}
	}
	return commitRef{}, commitRef{}, false
}

// firstCommitWith returns the first commit after a sequence in which a cluster
// has images.
func (h *history) firstCommitWith(cluster string, after int64) (first commitRef, ok bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, e := range h.events[h.countEventsUpTo(after):] {
		if h.scopes[e.scope].ClusterID == cluster {
			return h.commits[e.commit], true
		}
	}
	return commitRef{}, false
}
