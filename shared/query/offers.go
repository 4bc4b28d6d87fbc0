package query

import (
	"slices"

	"community-images/shared/catalog"
)

// clustersOffering returns the sorted ids of the clusters that offer the image
// of a row. scopesOf is in canonical order, so equal clusters stand together.
func (s *imageSet) clustersOffering(row int32) []string {
	var ids []string
	for _, i := range s.scopesOf[row] {
		if id := s.scopes[i].ClusterID; id != "" && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// typesOffering returns the sorted instance types with which the image of a row
// is offered. They are sorted here: the canonical order is by cluster first.
func (s *imageSet) typesOffering(row int32) []string {
	var types []string
	for _, i := range s.scopesOf[row] {
		if t := s.scopes[i].InstanceType; t != "" {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// offeringClusters lists the clusters that offer the image in a row. Lists
// without a cluster are left out.
func (s *imageSet) offeringClusters(row int32) []string {
	if s.scopesOf != nil {
		return s.clustersOffering(row)
	}
	return listUnlessEmpty(s.scopes[0].ClusterID)
}

// offeringTypes lists the instance types for which the image in a row is offered.
// Lists without an instance type are left out.
func (s *imageSet) offeringTypes(row int32) []string {
	if s.scopesOf != nil {
		return s.typesOffering(row)
	}
	return listUnlessEmpty(s.scopes[0].InstanceType)
}

// listUnlessEmpty returns a list of the name, or nil if the name is empty.
func listUnlessEmpty(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// lastCheckOf returns the time of the last check that found one of the rows
// from to to-1. scopes are those of the present request: s may have been built
// for earlier scopes with the same content.
func (s *imageSet) lastCheckOf(scopes *scopeSet, from, to int) (last catalog.Time) {
	for row := from; row < to; row++ {
		for _, i := range s.scopesOf[row] {
			if at := scopes.scopes[i].CheckedAt; at.After(last.Time) {
				last = at
			}
		}
	}
	return last
}

// listOfferingScopes returns the clusters and instance types that offer one of
// the rows from to to-1. everyCluster is true if the list without a cluster has
// one.
func (s *imageSet) listOfferingScopes(from, to int) (clusters, types []string, everyCluster bool) {
	for row := from; row < to; row++ {
		clusters = append(clusters, s.clustersOffering(int32(row))...)
		types = append(types, s.typesOffering(int32(row))...)
		// The list without a cluster has the images that every cluster
		// supports.
		hasNoCluster := func(i int32) bool { return s.scopes[i].ClusterID == "" }
		everyCluster = everyCluster || slices.ContainsFunc(s.scopesOf[row], hasNoCluster)
	}
	slices.Sort(clusters)
	slices.Sort(types)
	return slices.Compact(clusters), slices.Compact(types), everyCluster
}
