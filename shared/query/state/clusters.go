package state

import (
	"maps"
	"slices"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// ClusterIDs returns the sorted ids of the clusters that have a scope in the set, with
// content or not.
func (v *ScopeSet) ClusterIDs() []string {
	ids := map[string]bool{}
	for _, scopes := range [][]format.ScopeState{v.Scopes, v.empty} {
		for i := range scopes {
			if scopes[i].ClusterID != "" {
				ids[scopes[i].ClusterID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// ScopesOfClusters returns the set of all scopes of some clusters, which may be empty. It
// is not cached, but it is the set of everything if that has no other content.
func (st *RegionState) ScopesOfClusters(ids []string) *ScopeSet {
	set := st.newScopeSet(true, true)
	for _, id := range ids {
		for _, sc := range st.ScopesOf(id) {
			set.addScope(sc)
		}
	}
	if all := st.AllScopes(); len(all.Scopes) == len(set.Scopes) {
		return all
	}
	set.Finish()
	return set
}

// LogNumber counts the logs that this instance has seen of the region.
func (st *RegionState) LogNumber() int { return st.logNumber }

// ClusterName returns the name of a cluster, as E-HPC lists it; empty: it has none, or is
// not listed.
func (st *RegionState) ClusterName(id string) string {
	clusters := st.WithListing().Clusters()
	i, found := slices.BinarySearchFunc(clusters, id, func(c catalog.Cluster, id string) int {
		return strings.Compare(c.ClusterID, id)
	})
	if !found {
		return ""
	}
	return clusters[i].Name
}
