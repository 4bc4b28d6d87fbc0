package state

import (
	"maps"
	"slices"

	"community-images/shared/query/fault"
)

// clustersNotFoundError returns the error for names of clusters that are not captured.
// "" is the lists without a cluster. nil: no cluster at all is captured.
func (st *RegionState) clustersNotFoundError(names []string) error {
	return st.newClusterError(names, st.pastSequence())
}

// newClusterError is clustersNotFoundError for clusters that are not captured at a commit
// of the past, which is 0 for now.
func (st *RegionState) newClusterError(names []string, past int64) error {
	e := &fault.ClusterError{Regions: []string{st.RegionID}, Clusters: st.namedClusters(), Past: past}
	for _, name := range names {
		e.Missing = append(e.Missing, fault.MissingCluster{Name: name, IsListed: st.isListed(name)})
	}
	return e
}

// namedClusters lists the clusters in order, with their names: those that are captured,
// and those that E-HPC lists.
func (st *RegionState) namedClusters() (list []fault.NamedCluster) {
	listed := st.ClustersByID()
	ids := append(st.ClusterNames(), slices.Collect(maps.Keys(listed))...)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		list = append(list, fault.NamedCluster{ID: id, Name: listed[id].Name, IsCaptured: st.hasCluster(id)})
	}
	return list
}

// missingIn returns those of some names of clusters that a function does not know, each
// once.
func missingIn(names []string, isKnown func(name string) bool) (missing []string) {
	for _, name := range names {
		if !isKnown(name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	return missing
}
