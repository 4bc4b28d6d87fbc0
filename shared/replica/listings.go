package replica

import (
	"sync"
	"weak"

	"community-images/shared/archive"
	"community-images/shared/jsonscan"
)

// listings keeps the entries of the present heads, for they are long to read:
// of each region and grant the last, and not the head itself.
type listings struct {
	mu   sync.Mutex
	kept map[listingKey]listing
}

type listingKey struct{ region, grant string }

// listing is what a head listed.
type listing struct {
	of      weak.Pointer[archive.Region]
	entries []entry
}

// mostListings bounds what is kept for many grants; each is a few times as long
// as its part of upstream's list.
const mostListings = 64

// of returns the entries of a head, as far as the grant with a key covers it.
func (l *listings) of(r *archive.Region, grant string) []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, head := listingKey{r.RegionID, grant}, weak.Make(r)
	if known, ok := l.kept[key]; ok && known.of == head {
		return known.entries
	}
	if l.kept == nil || len(l.kept) >= mostListings {
		l.kept = map[listingKey]listing{}
	}
	list := []entry{}
	for raw := range jsonscan.Elements(string(r.Upstream)) {
		list = append(list, entry{identifier(raw), raw})
	}
	l.kept[key] = listing{head, list}
	return list
}
