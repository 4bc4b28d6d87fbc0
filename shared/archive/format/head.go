package format

import (
	"maps"
	"slices"
	"strings"

	"community-images/shared/alias"
	"community-images/shared/catalog"
)

// Head is the state of a region after a commit. The stored head is that of the last one;
// a state of the past has no HeadInfo. A head that was read decodes the rows of its tables
// when they are asked for. It may be shared freely as long as nobody changes it.
type Head struct {
	// RegionID names the region.
	RegionID string
	// Sequence is the number of the last commit. It is 0 if there is none yet.
	Sequence int64
	// CommittedAt is the time of the last commit.
	CommittedAt catalog.Time
	// stored has the tables if they are still those of the head. It is nil if scopes
	// and clusters have them.
	stored *headTables
	// scopes is in canonical order, each scope once.
	scopes []ScopeState
	// clusters is sorted by ClusterId, each cluster once.
	clusters []catalog.Cluster
	// Aliases is sorted by name.
	Aliases alias.List
	// Files has the months of the log, oldest first.
	Files []LogFile
	// SimulatedUntil is the time of the last commit with SimulatedTrigger. It is zero if
	// there is none.
	SimulatedUntil catalog.Time

	// HeadInfo is not part of the history: states of the past lack it.
	HeadInfo

	// Log is where in the log this state stands.
	Log LogPosition
}

// LineHash returns the SHA-256 of the last commit's line, as Commit.LineHash. It
// is empty if there is no commit. Two states of a region with one hash have one
// history.
func (h *Head) LineHash() string { return h.Log.Hash }

// Scopes returns all scopes in canonical order, each scope once. The list must
// not be changed.
func (h *Head) Scopes() []ScopeState {
	if h.stored != nil {
		return h.stored.scopes.allRows()
	}
	return h.scopes
}

// ScopeCount returns the number of scopes.
func (h *Head) ScopeCount() int {
	if h.stored != nil {
		return h.stored.scopes.count
	}
	return len(h.scopes)
}

// Clusters returns all clusters, sorted by ClusterId, each cluster once. The list
// must not be changed.
func (h *Head) Clusters() []catalog.Cluster {
	if h.stored != nil {
		return h.stored.clusters.allRows()
	}
	return h.clusters
}

// Scope returns the state of a scope. ok is false if the region does not have
// the scope.
func (h *Head) Scope(s catalog.Scope) (state ScopeState, ok bool) {
	scopes := h.scopes
	if h.stored != nil {
		scopes = h.stored.scopes.rowsOf(s.ClusterID)
	}
	at, ok := findScope(scopes, s.ClusterID, s.InstanceType)
	if !ok {
		return ScopeState{}, false
	}
	return scopes[at], true
}

// ScopesOf returns the scopes of a cluster. For "" it returns those without a
// cluster.
func (h *Head) ScopesOf(cluster string) []ScopeState {
	if h.stored != nil {
		return h.stored.scopes.rowsOf(cluster)
	}
	from, _ := h.findScope(cluster, "")
	to := from
	for to < len(h.scopes) && h.scopes[to].ClusterID == cluster {
		to++
	}
	return h.scopes[from:to:to]
}

// findScope is the function findScope for h.scopes.
func (h *Head) findScope(cluster, instanceType string) (at int, found bool) {
	return findScope(h.scopes, cluster, instanceType)
}

// Cluster returns the cluster with an id. ok is false if the region does not
// have it.
func (h *Head) Cluster(id string) (cluster catalog.Cluster, ok bool) {
	clusters := h.clusters
	if h.stored != nil {
		clusters = h.stored.clusters.rowsOf(id)
	}
	at, ok := slices.BinarySearchFunc(clusters, id, func(c catalog.Cluster, id string) int {
		return strings.Compare(c.ClusterID, id)
	})
	if !ok {
		return catalog.Cluster{}, false
	}
	return clusters[at], true
}

// ClustersByID returns a new map of the clusters.
func (h *Head) ClustersByID() map[string]catalog.Cluster {
	clusters := h.Clusters()
	byID := make(map[string]catalog.Cluster, len(clusters))
	for _, c := range clusters {
		byID[c.ClusterID] = c
	}
	return byID
}

// WithTables returns a copy of h that has other scopes and clusters. Both must be in
// canonical order.
func (h *Head) WithTables(scopes []ScopeState, clusters []catalog.Cluster) *Head {
	c := *h
	c.stored, c.scopes, c.clusters = nil, scopes, clusters
	return &c
}

// Clone returns a copy with tables of its own, which may be changed.
func (h *Head) Clone() *Head {
	c := h.WithTables(slices.Clone(h.Scopes()), slices.Clone(h.Clusters()))
	c.Files = slices.Clone(h.Files)
	return c
}

// setClusters replaces the clusters of h.
func (h *Head) setClusters(byID map[string]catalog.Cluster) {
	h.clusters = make([]catalog.Cluster, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		h.clusters = append(h.clusters, byID[id])
	}
}

// LogMonth returns the month of the log to which runs append.
func (h *Head) LogMonth() string { return h.Log.Month }
