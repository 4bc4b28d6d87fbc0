package imageset

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"community-images/shared/query/field"
	"community-images/shared/query/state"
)

// KeepFirstOfGroups returns the first row of each group of images whose values
// of the fields are equal. dates are the values of derived fields.
func KeepFirstOfGroups(s *Set, rows []int32, fields []*field.Field, dates *state.RegionDates) []int32 {
	// Equal values have equal ids, so groups are found without reading texts.
	indexes := make([]valueIndex, len(fields))
	for i, f := range fields {
		indexes[i] = s.indexField(f, dates, false)
	}
	seen := map[string]bool{} // by the ids of the values, 4 bytes each
	var kept []int32
	var key []byte
	for _, row := range rows {
		key = key[:0]
		for _, index := range indexes {
			key = binary.LittleEndian.AppendUint32(key, uint32(index.valueIDs[s.numbers[row]]))
		}
		// The order of the rows decides which image stands for its group.
		if !seen[string(key)] {
			seen[string(key)] = true
			kept = append(kept, row)
		}
	}
	return kept
}

// Facet holds the counts of the values of one field.
type Facet struct {
	Field string // its documented name
	// Counts are of the values that occur, the most frequent first.
	Counts []valueCount
}

// valueCount is how many images have a value. The value of images without one
// is empty.
type valueCount struct {
	Value string
	// Count is at least 1. An image with several contents counts once for each.
	Count int
}

// CountFacets returns a facet of the images in rows for each field. The most
// frequent value is first. dates are the values of derived fields.
func CountFacets(s *Set, rows []int32, fields []*field.Field, dates *state.RegionDates) []Facet {
	facets := make([]Facet, 0, len(fields))
	for _, f := range fields {
		index := s.indexField(f, dates, false)
		// The index can have values that only other image sets have: they count 0
		// and are left out.
		counts := make([]int, len(index.values))
		for _, row := range rows {
			counts[index.valueIDs[s.numbers[row]]]++
		}
		fc := Facet{Field: f.Name}
		for id, n := range counts {
			if n > 0 {
				fc.Counts = append(fc.Counts, valueCount{index.values[id], n})
			}
		}
		// Values of equal count are in the order of their text, so that equal
		// questions have equal answers.
		slices.SortFunc(fc.Counts, func(a, b valueCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
		})
		facets = append(facets, fc)
	}
	return facets
}
