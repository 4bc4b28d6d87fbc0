package history

import (
	"context"
	"fmt"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// lifespan is what the log knows of an image that is not there in a state, in the
// scopes of a selection.
type lifespan struct {
	Known bool         // the image was there at some time
	First catalog.Time // of the first commit that had it; zero: not known, see firstSeen

	goneAt    int64           // commit in which it disappeared last; 0: it never did
	Gone      catalog.Time    // time of that commit
	LastSeen  catalog.Time    // time of the last commit that is dated before it
	lastScope format.ScopeRef // from which it disappeared last

	Later int64 // the first commit after the state that is about the image; 0: none
}

// firstEvent returns the first event of an image in its scopes. ok is false if the kept log has none.
func (h *Reader) firstEvent(ctx context.Context, im ScopedImage, current state.Current) (_ *Event, ok bool, err error) {
	for c, err := range h.Commits(ctx, current, []string{im.id}, 1) {
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

// LifespanOf returns the lifespan of an image that is not in the subject.
func (h *Reader) LifespanOf(ctx context.Context, im ScopedImage, sub *state.Subject) (life lifespan, err error) {
	first, ok, err := h.firstEvent(ctx, im, sub.Current)
	switch {
	case err != nil || !ok:
		return life, err
	case first.Commit.Sequence > sub.State.Sequence:
		life.Later = first.Commit.Sequence
		return life, nil
	}
	life.Known = true
	if life.First, err = h.FirstSeen(ctx, im, sub); err != nil {
		return life, err
	}
	return life, h.findRemoval(ctx, im, sub, &life)
}

// findRemoval sets what a lifespan says of the last removal. An image that is in several
// scopes has disappeared only when the last of them lost it.
func (h *Reader) findRemoval(ctx context.Context, im ScopedImage, sub *state.Subject, life *lifespan) error {
	for c, err := range h.CommitsBackward(ctx, sub.Current, []string{im.id}, sub.State.Sequence) {
		if err != nil {
			return err
		}
		for e := range h.eventsOf(c) {
			if e.Kind == request.KindRemoved && e.isOf(im) {
				life.goneAt, life.Gone, life.lastScope = c.Sequence, c.CommittedAt, e.Scope
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
func (h *Reader) findLastSeen(ctx context.Context, sub *state.Subject, life *lifespan) error {
	life.LastSeen = life.Gone
	for c, err := range h.CommitsBackward(ctx, sub.Current, nil, life.goneAt-1) {
		if err != nil {
			return err
		}
		if life.LastSeen = c.CommittedAt; c.CommittedAt.Before(life.Gone.Time) { // commits can share a time
			break
		}
	}
	// The image can have come and gone at one time.
	if life.LastSeen.Before(life.First.Time) {
		life.LastSeen = life.First
	}
	return nil
}

// LoadLastContent returns an image as it was in the commit before it disappeared. It
// reads a past state and one snapshot, if they are not cached.
func (h *Reader) LoadLastContent(
	ctx context.Context, imageID string, current state.Current, life lifespan,
) (*catalog.Image, error) {
	state, err := h.StateAsOf(ctx, current, request.AtCommit(life.goneAt-1))
	if err != nil {
		return nil, err
	}
	// The scope that lost the image last had it in the commit before.
	scope := catalog.Scope{ClusterID: life.lastScope.ClusterID, InstanceType: life.lastScope.InstanceType}
	if sc, ok := state.Scope(scope); ok && sc.Digest != "" {
		list, err := h.Sets.Lists.LoadList(ctx, current.RegionID, sc)
		if err != nil {
			return nil, err
		}
		for i := range list.Len() {
			if image := list.At(i); image.ImageID == imageID {
				return image, nil
			}
		}
	}
	return nil, fmt.Errorf("image %q is not in commit %d", imageID, life.goneAt-1)
}

// WasOffered reports whether an image was in its scopes up to the subject's state. If
// not, later is the first commit after it that is about the image; 0: there is none.
func (h *Reader) WasOffered(ctx context.Context, im ScopedImage, sub *state.Subject) (ok bool, later int64, err error) {
	// An image can be there without any event in the kept log.
	offering, err := h.offeringScopes(ctx, sub.State, im.id)
	if err != nil {
		return false, 0, err
	}
	if slices.ContainsFunc(offering, func(e *Event) bool { return e.isIn(im.selection) }) {
		return true, 0, nil
	}
	first, ok, err := h.firstEvent(ctx, im, sub.Current)
	switch {
	case err != nil || !ok:
		return false, 0, err
	case first.Commit.Sequence > sub.State.Sequence:
		return false, first.Commit.Sequence, nil
	}
	return true, 0, nil
}

// WasEverOffered returns true if an image is or was offered in a region. It
// asks what is cheap first: the images that are there, the index, the log.
func (h *Reader) WasEverOffered(ctx context.Context, current state.Current, imageID string) (bool, error) {
	// If this fails, the log can still know.
	if offering, err := h.offeringScopes(ctx, current.RegionState, imageID); err == nil && len(offering) > 0 {
		return true, nil
	}
	if _, ok, err := h.ImageDates(ctx, current, imageID); err == nil && ok {
		return true, nil
	}
	_, ok, err := h.firstEvent(ctx, InAnyScope(imageID), current)
	return ok, err
}
