package query

import (
	"context"
	"slices"

	"community-images/shared/catalog"
)

// firstSeen returns the time of the first commit that had an image in its scopes. It is
// zero if that is not known: the image was there in commit 1, or when the kept log
// begins. The image must be or have been in the subject.
func (h *history) firstSeen(ctx context.Context, im scopedImage, sub *subject) (catalog.Time, error) {
	// The index may remember more than the log, but counts every scope of the region.
	if im.selection.isEverything() {
		if dates, ok, err := h.imageDates(ctx, sub.current, im.id); ok || err != nil {
			return dates.FirstSeen, err
		}
	}
	first, ok, err := h.firstEvent(ctx, im, sub.current)
	if err != nil || !ok || first.kind != kindAdded || first.commit.sequence == 1 {
		return catalog.Time{}, err
	}
	// Another scope may have had the image before.
	hadBefore, err := h.wasThereBeforeLog(ctx, im, sub.current)
	if err != nil || hadBefore {
		return catalog.Time{}, err
	}
	return first.commit.at, nil
}

// wasThereBeforeLog reports whether an image was in its scopes when the kept log begins.
func (h *history) wasThereBeforeLog(ctx context.Context, im scopedImage, current currentState) (bool, error) {
	ids := []string{im.id}
	kept, err := h.newKeptEvents(ctx, current, feedPosition{}, eventFilter{images: ids, kinds: []eventKind{kindPresent}})
	if err != nil || kept == nil {
		return false, err
	}
	for c, err := range h.commits(ctx, current, ids, 1) {
		if err != nil {
			return false, err
		}
		for e := range h.eventsOf(c) {
			kept.add(e)
		}
	}
	list, err := kept.list(ctx, h, current)
	return slices.ContainsFunc(list, func(e *event) bool { return e.isIn(im.selection) }), err
}
