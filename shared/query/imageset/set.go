package imageset

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/lru"
	"community-images/shared/query/state"
)

// Set holds the images of several scopes, each content once, in canonical
// order: by ImageId, then by content. An image is named by its row, its
// position in that order. A set depends on snapshots alone, so it never goes
// out of date. Many sets exist at once, and most images are in many of them. A
// set holds references to shared images, not copies.
type Set struct {
	// list has the images by row.
	list List
	// ScopesOf holds for each row the positions in scopes of the scopes that
	// offer the image; nil in a set of a single scope.
	ScopesOf [][]int32
	// Scopes are those of the scope set that was loaded, in canonical order.
	Scopes           []format.ScopeState
	QuotedClusterIDs []string // ClusterIds of scopes as JSON, empty for no cluster; nil with scopesOf
	ByType           bool     // answers show instance types

	allRows      []int32         // 0, 1, 2, …; must not be changed
	numbers      []int32         // catalog.Image.Number of each row
	DifferingIDs map[string]bool // ImageIds with several contents, offered by different scopes
	Owner        *Cache

	indexed        uint64 // the fields whose indexes know the images, as bits; guarded by indexes.mu
	textGeneration int    // the generation of the texts that knows the images; guarded by texts.mu
}

// Len returns the number of images.
func (s *Set) Len() int { return s.list.Len() }

// Image returns the image of a row.
func (s *Set) Image(row int32) *catalog.Image { return s.list.At(int(row)) }

// Cache builds image sets and keeps those that were used last, and the
// indexes that all of them share. A set is found by the digests of its scopes.
// So two moments, or two callers, that see the same lists share it.
type Cache struct {
	Lists   *listLoader
	texts   textIndex    // for q
	indexes valueIndexes // for filters, sorting and counting
	// Renamed remembers which images may have members that answers add themselves.
	Renamed renamedImages
	// kept has sets by digest and form. Costs are bytes.
	kept *lru.Cache[string, *Set]
}

// maxSetBytes bounds the merged image sets in memory, approximately.
const maxSetBytes = 16 << 20

// NewCache returns an empty cache of sets whose lists come from a loader.
func NewCache(lists *listLoader) *Cache {
	return &Cache{Lists: lists, kept: lru.New[string, *Set](maxSetBytes)}
}

// Load returns the image set of scopes. It reads the lists that are not cached.
// Two calls may build the same set at once; the later one is kept.
func (c *Cache) Load(ctx context.Context, scopes *state.ScopeSet) (*Set, error) {
	// Sets of the same lists differ in what they know of their scopes.
	key := scopes.Digest
	if scopes.ByType {
		key += "t"
	}
	if scopes.Several {
		key += "m"
	}
	if s, ok := c.kept.Get(key); ok {
		return s, nil
	}
	// It loads the whole index at once if many lists are missing.
	lists, err := c.Lists.LoadLists(ctx, scopes.Region, scopes.Scopes, scopes.IndexSequence)
	if err != nil {
		return nil, err
	}
	s := &Set{Scopes: scopes.Scopes, ByType: scopes.ByType, Owner: c}
	size := 256 // bytes, roughly
	if scopes.Several {
		s.quoteClusterIDs()
		s.mergeLists(lists)
		for _, of := range s.ScopesOf {
			size += 32 + 4*len(of)
		}
	} else {
		// Nothing to merge. The list is shared with the cache of lists.
		s.list = lists[0]
	}
	s.allRows = countUp(s.list.Len())
	s.numbers = make([]int32, s.list.Len())
	for i := range s.numbers {
		s.numbers[i] = s.list.At(i).Number
	}
	c.kept.Put(key, s, size+20*len(s.numbers))
	return s, nil
}

// countUp returns 0 to n-1.
func countUp(n int) []int32 {
	numbers := make([]int32, n)
	for i := range numbers {
		numbers[i] = int32(i)
	}
	return numbers
}

// mergeLists sets list and scopesOf to the images of the scopes' lists, each
// content once.
func (s *Set) mergeLists(lists []List) {
	// Images of equal content mostly share memory, and then a Number. So they
	// are found by a table instead of a map.
	positionOf := make([]int32, 1+maxNumber(lists)) // position in images, plus 1; 0: not met yet
	var images []*catalog.Image
	var counts []int32 // of scopes, by position
	total := 0
	for _, list := range lists {
		total += list.Len()
		for i := range list.Len() {
			image := list.At(i)
			if positionOf[image.Number] == 0 {
				images, counts = append(images, image), append(counts, 0)
				positionOf[image.Number] = int32(len(images))
			}
			counts[positionOf[image.Number]-1]++
		}
	}
	// Slices of one array: a set of 2,000 clusters would have 10,000 small
	// ones.
	free, scopesOf := make([]int32, total), make([][]int32, len(images)) // one allocation for all
	for i, n := range counts {
		scopesOf[i], free = free[:0:n], free[n:]
	}
	for scope, list := range lists {
		for i := range list.Len() {
			at := positionOf[list.At(i).Number] - 1
			scopesOf[at] = append(scopesOf[at], int32(scope))
		}
	}
	s.sortAndMerge(images, scopesOf)
}

// maxNumber returns the greatest catalog.Image.Number in lists. Numbers are
// dense, so a table by number is small.
func maxNumber(lists []List) int32 {
	last := int32(0)
	for _, list := range lists {
		for i := range list.Len() {
			last = max(last, list.At(i).Number)
		}
	}
	return last
}

// quoteClusterIDs prepares the ClusterIds of the scopes for answers.
func (s *Set) quoteClusterIDs() {
	s.QuotedClusterIDs = make([]string, len(s.Scopes))
	for i, sc := range s.Scopes {
		switch {
		case sc.ClusterID == "":
		case i > 0 && sc.ClusterID == s.Scopes[i-1].ClusterID:
			s.QuotedClusterIDs[i] = s.QuotedClusterIDs[i-1]
		default:
			s.QuotedClusterIDs[i] = `"` + sc.ClusterID + `"`
		}
	}
}

// sortAndMerge sets list and scopesOf to images in canonical order. It merges
// images of equal content that do not share memory.
//
// It also finds the ids with several contents. They count as differing only if
// not all of them are offered by the same scopes.
func (s *Set) sortAndMerge(images []*catalog.Image, scopesOf [][]int32) {
	order := countUp(len(images))
	slices.SortFunc(order, func(a, b int32) int {
		byID := strings.Compare(images[a].ImageID, images[b].ImageID)
		return cmp.Or(byID, strings.Compare(images[a].Raw, images[b].Raw))
	})
	sorted := make([]*catalog.Image, 0, len(order))
	s.ScopesOf = make([][]int32, 0, len(order))
	for _, i := range order {
		last := len(sorted) - 1
		if last >= 0 && sorted[last].Raw == images[i].Raw {
			// Equal content that does not share memory: its lists were read at
			// different times.
			merged := append(s.ScopesOf[last], scopesOf[i]...)
			slices.Sort(merged)
			s.ScopesOf[last] = slices.Compact(merged)
			continue
		}
		if last >= 0 && sorted[last].ImageID == images[i].ImageID && !slices.Equal(s.ScopesOf[last], scopesOf[i]) {
			if s.DifferingIDs == nil {
				s.DifferingIDs = map[string]bool{}
			}
			s.DifferingIDs[images[i].ImageID] = true
		}
		sorted, s.ScopesOf = append(sorted, images[i]), append(s.ScopesOf, scopesOf[i])
	}
	s.list = newList(sorted)
}

// FindImage returns the rows of an ImageId: from to to-1. There is more than
// one row if the scopes disagree about the content, and none if from equals to.
// It is a binary search.
func (s *Set) FindImage(imageID string) (from, to int) {
	n := s.list.Len()
	from = sort.Search(n, func(i int) bool { return s.list.At(i).ImageID >= imageID })
	to = from
	for to < n && s.list.At(to).ImageID == imageID {
		to++
	}
	return from, to
}

// RowsWithSameID returns the rows that have the ImageId of a row: from to to-1.
// There are rarely more than two, so it searches from the row outwards.
func (s *Set) RowsWithSameID(row int32) (from, to int32) {
	id := s.Image(row).ImageID
	for from = row; from > 0 && s.Image(from-1).ImageID == id; from-- {
	}
	for to = row + 1; int(to) < s.list.Len() && s.Image(to).ImageID == id; to++ {
	}
	return from, to
}

// rowsWithIDs returns the rows of sorted ImageIds, in canonical order.
func (s *Set) rowsWithIDs(sortedIDs []string) []int32 {
	var rows []int32
	for _, id := range sortedIDs {
		for from, to := s.FindImage(id); from < to; from++ {
			rows = append(rows, int32(from))
		}
	}
	return rows
}
