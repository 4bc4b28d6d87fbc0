package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// firsts keeps the first place of each group of equal values.
func firsts(s *set, places []int32, by []*field) []int32 {
	seen := map[string]bool{}
	var kept []int32
	for _, p := range places {
		var key strings.Builder
		for _, f := range by {
			v := f.text(s.images[p])
			key.WriteString(strconv.Itoa(len(v)) + ":" + v)
		}
		if !seen[key.String()] {
			seen[key.String()] = true
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

// countValues makes a facet for each field over all matches, the most
// frequent value first. Images without a value count under the empty one.
func countValues(s *set, places []int32, fields []*field) []facet {
	list := make([]facet, 0, len(fields))
	for _, f := range fields {
		counts := map[string]int{}
		for _, p := range places {
			counts[f.text(s.images[p])]++
		}
		fc := facet{field: f.name}
		for v, n := range counts {
			fc.counts = append(fc.counts, valueCount{v, n})
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
