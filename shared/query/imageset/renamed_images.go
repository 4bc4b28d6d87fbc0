package imageset

import (
	"sync"

	"community-images/shared/query/field"
)

// renamedImages remembers for which images field.MayBeRenamed is true. Searching an
// image for the names takes as long as writing it, so it is done once for each.
type renamedImages struct {
	mu    sync.Mutex
	known []int8 // by catalog.Image.Number: 0 not searched yet, 1 may be renamed, -1 is not
}

// IncludeAny returns true if field.MayBeRenamed is true for one of the images in rows
// of s.
func (n *renamedImages) IncludeAny(s *Set, rows []int32) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := false
	for _, row := range rows {
		number := int(s.numbers[row])
		// Numbers are dense and grow with the images that are met.
		if more := number + 1 - len(n.known); more > 0 {
			n.known = append(n.known, make([]int8, more)...)
		}
		if n.known[number] == 0 {
			n.known[number] = -1
			if field.MayBeRenamed(s.Image(row).Raw) {
				n.known[number] = 1
			}
		}
		found = found || n.known[number] > 0
	}
	return found
}
