package query

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// imageSet is the images of a view, each once, in canonical order. It is built
// from snapshots alone and so is never wrong for its key, view.digest.
type imageSet struct {
	list imageList
	// scopesOf, for a view of several scopes, holds for each image the scopes
	// that offer it, as places in scopes; nil for a single scope.
	scopesOf         [][]int32
	scopes           []archive.ScopeState
	quotedClusterIDs []string // ClusterIds of scopes as JSON, empty for "none"; with offers
	byType           bool

	allPlaces    []int32         // every place: 0, 1, 2, … Nobody changes it
	numbers      []int32         // of images
	differingIDs map[string]bool // ImageIds with different content in different scopes
	owner        *imageSets

	indexed        uint64 // the fields whose indexes know the images, as bits; guarded by indexes.mu
	textGeneration int    // the round in which the texts know the images; guarded by texts.mu
}

// image is the image at a place.
func (s *imageSet) image(place int32) *catalog.Image { return s.list.at(int(place)) }

// imageSets builds sets and keeps some.
type imageSets struct {
	lists    *listLoader
	texts    textIndex
	indexes  valueIndexes
	reserved reservedNames
	kept     *lru[string, *imageSet]
}

func newImageSets(lists *listLoader) *imageSets {
	return &imageSets{lists: lists, kept: newLRU[string, *imageSet](maxSetBytes)}
}

func (c *imageSets) load(ctx context.Context, v *scopeSet) (*imageSet, error) {
	key := v.digest
	if v.byType {
		key += "t"
	}
	if v.several {
		key += "m"
	}
	if s, ok := c.kept.get(key); ok {
		return s, nil
	}
	found, err := c.lists.loadAll(ctx, v.region, v.scopes, v.indexSequence)
	if err != nil {
		return nil, err
	}
	s := &imageSet{scopes: v.scopes, byType: v.byType, owner: c}
	size := 256
	if v.several {
		s.mergeLists(found)
		for _, o := range s.scopesOf {
			size += 32 + 4*len(o)
		}
	} else {
		s.list = found[0]
	}
	s.allPlaces = listPlaces(s.list.len())
	s.numbers = make([]int32, s.list.len())
	for i := range s.numbers {
		s.numbers[i] = s.list.at(i).Number
	}
	c.kept.put(key, s, size+20*len(s.numbers))
	return s, nil
}

// listPlaces returns 0 to n-1.
func listPlaces(n int) []int32 {
	places := make([]int32, n)
	for i := range places {
		places[i] = int32(i)
	}
	return places
}

// mergeLists puts equal images of several lists together.
func (s *imageSet) mergeLists(found []imageList) {
	s.quoteClusterIDs()
	places := newPlaceByNumber(found) // 0: not met yet, else the place and 1
	var images []*catalog.Image
	var counts []int32
	total := 0
	for _, l := range found {
		total += l.len()
		for i := range l.len() {
			im := l.at(i)
			if places[im.Number] == 0 {
				images, counts = append(images, im), append(counts, 0)
				places[im.Number] = int32(len(images))
			}
			counts[places[im.Number]-1]++
		}
	}
	all, offers := make([]int32, total), make([][]int32, len(images))
	for i, n := range counts {
		offers[i], all = all[:0:n], all[n:]
	}
	for scope, l := range found {
		for i := range l.len() {
			at := places[l.at(i).Number] - 1
			offers[at] = append(offers[at], int32(scope))
		}
	}
	s.sortAndMerge(images, offers)
}

// quoteClusterIDs makes the ClusterIds of the scopes ready for answers.
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

// newPlaceByNumber has room for the Number of every image.
func newPlaceByNumber(found []imageList) []int32 {
	last := int32(0)
	for _, l := range found {
		for i := range l.len() {
			last = max(last, l.at(i).Number)
		}
	}
	return make([]int32, last+1)
}

// sortAndMerge brings the images into canonical order and joins those that are
// equal without being the same in memory.
func (s *imageSet) sortAndMerge(images []*catalog.Image, offers [][]int32) {
	places := listPlaces(len(images))
	slices.SortFunc(places, func(a, b int32) int {
		return cmp.Or(strings.Compare(images[a].ImageID, images[b].ImageID), strings.Compare(images[a].Raw, images[b].Raw))
	})
	sorted := make([]*catalog.Image, 0, len(places))
	s.scopesOf = make([][]int32, 0, len(places))
	for _, p := range places {
		last := len(sorted) - 1
		switch {
		case last >= 0 && sorted[last].Raw == images[p].Raw:
			joined := append(s.scopesOf[last], offers[p]...)
			slices.Sort(joined)
			s.scopesOf[last] = slices.Compact(joined)
		default:
			if last >= 0 && sorted[last].ImageID == images[p].ImageID && !slices.Equal(s.scopesOf[last], offers[p]) {
				if s.differingIDs == nil {
					s.differingIDs = map[string]bool{}
				}
				s.differingIDs[images[p].ImageID] = true
			}
			sorted, s.scopesOf = append(sorted, images[p]), append(s.scopesOf, offers[p])
		}
	}
	s.list = newImageList(sorted)
}

// findImage returns the places of the images with an id.
func (s *imageSet) findImage(id string) (from, to int) {
	n := s.list.len()
	from = sort.Search(n, func(i int) bool { return s.list.at(i).ImageID >= id })
	to = from
	for to < n && s.list.at(to).ImageID == id {
		to++
	}
	return from, to
}

// placesWithSameID returns the places of the images with the id of that at a place.
func (s *imageSet) placesWithSameID(place int32) (from, to int32) {
	id := s.image(place).ImageID
	for from = place; from > 0 && s.image(from-1).ImageID == id; from-- {
	}
	for to = place + 1; int(to) < s.list.len() && s.image(to).ImageID == id; to++ {
	}
	return from, to
}

// placesWithIDs returns the places of the images with one of the ids, which are
// sorted, in canonical order.
func (s *imageSet) placesWithIDs(ids []string) []int32 {
	var places []int32
	for _, id := range ids {
		for from, to := s.findImage(id); from < to; from++ {
			places = append(places, int32(from))
		}
	}
	return places
}

// clustersOffering lists the clusters that offer the image at a place, without "none".
func (s *imageSet) clustersOffering(place int32) []string {
	var names []string
	for _, o := range s.scopesOf[place] {
		if name := s.scopes[o].ClusterID; name != "" && (len(names) == 0 || names[len(names)-1] != name) {
			names = append(names, name)
		}
	}
	return names
}

// typesOffering lists the instance types with which the image at a place is offered,
// without "none".
func (s *imageSet) typesOffering(place int32) []string {
	var names []string
	for _, o := range s.scopesOf[place] {
		if name := s.scopes[o].InstanceType; name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
