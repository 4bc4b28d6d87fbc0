package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// sortKey is one step of an order.
type sortKey struct {
	field *field
	desc  bool
}

const maxSortKeys = 8

// parseSort reads "-OsTag.Version,ImageName".
func parseSort(s *schema, values []string) ([]sortKey, error) {
	if len(values) > maxSortKeys {
		return nil, fmt.Errorf("has %d keys, at most %d are taken", len(values), maxSortKeys)
	}
	keys := make([]sortKey, 0, len(values))
	for _, v := range values {
		name, desc := strings.CutPrefix(v, "-")
		f := s.field(name)
		if f == nil {
			return nil, fmt.Errorf("names the unknown field %s%s", quote(name), didYouMean(name, s.names()))
		}
		keys = append(keys, sortKey{f, desc})
	}
	return keys, nil
}

// compareBy orders two images: key by key, images without a value last in either
// direction, ties by ImageId and then by content.
func compareBy(keys []sortKey, a, b *catalog.Image) int {
	for _, k := range keys {
		x, y := k.field.text(a), k.field.text(b)
		if x == y {
			continue
		}
		if x == "" {
			return 1
		}
		if y == "" {
			return -1
		}
		if c := k.field.compare(x, y); c != 0 {
			if k.desc {
				return -c
			}
			return c
		}
	}
	return cmp.Or(strings.Compare(a.ImageID, b.ImageID), strings.Compare(a.Raw, b.Raw))
}

// order returns the places of the images in sorted order.
func order(images []*catalog.Image, keys []sortKey) []int32 {
	places := make([]int32, len(images))
	for i := range places {
		places[i] = int32(i)
	}
	if len(keys) > 0 {
		sortPlaces(places, images, keys)
	}
	return places
}

func sortPlaces(places []int32, images []*catalog.Image, keys []sortKey) {
	slices.SortFunc(places, func(a, b int32) int { return compareBy(keys, images[a], images[b]) })
}
