package query

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// imageSet holds the images of several scopes, each content once, in canonical
// order: by ImageId, then by content. An image is named by its row, its
// position in that order. A set depends on snapshots alone, so it never goes
// out of date. Many sets exist at once, and most images are in many of them. A
// set holds references to shared images, not copies.
type imageSet struct {
	// list has the images by row.
	list imageList
	// scopesOf holds for each row the positions in scopes of the scopes that
	// offer the image; nil in a set of a single scope.
	scopesOf [][]int32
	// scopes are those of the scope set that was loaded, in canonical order.
	scopes           []format.ScopeState
	quotedClusterIDs []string // ClusterIds of scopes as JSON, empty for no cluster; nil with scopesOf
	byType           bool     // answers show instance types

	allRows      []int32         // 0, 1, 2, …; must not be changed
	numbers      []int32         // catalog.Image.Number of each row
	differingIDs map[string]bool // ImageIds with several contents, offered by different scopes
	owner        *imageSets

	indexed        uint64 // the fields whose indexes know the images, as bits; guarded by indexes.mu
	textGeneration int    // the generation of the texts that knows the images; guarded by texts.mu
}

// image returns the image of a row.
func (s *imageSet) image(row int32) *catalog.Image { return s.list.at(int(row)) }

// imageSets builds image sets and keeps those that were used last, and the
// indexes that all of them share. A set is found by the digests of its scopes.
// So two moments, or two callers, that see the same lists share it.
type imageSets struct {
	lists   *listLoader
	texts   textIndex    // for q
	indexes valueIndexes // for filters, sorting and counting
	// renamed remembers which images may have members that answers add themselves.
	renamed renamedImages
	// kept has sets by digest and form. Costs are bytes.
	kept *lru[string, *imageSet]
}

// maxSetBytes bounds the merged image sets in memory, approximately.
const maxSetBytes = 16 << 20

// newImageSets returns an empty cache of sets whose lists come from a loader.
func newImageSets(lists *listLoader) *imageSets {
	return &imageSets{lists: lists, kept: newLRU[string, *imageSet](maxSetBytes)}
}

// load returns the image set of scopes. It reads the lists that are not cached.
// Two calls may build the same set at once; the later one is kept.
func (c *imageSets) load(ctx context.Context, scopes *scopeSet) (*imageSet, error) {
	// Sets of the same lists differ in what they know of their scopes.
	key := scopes.digest
	if scopes.byType {
		key += "t"
	}
	if scopes.several {
		key += "m"
	}
	if s, ok := c.kept.get(key); ok {
		return s, nil
	}
	// It loads the whole index at once if many lists are missing.
	lists, err := c.lists.loadLists(ctx, scopes.region, scopes.scopes, scopes.indexSequence)
	if err != nil {
		return nil, err
	}
	s := &imageSet{scopes: scopes.scopes, byType: scopes.byType, owner: c}
	size := 256 // bytes, roughly
	if scopes.several {
		s.quoteClusterIDs()
		s.mergeLists(lists)
		for _, of := range s.scopesOf {
			size += 32 + 4*len(of)
		}
	} else {
		// Nothing to merge. The list is shared with the cache of lists.
		s.list = lists[0]
	}
	s.allRows = countUp(s.list.len())
	s.numbers = make([]int32, s.list.len())
	for i := range s.numbers {
		s.numbers[i] = s.list.at(i).Number
	}
	c.kept.put(key, s, size+20*len(s.numbers))
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
func (s *imageSet) mergeLists(lists []imageList) {
	// Images of equal content mostly share memory, and then a Number. So they
	// are found by a table instead of a map.
	positionOf := make([]int32, 1+maxNumber(lists)) // position in images, plus 1; 0: not met yet
	var images []*catalog.Image
	var counts []int32 // of scopes, by position
	total := 0
	for _, list := range lists {
		total += list.len()
		for i := range list.len() {
			image := list.at(i)
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
		for i := range list.len() {
			at := positionOf[list.at(i).Number] - 1
			scopesOf[at] = append(scopesOf[at], int32(scope))
		}
	}
	s.sortAndMerge(images, scopesOf)
}

// maxNumber returns the greatest catalog.Image.Number in lists. Numbers are
// dense, so a table by number is small.
func maxNumber(lists []imageList) int32 {
	last := int32(0)
	for _, list := range lists {
		for i := range list.len() {
			last = max(last, list.at(i).Number)
		}
	}
	return last
}

// quoteClusterIDs prepares the ClusterIds of the scopes for answers.
func (s *imageSet) quoteClusterIDs() {
	s.quotedClusterIDs = make([]string, len(s.scopes))
	for i, sc := range s.scopes {
		switch {
		case sc.ClusterID == "":
		case i > 0 && sc.ClusterID == s.scopes[i-1].ClusterID:
			s.quotedClusterIDs[i] = s.quotedClusterIDs[i-1]
		default:
			s.quotedClusterIDs[i] = `"` + sc.ClusterID + `"`
		}
	}
}

// sortAndMerge sets list and scopesOf to images in canonical order. It merges
// images of equal content that do not share memory.
//
// It also finds the ids with several contents. They count as differing only if
// not all of them are offered by the same scopes.
func (s *imageSet) sortAndMerge(images []*catalog.Image, scopesOf [][]int32) {
	order := countUp(len(images))
	slices.SortFunc(order, func(a, b int32) int {
		byID := strings.Compare(images[a].ImageID, images[b].ImageID)
		return cmp.Or(byID, strings.Compare(images[a].Raw, images[b].Raw))
	})
	sorted := make([]*catalog.Image, 0, len(order))
	s.scopesOf = make([][]int32, 0, len(order))
	for _, i := range order {
		last := len(sorted) - 1
		if last >= 0 && sorted[last].Raw == images[i].Raw {
			// Equal content that does not share memory: its lists were read at
			// different times.
			merged := append(s.scopesOf[last], scopesOf[i]...)
			slices.Sort(merged)
			s.scopesOf[last] = slices.Compact(merged)
			continue
		}
		if last >= 0 && sorted[last].ImageID == images[i].ImageID && !slices.Equal(s.scopesOf[last], scopesOf[i]) {
			if s.differingIDs == nil {
				s.differingIDs = map[string]bool{}
			}
			s.differingIDs[images[i].ImageID] = true
		}
		sorted, s.scopesOf = append(sorted, images[i]), append(s.scopesOf, scopesOf[i])
	}
	s.list = newImageList(sorted)
}

// findImage returns the rows of an ImageId: from to to-1. There is more than
// one row if the scopes disagree about the content, and none if from equals to.
// It is a binary search.
func (s *imageSet) findImage(imageID string) (from, to int) {
	n := s.list.len()
	from = sort.Search(n, func(i int) bool { return s.list.at(i).ImageID >= imageID })
	to = from
	for to < n && s.list.at(to).ImageID == imageID {
		to++
	}
	return from, to
}

// rowsWithSameID returns the rows that have the ImageId of a row: from to to-1.
// There are rarely more than two, so it searches from the row outwards.
func (s *imageSet) rowsWithSameID(row int32) (from, to int32) {
	id := s.image(row).ImageID
	for from = row; from > 0 && s.image(from-1).ImageID == id; from-- {
	}
	for to = row + 1; int(to) < s.list.len() && s.image(to).ImageID == id; to++ {
	}
	return from, to
}

// rowsWithIDs returns the rows of sorted ImageIds, in canonical order.
func (s *imageSet) rowsWithIDs(sortedIDs []string) []int32 {
	var rows []int32
	for _, id := range sortedIDs {
		for from, to := s.findImage(id); from < to; from++ {
			rows = append(rows, int32(from))
		}
	}
	return rows
}
