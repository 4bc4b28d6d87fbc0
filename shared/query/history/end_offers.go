package history

import (
	"context"
	"strings"

	"community-images/shared/query/imageset"
	"community-images/shared/query/state"
)

// endOffers knows which images a selection offers when a feed ends. A page has mostly read
// that in the log: what the last commit about an image added or changed is still there. The
// lists of the selection say the rest. They are read when they are needed first.
type endOffers struct {
	lists *imageset.OfferedImages
	// byLog says of an image whether a commit left it in a scope of the selection: the last
	// commit about it of those that the page has read. False does not mean that no scope has
	// it: the commit says nothing of scopes that it did not change.
	byLog map[string]bool
	// isBackward says that the page reads from the feed's end, so the first note counts.
	isBackward bool
	// hasRest says that the page has read every commit from its rows to the feed's end.
	hasRest bool
}

// newEndOffers returns what is known before a page of a feed that ends with a state is read.
func newEndOffers(h *Reader, end *state.RegionState, filter Filter) *endOffers {
	return &endOffers{
		lists: &imageset.OfferedImages{Sets: h.Sets, State: end, Selection: filter.Selection},
		byLog: map[string]bool{}, isBackward: filter.Newest, hasRest: filter.Newest,
	}
}

// note notes whether a commit left an image in a scope.
func (o *endOffers) note(ctx context.Context, imageID string, isThere bool) {
	if !isThere {
		o.lists.Prefetch(ctx)
	}
	if known, ok := o.byLog[imageID]; ok && (o.isBackward || known == isThere) {
		return
	}
	o.byLog[strings.Clone(imageID)] = isThere // the line of the commit can have megabytes
}

// has reports whether the selection offers an image. lists.Err says if that failed.
func (o *endOffers) has(ctx context.Context, imageID string) bool {
	return o.hasRest && o.byLog[imageID] || o.lists.Has(ctx, imageID)
}

// setRows says of the rows of images whether they are offered.
func (o *endOffers) setRows(ctx context.Context, entries []*Event) error {
	for _, e := range entries {
		if e.Row != nil && e.ImageID != "" {
			e.Row.IsOffered = o.has(ctx, e.ImageID)
		}
	}
	return o.lists.Err
}
