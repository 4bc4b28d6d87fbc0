package imageset

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/state"
)

// valueIndexes number the distinct values of the fields that lookups use. A
// filter then tests each value once instead of each image, a sort compares
// numbers, and neither touches the images, which lie all over the memory. The
// indexes grow as images and fields are met.
type valueIndexes struct {
	mu      sync.Mutex
	byField []valueIndex // by Field.Index
}

// valueIndex numbers the distinct values of one field. A copy stays valid
// while the index grows.
type valueIndex struct {
	valueIDs []int32          // by catalog.Image.Number: the index of its value in values; 0: not known yet
	values   []string         // values[0] is not used, values[missingValueID] is empty
	ids      map[string]int32 // by value: its index in values
	ranks    []int32          // by index in values, equal values share one; shorter than values: out of date
}

// missingValueID is the id of the value of images without one.
const missingValueID = 1

// indexField returns the index of a field with every image of the set in it. dates are
// the values of a derived field. Its ranks are up to date if ranked is set.
func (s *Set) indexField(f *field.Field, dates *state.RegionDates, ranked bool) valueIndex {
	if f.IsDerived {
		return s.indexDates(f, dates)
	}
	return s.Owner.indexes.indexField(s, f, ranked)
}

// indexDates returns an index of a derived field for one lookup. It is not kept: the same
// image has other dates in another state.
func (s *Set) indexDates(f *field.Field, dates *state.RegionDates) valueIndex {
	index := newValueIndex()
	for i := range s.list.Len() {
		im := s.list.At(i)
		index.addValue(im.Number, dates.TextOf(f, im.ImageID))
	}
	index.rankValues(f)
	return index
}

// newValueIndex returns an index that knows no image.
func newValueIndex() valueIndex {
	return valueIndex{values: []string{"", ""}, ids: map[string]int32{"": missingValueID}}
}

// indexField returns the index of a field with every image of s in it. Its
// ranks are up to date if ranked is set.
func (x *valueIndexes) indexField(s *Set, f *field.Field, ranked bool) valueIndex {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.byField) <= f.Index {
		x.byField = append(x.byField, newValueIndex())
	}
	index := &x.byField[f.Index]
	// A set that is in the index stays in it, so one bit for each field is enough
	// to skip the images the next time. There are fewer than 64 fields.
	if bit := uint64(1) << f.Index; s.indexed&bit == 0 {
		for i := range s.list.Len() {
			index.addImage(f, s.list.At(i))
		}
		s.indexed |= bit
	}
	if ranked && len(index.ranks) < len(index.values) {
		index.rankValues(f)
	}
	return *index
}

// addImage adds the value of an image. The caller holds the lock.
func (x *valueIndex) addImage(f *field.Field, im *catalog.Image) {
	if int(im.Number) >= len(x.valueIDs) || x.valueIDs[im.Number] == 0 {
		x.addValue(im.Number, f.ValueOf(im))
	}
}

// addValue sets the value of the image with a catalog.Image.Number.
func (x *valueIndex) addValue(number int32, value string) {
	if n := int(number) + 1 - len(x.valueIDs); n > 0 {
		x.valueIDs = append(x.valueIDs, make([]int32, n)...)
	}
	id, known := x.ids[value]
	if !known {
		id = int32(len(x.values))
		x.values = append(x.values, value)
		x.ids[value] = id
	}
	x.valueIDs[number] = id
}

// rankValues ranks all values from 1. It makes a new slice, because copies of
// the index use the old one. The caller holds the lock.
func (x *valueIndex) rankValues(f *field.Field) {
	order := make([]int32, 0, len(x.values))
	for id := missingValueID + 1; id < len(x.values); id++ {
		order = append(order, int32(id))
	}
	slices.SortFunc(order, func(a, b int32) int { return f.CompareValues(x.values[a], x.values[b]) })
	ranks := make([]int32, len(x.values))
	for i, id := range order {
		ranks[id] = int32(i + 1)
		if i > 0 && f.CompareValues(x.values[order[i-1]], x.values[id]) == 0 {
			ranks[id] = ranks[order[i-1]]
		}
	}
	x.ranks = ranks
}

// memoTest applies a test to the values of an index, to each at most once. It
// belongs to one lookup.
type memoTest struct {
	valueIndex
	test    func(value string) bool
	results []int8 // by index in values: 0 not tested yet, 1 passed, -1 failed
}

// countDistinctBytes returns the length of the distinct values of the images in
// rows, each with one byte more, so that empty values count too.
func (t *memoTest) countDistinctBytes(s *Set, rows []int32) (n int) {
	seen := make([]bool, len(t.values))
	for _, row := range rows {
		if id := t.valueIDs[s.numbers[row]]; !seen[id] {
			seen[id] = true
			n += len(t.values[id]) + 1
		}
	}
	return n
}

// accepts returns true if the value of the image with a catalog.Image.Number
// passes the test.
func (t *memoTest) accepts(number int32) bool {
	id := t.valueIDs[number]
	if t.results[id] == 0 {
		t.results[id] = -1
		if t.test(t.values[id]) {
			t.results[id] = 1
		}
	}
	return t.results[id] > 0
}

// rankedRow is a row with the rank of its image by the first sort key.
type rankedRow struct{ rank, row int32 }

// sortRows sorts rows by the keys of a filter, in place. Images without a value come
// last in either direction, equal ones stay in the order of the set.
func (s *Set) sortRows(f Filter, rows []int32) {
	keys := f.Sort
	indexes := make([]valueIndex, len(keys))
	for i, key := range keys {
		indexes[i] = s.indexField(key.Field, f.Dates, true)
	}
	// A key is compared by ranks: numbers instead of texts.
	rankBy := func(key int, row int32) int32 {
		rank := indexes[key].ranks[indexes[key].valueIDs[s.numbers[row]]]
		switch {
		case rank == 0: // no value
			return math.MaxInt32
		case keys[key].Desc:
			return -rank
		}
		return rank
	}
	// Most pairs differ in the first key already, so its rank is looked up once.
	ranked := make([]rankedRow, len(rows))
	for i, row := range rows {
		ranked[i] = rankedRow{rankBy(0, row), row}
	}
	slices.SortFunc(ranked, func(a, b rankedRow) int {
		if a.rank != b.rank {
			return cmp.Compare(a.rank, b.rank)
		}
		for key := 1; key < len(keys); key++ {
			if c := cmp.Compare(rankBy(key, a.row), rankBy(key, b.row)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.row, b.row)
	})
	for i, r := range ranked {
		rows[i] = r.row
	}
}
