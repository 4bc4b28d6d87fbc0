package imageset

import (
	"cmp"
	"slices"
	"strings"

	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// CountAlternatives is CountFacets for people who choose among values. The counts of a field
// are of the images that match a filter without the conditions that name the field alone,
// without an operator, so that its other values can be seen. matches are the rows that match
// the whole filter. It returns an error if the expressions would take too long.
func (s *Set) CountAlternatives(f Filter, matches []int32, fields []*field.Field) ([]Facet, error) {
	f.Sort = nil
	facets := make([]Facet, 0, len(fields))
	for _, fd := range fields {
		rows, others := matches, f
		others.Conditions = slices.DeleteFunc(slices.Clone(f.Conditions), func(p filter.Predicate) bool {
			return p.Name == fd.Name
		})
		if len(others.Conditions) < len(f.Conditions) {
			var err error
			if rows, err = s.SelectRows(others); err != nil {
				return nil, err
			}
		}
		facets = append(facets, CountFacets(s, rows, []*field.Field{fd}, f.Dates)...)
	}
	return facets, nil
}

// CountClusters returns a facet of the clusters that offer the images in rows, by their ids.
// The set must be one of several scopes.
func (s *Set) CountClusters(rows []int32) Facet {
	counts := make([]int, len(s.Scopes)) // by the first scope of a cluster
	first := s.firstScopes()
	for _, row := range rows {
		last := int32(-1)
		for _, i := range s.ScopesOf[row] {
			if of := first[i]; of != last { // the scopes of a cluster follow each other
				counts[of]++
				last = of
			}
		}
	}
	facet := Facet{Field: field.ColumnClusters}
	for i, n := range counts {
		if id := s.Scopes[i].ClusterID; id != "" && n > 0 {
			facet.Counts = append(facet.Counts, valueCount{id, n})
		}
	}
	slices.SortFunc(facet.Counts, func(a, b valueCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return facet
}

// firstScopes returns for each scope the position of the first one of its cluster.
func (s *Set) firstScopes() []int32 {
	first := make([]int32, len(s.Scopes))
	for i := range s.Scopes {
		first[i] = int32(i)
		if i > 0 && s.Scopes[i].ClusterID == s.Scopes[i-1].ClusterID {
			first[i] = first[i-1]
		}
	}
	return first
}

// ClustersOfSet returns the ids of the clusters of the set, in order, each once.
func (s *Set) ClustersOfSet() []string {
	var ids []string
	for i := range s.Scopes {
		if id := s.Scopes[i].ClusterID; id != "" && (len(ids) == 0 || ids[len(ids)-1] != id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// ValueReader returns a function that reads the values of a field, which must not be derived.
// It is for many rows of many answers: the values are found once for each image of the set.
func (s *Set) ValueReader(f *field.Field) func(row int32) string {
	index := s.indexField(f, nil, false)
	return func(row int32) string { return index.values[index.valueIDs[s.numbers[row]]] }
}
