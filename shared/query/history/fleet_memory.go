package history

import (
	"sync"

	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// fleetMemory keeps the last fleet of each region, of all clusters that the callers of
// one grant may see. A commit changes little, so the next fleet needs only the commits
// after it. It is safe for concurrent use.
type fleetMemory struct {
	mu    sync.Mutex
	fleet map[string]*keptFleet // by region; guarded by mu
}

// keptFleet is a fleet that is known without a problem. It must not be changed.
type keptFleet struct {
	*Fleet
	lineHash  string // of the last commit
	sequence  int64  // of that commit
	logNumber int    // of the log that has it
}

// find returns the boot images of some clusters, given by their sorted ids; nil: the
// fleet of the state is not kept.
func (m *fleetMemory) find(state *state.RegionState, ids []string) *Fleet {
	kept := m.last(state)
	if kept == nil || !state.Live || kept.lineHash != state.LineHash() {
		return nil
	}
	f := &Fleet{}
	for _, id := range ids {
		b := kept.Find(id)
		if b == nil {
			return nil
		}
		f.Images = append(f.Images, *b)
	}
	return f
}

// last returns the kept fleet of the log that a state is of; nil: there is none.
func (m *fleetMemory) last(state *state.RegionState) *keptFleet {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.fleet[state.RegionID]
	if kept == nil || kept.logNumber != state.LogNumber() || kept.sequence > state.Sequence {
		return nil
	}
	return kept
}

// put keeps a fleet if it is of the present, of all clusters and without a problem.
func (m *fleetMemory) put(state *state.RegionState, f *Fleet) {
	if !state.Live || len(f.Problems) > 0 || len(f.Images) != len(state.ClusterNames()) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fleet == nil {
		m.fleet = map[string]*keptFleet{}
	}
	m.fleet[state.RegionID] = &keptFleet{f, state.LineHash(), state.Sequence, state.LogNumber()}
}

// lossOf returns what the fleet says of a boot image that no list has; nil: it had one
// then, or the cluster booted from another.
func (k *keptFleet) lossOf(b *BootImage) *BootImage {
	known := k.Find(b.Cluster.ClusterID)
	if known == nil || known.Cluster.ImageID != b.Cluster.ImageID || known.State == request.ImageOffered ||
		known.State == request.ImageUnknown {
		return nil
	}
	return known
}
