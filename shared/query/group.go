package query

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// firsts keeps the first place of each group of equal values.
func firstOfEachGroup(s *imageSet, places []int32, by []*field) []int32 {
	cols := make([]valueIndex, len(by))
	for i, f := range by {
		cols[i] = s.owner.indexes.complete(s, f, false)
	}
	seen := map[string]bool{}
	var kept []int32
	var key []byte
	for _, p := range places {
		key = key[:0]
		for _, c := range cols {
			key = binary.LittleEndian.AppendUint32(key, uint32(c.valueIDs[s.numbers[p]]))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			kept = append(kept, p)
		}
	}
	return kept
}

// facet counts the values of one field.
type facet struct {
	field  string
	counts []valueCount
}

type valueCount struct {
	value string
	count int
}

// countValues makes a facet for each field over places, the most frequent
// value first. Images without a value count under the empty one.
func countFacets(s *imageSet, places []int32, fields []*field) []facet {
	list := make([]facet, 0, len(fields))
	for _, f := range fields {
		col := s.owner.indexes.complete(s, f, false)
		counts := make([]int, len(col.values))
		for _, p := range places {
			counts[col.valueIDs[s.numbers[p]]]++
		}
		fc := facet{field: f.name}
		for id, n := range counts {
			if n > 0 {
				fc.counts = append(fc.counts, valueCount{col.values[id], n})
			}
		}
		slices.SortFunc(fc.counts, func(a, b valueCount) int {
			return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.value, b.value))
		})
		list = append(list, fc)
	}
	return list
}

func appendFacets(b []byte, facets []facet) []byte {
	b = append(b, '{')
	for i, f := range facets {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.field), ":["...)
		for j, c := range f.counts {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"Value":`...)
			b = appendString(b, c.value)
			b = append(b, `,"Count":`...)
			b = append(strconv.AppendInt(b, int64(c.count), 10), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
