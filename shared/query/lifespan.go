package query

import (
	"context"
	"fmt"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// lifespan is what the log knows of an image that is not there in a state, in the
// scopes of a selection.
type lifespan struct {
	known bool         // the image was there at some time
	first catalog.Time // of the first commit that had it; zero: not known, see firstSeen

	goneAt    int64           // commit in which it disappeared last; 0: it never did
	gone      catalog.Time    // time of that commit
	lastSeen  catalog.Time    // time of the last commit that is dated before it
	lastScope format.ScopeRef // from which it disappeared last

	later int64 // the first commit after the state that is about the image; 0: none
}

// firstEvent returns the first event of an image in its scopes. ok is false if the kept log has none.
func (h *history) firstEvent(ctx context.Context, im scopedImage, current currentState) (_ *event, ok bool, err error) {
	for c, err := range h.commits(ctx, current, []string{im.id}, 1) {
		if err != nil {
			return nil, false, err
		}
		for e := range h.eventsOf(c) {
			if e.isOf(im) {
				return e, true, nil
			}
		}
	}
	return nil, false, nil
}

// lifespanOf returns the lifespan of an image that is not in the subject.
func (h *history) lifespanOf(ctx context.Context, im scopedImage, sub *subject) (life lifespan, err error) {
	first, ok, err := h.firstEvent(ctx, im, sub.current)
	switch {
	case err != nil || !ok:
		return life, err
	case first.commit.sequence > sub.state.Sequence:
		life.later = first.commit.sequence
		return life, nil
	}
	life.known = true
	if life.first, err = h.firstSeen(ctx, im, sub); err != nil {
		return life, err
	}
	return life, h.findRemoval(ctx, im, sub, &life)
}

// findRemoval sets what a lifespan says of the last removal. An image that is in several
// scopes has disappeared only when the last of them lost it.
func (h *history) findRemoval(ctx context.Context, im scopedImage, sub *subject, life *lifespan) error {
	for c, err := range h.commitsBackward(ctx, sub.current, []string{im.id}, sub.state.Sequence) {
		if err != nil {
			return err
		}
		for e := range h.eventsOf(c) {
			if e.kind == kindRemoved && e.isOf(im) {
				life.goneAt, life.gone, life.lastScope = c.Sequence, c.CommittedAt, e.scope
			}
		}
		if life.goneAt != 0 {
			return h.findLastSeen(ctx, sub, life)
		}
	}
	return nil
}

// findLastSeen sets life.lastSeen. The check that saw the image last is not in the log.
// The commit before the removal is the best bound that is.
func (h *history) findLastSeen(ctx context.Context, sub *subject, life *lifespan) error {
	life.lastSeen = life.gone
	for c, err := range h.commitsBackward(ctx, sub.current, nil, life.goneAt-1) {
		if err != nil {
			return err
		}
		if life.lastSeen = c.CommittedAt; c.CommittedAt.Before(life.gone.Time) { // commits can share a time
			break
		}
	}
	// The image can have come and gone at one time.
	if life.lastSeen.Before(life.first.Time) {
		life.lastSeen = life.first
	}
	return nil
}

// loadLastContent returns an image as it was in the commit before it disappeared. It
// reads a past state and one snapshot, if they are not cached.
func (h *history) loadLastContent(
	ctx context.Context, imageID string, current currentState, life lifespan,
) (*catalog.Image, error) {
	state, err := h.stateAsOf(ctx, current, atCommit(life.goneAt-1))
	if err != nil {
		return nil, err
	}
	// The scope that lost the image last had it in the commit before.
	scope := catalog.Scope{ClusterID: life.lastScope.ClusterID, InstanceType: life.lastScope.InstanceType}
	if sc, ok := state.Scope(scope); ok && sc.Digest != "" {
		list, err := h.sets.lists.loadList(ctx, current.RegionID, sc)
		if err != nil {
			return nil, err
		}
		for i := range list.len() {
			if image := list.at(i); image.ImageID == imageID {
				return image, nil
			}
		}
	}
	return nil, fmt.Errorf("image %q is not in commit %d", imageID, life.goneAt-1)
}

// wasOffered reports whether an image was in its scopes up to the subject's state. If
// not, later is the first commit after it that is about the image; 0: there is none.
func (h *history) wasOffered(ctx context.Context, im scopedImage, sub *subject) (ok bool, later int64, err error) {
	// An image can be there without any event in the kept log.
	offering, err := h.offeringScopes(ctx, sub.state, im.id)
	if err != nil {
		return false, 0, err
	}
	if slices.ContainsFunc(offering, func(e *event) bool { return e.isIn(im.selection) }) {
		return true, 0, nil
	}
	first, ok, err := h.firstEvent(ctx, im, sub.current)
	switch {
	case err != nil || !ok:
		return false, 0, err
	case first.commit.sequence > sub.state.Sequence:
		return false, first.commit.sequence, nil
	}
	return true, 0, nil
}

// wasEverOffered returns true if an image is or was offered in a region. It
// asks what is cheap first: the images that are there, the index, the log.
func (h *history) wasEverOffered(ctx context.Context, current currentState, imageID string) (bool, error) {
	// If this fails, the log can still know.
	if offering, err := h.offeringScopes(ctx, current.regionState, imageID); err == nil && len(offering) > 0 {
		return true, nil
	}
	if _, ok, err := h.imageDates(ctx, current, imageID); err == nil && ok {
		return true, nil
	}
	_, ok, err := h.firstEvent(ctx, scopedImage{id: imageID}, current)
	return ok, err
}
