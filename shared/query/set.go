package query

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// set is the images of a view, each once, in canonical order. It is built
// from snapshots alone and so is never wrong for its key, view.digest.
type set struct {
	images []*catalog.Image
	// offers, for a view of several scopes, holds for each image the scopes
	// that offer it, as places in scopes; nil for a single scope.
	offers [][]int32
	scopes []archive.ScopeState
	quoted []string // ClusterIds of scopes as JSON, empty for "none"; with offers
	byType bool

	numbers []int32         // of images
	differ  map[string]bool // ImageIds with different content in different scopes
	shared  *sets

	indexed  uint64 // the fields whose indexes know the images, as bits; guarded by indexes.mu
	searched int    // the round in which the texts know the images; guarded by texts.mu
}

// sets builds sets and keeps some.
type sets struct {
	lists   *lists
	texts   texts
	indexes indexes
	kept    *lru[string, *set]

	mu       sync.Mutex
	identity []int32 // 0, 1, 2, …
}

// plain is every place of a set of n images, in canonical order.
func (c *sets) plain(n int) []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.identity) < n {
		longer := make([]int32, n+n/2)
		for i := range longer {
			longer[i] = int32(i)
		}
		c.identity = longer
	}
	return c.identity[:n:n]
}

func (c *sets) get(ctx context.Context, v *view) (*set, error) {
	key := v.digest
	if v.byType {
		key += "t"
	}
	if v.many {
		key += "m"
	}
	if s, ok := c.kept.get(key); ok {
		return s, nil
	}
	found, err := c.lists.all(ctx, v.region, v.scopes, v.catalogue)
	if err != nil {
		return nil, err
	}
	s := &set{scopes: v.scopes, byType: v.byType, shared: c}
	size := 256
	if v.many {
		s.merge(found)
		for _, o := range s.offers {
			size += 32 + 4*len(o)
		}
	} else {
		s.images = found[0]
	}
	s.numbers = make([]int32, len(s.images))
	for i, im := range s.images {
		s.numbers[i] = im.Number
	}
	c.kept.put(key, s, size+16*len(s.images))
	return s, nil
}

// merge puts equal images of several lists together.
func (s *set) merge(found [][]*catalog.Image) {
	s.quoted = make([]string, len(s.scopes))
	for i, sc := range s.scopes {
		switch {
		case sc.ClusterID == "":
		case i > 0 && sc.ClusterID == s.scopes[i-1].ClusterID:
			s.quoted[i] = s.quoted[i-1]
		default:
			s.quoted[i] = `"` + sc.ClusterID + `"`
		}
	}
	places := placesOf(found) // 0: not met yet, else the place and 1
	var counts []int32
	total := 0
	for _, images := range found {
		total += len(images)
		for _, im := range images {
			if places[im.Number] == 0 {
				s.images, counts = append(s.images, im), append(counts, 0)
				places[im.Number] = int32(len(s.images))
			}
			counts[places[im.Number]-1]++
		}
	}
	all := make([]int32, total)
	s.offers = make([][]int32, len(s.images))
	for i, n := range counts {
		s.offers[i], all = all[:0:n], all[n:]
	}
	for scope, images := range found {
		for _, im := range images {
			at := places[im.Number] - 1
			s.offers[at] = append(s.offers[at], int32(scope))
		}
	}
	s.sortAndJoin()
}

// placesOf has room for the Number of every image.
func placesOf(found [][]*catalog.Image) []int32 {
	last := int32(0)
	for _, images := range found {
		for _, im := range images {
			last = max(last, im.Number)
		}
	}
	return make([]int32, last+1)
}

// sortAndJoin brings the images into canonical order and joins those that are
// equal without being the same in memory.
func (s *set) sortAndJoin() {
	places := slices.Clone(s.shared.plain(len(s.images)))
	slices.SortFunc(places, func(a, b int32) int {
		x, y := s.images[a], s.images[b]
		return cmp.Or(strings.Compare(x.ImageID, y.ImageID), strings.Compare(x.Raw, y.Raw))
	})
	images, offers := make([]*catalog.Image, 0, len(places)), make([][]int32, 0, len(places))
	for _, p := range places {
		last := len(images) - 1
		switch {
		case last >= 0 && images[last].Raw == s.images[p].Raw:
			offers[last] = append(offers[last], s.offers[p]...)
			slices.Sort(offers[last])
			offers[last] = slices.Compact(offers[last])
		default:
			if last >= 0 && images[last].ImageID == s.images[p].ImageID && !slices.Equal(offers[last], s.offers[p]) {
				if s.differ == nil {
					s.differ = map[string]bool{}
				}
				s.differ[s.images[p].ImageID] = true
			}
			images, offers = append(images, s.images[p]), append(offers, s.offers[p])
		}
	}
	s.images, s.offers = images, offers
}

// find returns the places of the images with an id.
func (s *set) find(id string) (from, to int) {
	from, _ = slices.BinarySearchFunc(s.images, id, func(im *catalog.Image, id string) int { return strings.Compare(im.ImageID, id) })
	to = from
	for to < len(s.images) && s.images[to].ImageID == id {
		to++
	}
	return from, to
}

// named returns the places of the images with one of the ids, which are
// sorted, in canonical order.
func (s *set) named(ids []string) []int32 {
	var places []int32
	for _, id := range ids {
		for from, to := s.find(id); from < to; from++ {
			places = append(places, int32(from))
		}
	}
	return places
}

// clusters lists the clusters that offer the image at a place, without "none".
func (s *set) clusters(place int32) []string {
	var names []string
	for _, o := range s.offers[place] {
		if name := s.scopes[o].ClusterID; name != "" && (len(names) == 0 || names[len(names)-1] != name) {
			names = append(names, name)
		}
	}
	return names
}

// types lists the instance types with which the image at a place is offered,
// without "none".
func (s *set) types(place int32) []string {
	var names []string
	for _, o := range s.offers[place] {
		if name := s.scopes[o].InstanceType; name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
