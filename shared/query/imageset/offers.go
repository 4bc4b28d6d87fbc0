package imageset

import (
	"slices"
	"strconv"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// clustersOffering returns the sorted ids of the clusters that offer the image
// of a row. scopesOf is in canonical order, so equal clusters stand together.
func (s *Set) clustersOffering(row int32) []string {
	var ids []string
	for _, i := range s.ScopesOf[row] {
		if id := s.Scopes[i].ClusterID; id != "" && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// typesOffering returns the sorted instance types with which the image of a row
// is offered. They are sorted here: the canonical order is by cluster first.
func (s *Set) typesOffering(row int32) []string {
	var types []string
	for _, i := range s.ScopesOf[row] {
		if t := s.Scopes[i].InstanceType; t != "" {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// OffersOf lists the scopes that offer the image in a row, in canonical order.
func (s *Set) OffersOf(row int32) []format.ScopeRef {
	if s.ScopesOf == nil {
		return []format.ScopeRef{{ClusterID: s.Scopes[0].ClusterID, InstanceType: s.Scopes[0].InstanceType}}
	}
	var offers []format.ScopeRef
	for _, i := range s.ScopesOf[row] {
		offers = append(offers, format.ScopeRef{
			ClusterID: s.Scopes[i].ClusterID, InstanceType: s.Scopes[i].InstanceType,
		})
	}
	return offers
}

// OfferingClusters lists the clusters that offer the image in a row. Lists
// without a cluster are left out.
func (s *Set) OfferingClusters(row int32) []string {
	if s.ScopesOf != nil {
		return s.clustersOffering(row)
	}
	return listUnlessEmpty(s.Scopes[0].ClusterID)
}

// OfferingTypes lists the instance types for which the image in a row is offered.
// Lists without an instance type are left out.
func (s *Set) OfferingTypes(row int32) []string {
	if s.ScopesOf != nil {
		return s.typesOffering(row)
	}
	return listUnlessEmpty(s.Scopes[0].InstanceType)
}

// listUnlessEmpty returns a list of the name, or nil if the name is empty.
func listUnlessEmpty(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// LastCheckOf returns the time of the last check that found one of the rows
// from to to-1. scopes are those of the present request: s may have been built
// for earlier scopes with the same content.
func (s *Set) LastCheckOf(scopes *state.ScopeSet, from, to int) (last catalog.Time) {
	for row := from; row < to; row++ {
		for _, i := range s.ScopesOf[row] {
			if at := scopes.Scopes[i].CheckedAt; at.After(last.Time) {
				last = at
			}
		}
	}
	return last
}

// ListOfferingScopes returns the clusters and instance types that offer one of
// the rows from to to-1. everyCluster is true if the list without a cluster has
// one.
func (s *Set) ListOfferingScopes(from, to int) (clusters, types []string, everyCluster bool) {
	for row := from; row < to; row++ {
		clusters = append(clusters, s.clustersOffering(int32(row))...)
		types = append(types, s.typesOffering(int32(row))...)
		// The list without a cluster has the images that every cluster
		// supports.
		hasNoCluster := func(i int32) bool { return s.Scopes[i].ClusterID == "" }
		everyCluster = everyCluster || slices.ContainsFunc(s.ScopesOf[row], hasNoCluster)
	}
	slices.Sort(clusters)
	slices.Sort(types)
	return slices.Compact(clusters), slices.Compact(types), everyCluster
}

// CellText returns the text of a column for the image in a row of the set. The column
// must not be of a derived field.
func (s *Set) CellText(c field.Column, row int32) string {
	switch {
	// Names in a cell are joined by ";", since "," separates cells.
	case c.Field != nil:
		return c.Field.ValueOf(s.Image(row))
	case c.Name == field.ColumnClusters:
		return strings.Join(s.OfferingClusters(row), ";")
	case c.Name == field.ColumnOffers:
		var offers []string
		for _, o := range s.OffersOf(row) {
			offers = append(offers, request.AnyIfEmpty(o.ClusterID)+"/"+request.AnyIfEmpty(o.InstanceType))
		}
		return strings.Join(offers, ";")
	case c.Name == field.ColumnContentDiffers:
		return strconv.FormatBool(s.DifferingIDs[s.Image(row).ImageID])
	}
	return strings.Join(s.OfferingTypes(row), ";")
}
