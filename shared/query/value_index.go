package query

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"community-images/shared/catalog"
)

// indexes know the values of the fields that were asked for, as small numbers:
// a filter then decides once for a value and not for each image that has it, an
// order compares numbers, and neither touches the images, which lie all over
// the memory. They grow as images and fields are met.
type valueIndexes struct {
	mu      sync.Mutex
	byField []valueIndex // by field.place
}

// index is one field. What a reader holds stays right while the index grows.
type valueIndex struct {
	valueIDs []int32          // by catalog.Image.Number: the place of its value in values; 0: not met yet
	values   []string         // values[0] is nobody's, values[1] is empty: no value
	ids      map[string]int32 // places in values
	ranks    []int32          // by place in values, equal ones sharing a rank; shorter than values: out of date
}

// noValue is the place of the value of images that have none.
const missingValueID = 1

// index returns a field's index, complete for the images of s, and with
// ranks if those are wanted.
func (c *valueIndexes) complete(s *imageSet, f *field, ranked bool) valueIndex {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.byField) <= f.index {
		c.byField = append(c.byField, valueIndex{values: []string{"", ""}, ids: map[string]int32{"": missingValueID}})
	}
	col := &c.byField[f.index]
	if bit := uint64(1) << f.index; s.indexed&bit == 0 {
		for i := range s.list.len() {
			col.addImage(f, s.list.at(i))
		}
		s.indexed |= bit
	}
	if ranked && len(col.ranks) < len(col.values) {
		col.rankValues(f)
	}
	return *col
}

func (c *valueIndex) addImage(f *field, im *catalog.Image) {
	if n := int(im.Number) + 1 - len(c.valueIDs); n > 0 {
		c.valueIDs = append(c.valueIDs, make([]int32, n)...)
	}
	if c.valueIDs[im.Number] != 0 {
		return
	}
	value := f.valueOf(im)
	id, known := c.ids[value]
	if !known {
		id = int32(len(c.values))
		c.values = append(c.values, value)
		c.ids[value] = id
	}
	c.valueIDs[im.Number] = id
}

// rank orders the values.
func (c *valueIndex) rankValues(f *field) {
	order := make([]int32, 0, len(c.values))
	for id := missingValueID + 1; id < len(c.values); id++ {
		order = append(order, int32(id))
	}
	slices.SortFunc(order, func(a, b int32) int { return f.compareValues(c.values[a], c.values[b]) })
	ranks := make([]int32, len(c.values))
	for i, id := range order {
		ranks[id] = int32(i + 1)
		if i > 0 && f.compareValues(c.values[order[i-1]], c.values[id]) == 0 {
			ranks[id] = ranks[order[i-1]]
		}
	}
	c.ranks = ranks
}

// verdicts apply a test to the values of a index, each once.
type memoTest struct {
	valueIndex
	test    func(string) bool
	results []int8 // by place in values: 0 not asked yet, 1 holds, -1 does not
}

// length is how many bytes the values of the images at places have, each once.
func (v *memoTest) distinctBytes(s *imageSet, places []int32) (n int) {
	seen := make([]bool, len(v.values))
	for _, p := range places {
		if id := v.valueIDs[s.numbers[p]]; !seen[id] {
			seen[id] = true
			n += len(v.values[id]) + 1
		}
	}
	return n
}

func (v *memoTest) accepts(number int32) bool {
	id := v.valueIDs[number]
	if v.results[id] == 0 {
		v.results[id] = -1
		if v.test(v.values[id]) {
			v.results[id] = 1
		}
	}
	return v.results[id] > 0
}

// arrange sorts places of s by the keys: images without a value last in either
// direction, ties in canonical order.
func (c *valueIndexes) sortPlaces(s *imageSet, keys []sortKey, places []int32) {
	cols := make([]valueIndex, len(keys))
	for i, k := range keys {
		cols[i] = c.complete(s, k.field, true)
	}
	rank := func(i int, place int32) int32 {
		r := cols[i].ranks[cols[i].valueIDs[s.numbers[place]]]
		switch {
		case r == 0:
			return math.MaxInt32
		case keys[i].desc:
			return -r
		}
		return r
	}
	ranked := make([]rankedPlace, len(places))
	for i, p := range places {
		ranked[i] = rankedPlace{rank(0, p), p}
	}
	slices.SortFunc(ranked, func(a, b rankedPlace) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		for i := 1; i < len(keys); i++ {
			if d := cmp.Compare(rank(i, a.place), rank(i, b.place)); d != 0 {
				return d
			}
		}
		return cmp.Compare(a.place, b.place)
	})
	for i, r := range ranked {
		places[i] = r.place
	}
}

// rankedPlace is a place with its rank by the first key.
type rankedPlace struct{ rank, place int32 }
