package imageset

import (
	"context"
	"sync"

	"community-images/shared/archive/format"
	"community-images/shared/query/state"
)

// regionIndex is the index of a region. Its images are every image of the
// region once.
type regionIndex struct {
	*format.Index
	dates *state.IndexDates // of its images
	// upTo is the commit that the head named when the index was read. The index
	// can be older: then reading it again would not help.
	upTo int64
	// share is the part of the images' memory that each list carries, in bytes.
	share int

	mu sync.Mutex
	// offered has whether some scopes offer the image at each position, by
	// state.ScopeSet.Digest; guarded by mu.
	offered map[string][]bool
}

// maxOffered bounds the sets of scopes for which a regionIndex keeps what they offer.
const maxOffered = 16

// newRegionIndex returns an index that was read when the head named the commit upTo.
func newRegionIndex(index *format.Index, upTo int64) *regionIndex {
	return &regionIndex{
		Index: index, dates: state.NewIndexDates(index), upTo: max(upTo, index.Sequence),
		share:   (index.ContentBytes() + imageOverhead*index.Len()) / max(1, len(index.Lists)),
		offered: map[string][]bool{},
	}
}

// hasList reports whether an index, which can be nil, has the list with a digest.
func (x *regionIndex) hasList(digest string) bool {
	if x == nil {
		return false
	}
	_, ok := x.Lists[digest]
	return ok
}

// offeredIDs knows which images some scopes offer, by an index that has all their lists.
type offeredIDs struct {
	index      *format.Index
	byPosition []bool
}

// has reports whether one of the scopes offers an image.
func (o *offeredIDs) has(imageID string) bool {
	from, to := o.index.FindImage(imageID)
	for ; from < to; from++ {
		if o.byPosition[from] {
			return true
		}
	}
	return false
}

// LoadOffered returns whether scopes offer an image, by its id. It reads no image: either the
// ids of the index, or the index if LoadLists would. It returns nil if neither says it.
func (l *listLoader) LoadOffered(ctx context.Context, scopes *state.ScopeSet) (has func(id string) bool, err error) {
	if scopes.Indexed != nil && l.countMissing(l.lastIndex(scopes.Region), scopes.Scopes) > 0 {
		ids, err := l.loadIndexedIDs(ctx, scopes)
		if err != nil {
			return nil, err
		}
		if ids != nil {
			return ids.Has, nil
		}
	}
	index, err := l.indexFor(ctx, scopes.Region, scopes.Scopes, scopes.IndexSequence)
	if err != nil || index == nil {
		return nil, err
	}
	for _, s := range scopes.Scopes {
		if !index.hasList(s.Digest) {
			return nil, nil
		}
	}
	return index.offeredBy(scopes).has, nil
}

// offeredBy returns which images scopes offer. The index must have all their lists.
func (x *regionIndex) offeredBy(scopes *state.ScopeSet) *offeredIDs {
	x.mu.Lock()
	defer x.mu.Unlock()
	byPosition := x.offered[scopes.Digest]
	if byPosition == nil {
		byPosition = make([]bool, x.Len())
		for _, s := range scopes.Scopes {
			for _, p := range x.Lists[s.Digest] {
				byPosition[p] = true
			}
		}
		if len(x.offered) >= maxOffered {
			clear(x.offered)
		}
		x.offered[scopes.Digest] = byPosition
	}
	return &offeredIDs{x.Index, byPosition}
}
