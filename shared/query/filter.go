package query

import (
	"strings"

	"community-images/shared/catalog"
)

// match returns the places, in the given order, of the images that meet every
// condition.
func (a *ask) match(s *set, places []int32) []int32 {
	if len(a.where) == 0 && len(a.words) == 0 {
		return places
	}
	var found []int32
	for _, p := range places {
		if im := s.images[p]; a.holds(im) && matchWords(im, a.words) {
			found = append(found, p)
		}
	}
	return found
}

func (a *ask) holds(im *catalog.Image) bool {
	for _, test := range a.where {
		if !test(im) {
			return false
		}
	}
	return true
}

// matchWords implements q: every word stands in one of four fields.
func matchWords(im *catalog.Image, words []string) bool {
	if len(words) == 0 {
		return true
	}
	name, about := strings.ToLower(im.ImageName), strings.ToLower(im.Description)
	id, product := strings.ToLower(im.ImageID), strings.ToLower(im.ProductCode)
	for _, w := range words {
		if !strings.Contains(name, w) && !strings.Contains(about, w) && !strings.Contains(id, w) && !strings.Contains(product, w) {
			return false
		}
	}
	return true
}
