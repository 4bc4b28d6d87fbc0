package history

import (
	"context"
	"slices"

	"community-images/shared/catalog"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// FirstSeen returns the time of the first commit that had an image in its scopes. It is
// zero if that is not known: the image was there in commit 1, or when the kept log
// begins. The image must be or have been in the subject.
func (h *Reader) FirstSeen(ctx context.Context, im ScopedImage, sub *state.Subject) (catalog.Time, error) {
	// The index may remember more than the log, but counts every scope of the region.
	if im.selection.IsEverything() {
		if dates, ok, err := h.ImageDates(ctx, sub.Current, im.id); ok || err != nil {
			return dates.FirstSeen, err
		}
	}
	first, ok, err := h.firstEvent(ctx, im, sub.Current)
	if err != nil || !ok || first.Kind != request.KindAdded || first.Commit.Sequence == 1 {
		return catalog.Time{}, err
	}
	// Another scope may have had the image before.
	hadBefore, err := h.wasThereBeforeLog(ctx, im, sub.Current)
	if err != nil || hadBefore {
		return catalog.Time{}, err
	}
	return first.Commit.At, nil
}

// wasThereBeforeLog reports whether an image was in its scopes when the kept log begins.
func (h *Reader) wasThereBeforeLog(ctx context.Context, im ScopedImage, current state.Current) (bool, error) {
	ids := []string{im.id}
	filter := Filter{Images: ids, Kinds: []request.Kind{request.KindPresent}}
	kept, err := h.newKeptEvents(ctx, current, request.Position{}, filter)
	if err != nil || kept == nil {
		return false, err
	}
	for c, err := range h.Commits(ctx, current, ids, 1) {
		if err != nil {
			return false, err
		}
		for e := range h.eventsOf(c) {
			kept.add(e)
		}
	}
	list, err := kept.list(ctx, h, current)
	return slices.ContainsFunc(list, func(e *Event) bool { return e.isIn(im.selection) }), err
}
