package query

import (
	"context"
	"fmt"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// lifespan is what the history knows of an image up to a state, in the scopes
// of a selection. It is made from events only, so it can be wrong about what
// was before the first kept commit: cut says so.
type lifespan struct {
	known bool         // the image was there at some time
	first catalog.Time // of the commit in which it appeared
	cut   bool         // retention has removed older commits, so first may be too late

	goneAt    int64            // commit in which it disappeared last; 0: it never did
	gone      catalog.Time     // time of that commit
	lastSeen  catalog.Time     // time of the last commit that is dated before it
	lastScope archive.ScopeRef // from which it disappeared last

	later int64 // the first commit after the state that is about the image; 0: none
}

// lifespanOf follows an image through the scopes of a selection.
//
// Only the events of this image are visited, so the cost does not grow with the
// history. An image that is in several scopes has disappeared only when the
// last of them lost it; its last event then is a removal. Callers know from the
// image set whether it is there.
func (t *history) lifespanOf(imageID string, state *regionState, sel selection) lifespan {
	t.mu.RLock()
	defer t.mu.RUnlock()
	// Sequence 1 is the first commit ever.
	life := lifespan{cut: len(t.commits) > 0 && t.commits[0].sequence > 1}
	image, ok := t.imageAt[imageID]
	if !ok {
		return life
	}
	end := t.countEventsUpTo(state.Sequence)
	for _, i := range t.byImage[image] {
		e := t.events[i]
		if !sel.includes(t.scopes[e.scope]) {
			continue
		}
		commit := t.commits[e.commit]
		// Events are ordered by commit: this is the first one after the state.
		if i >= end {
			life.later = commit.sequence
			break
		}
		if !life.known {
			life.known, life.first = true, commit.at
		}
		// An image can come back; the last removal counts.
		if e.kind == kindRemoved {
			life.setRemoval(t, e)
		}
	}
	return life
}

// setRemoval sets what a lifespan says of the last removal. The caller holds the
// lock of t.
func (life *lifespan) setRemoval(t *history, e event) {
	life.goneAt, life.gone = t.commits[e.commit].sequence, t.commits[e.commit].at
	life.lastScope = t.scopes[e.scope]
	// The check that saw the image last is not in the log. The commit before the
	// removal is the best bound that is.
	before := e.commit
	for before > 0 && !t.commits[before].at.Before(life.gone.Time) { // commits can share a time
		before--
	}
	// With clocks that step back the commit before can be dated before the first.
	life.lastSeen = t.commits[before].at
	if life.lastSeen.Before(life.first.Time) {
		life.lastSeen = life.first
	}
}

// imageMissingError returns the error for an image that is not in a subject:
// 404 if it never was, else 410 with its last content.
//
// The error has the members of the answer that it replaces, so that a caller
// can still show what the image was.
func (s *service) imageMissingError(ctx context.Context, req *request, sub *subject, life lifespan) error {
	if !life.known {
		return life.imageUnknownError(req, sub.state)
	}
	e := &apierror.Error{
		Status:  http.StatusGone,
		Code:    codeGone,
		Message: fmt.Sprintf("Image %s is no longer offered. It was offered until %s.", quote(req.imageID), life.gone),
		Recommend: "Look for a successor in /v1/images. " +
			"The history of the image is at /v1/images/{ImageId}/history.",
	}
	// Other scopes can still offer the image.
	if !req.selection.isEverything() {
		e.Message = fmt.Sprintf("Image %s is no longer offered by the requested scopes. They offered it until %s.",
			quote(req.imageID), life.gone)
		e.Recommend = "Ask without ClusterId and InstanceType to see whether others offer it. " +
			"The history of the image is at /v1/images/{ImageId}/history."
	}
	b := append([]byte(`,"ImageId":`), jsonString(req.imageID)...)
	b = appendFirstAndLastSeen(b, life.first, life.lastSeen)
	b = append(b, `,"GoneSince":"`...)
	b = append(appendTime(b, life.gone), '"')
	// The content is a courtesy: without it the answer is still right, so a
	// failure is reported and not returned.
	if raw, err := s.loadLastContent(ctx, req.imageID, sub.current, life); err == nil {
		b = append(append(b, `,"Image":`...), raw...)
	} else {
		e.Cause = err
	}
	e.Members = b
	return e
}

// loadLastContent returns the object of an image from the commit before it
// disappeared. It reads a past state and one snapshot, if they are not cached.
func (s *service) loadLastContent(
	ctx context.Context, imageID string, current currentState, life lifespan,
) (string, error) {
	state, err := s.loadStateAtCommit(ctx, current, life.goneAt-1)
	if err != nil {
		return "", err
	}
	// The scope that lost the image last had it in the commit before.
	scope := catalog.Scope{ClusterID: life.lastScope.ClusterID, InstanceType: life.lastScope.InstanceType}
	if sc, ok := state.Scope(scope); ok && sc.Digest != "" {
		list, err := s.lists.loadList(ctx, current.RegionID, sc)
		if err != nil {
			return "", err
		}
		for i := range list.len() {
			if image := list.at(i); image.ImageID == imageID {
				return string(appendUpstreamImage(nil, image.Raw)), nil
			}
		}
	}
	return "", fmt.Errorf("image %q is not in commit %d", imageID, life.goneAt-1)
}

// imageUnknownError returns the error for an image that was not there up to a
// state. It says so if the image came later. Both are 404 with the same code:
// for a script an image that is not there yet is as missing as one that never
// was.
func (life lifespan) imageUnknownError(req *request, state *regionState) error {
	if life.later == 0 || !req.at.isSet {
		return imageNeverOffered(req.imageID, state.RegionID)
	}
	return &apierror.Error{
		Status: http.StatusNotFound,
		Code:   codeImage,
		Message: fmt.Sprintf(
			"Image %s was not offered in %s by the requested scopes up to commit %d. Commit %d was the first to offer it.",
			quote(req.imageID), state.RegionID, state.Sequence, life.later),
		Recommend: fmt.Sprintf("Use at=%d or later, or leave at out.", life.later),
	}
}

// imageNeverOffered returns the error for an image that no scope of the request
// ever had. region may be a list of regions.
func imageNeverOffered(imageID, region string) error {
	return &apierror.Error{
		Status:    http.StatusNotFound,
		Code:      codeImage,
		Message:   fmt.Sprintf("Image %s was never offered in %s by the requested scopes.", quote(imageID), region),
		Recommend: "Check the ImageId. /v1/images?q= searches names and ids.",
	}
}

// wasEverOffered returns true if an image is or was offered in a region. It
// asks the images that are there first, because the history may have to be
// read.
func (s *service) wasEverOffered(ctx context.Context, current currentState, imageID string) (bool, error) {
	if all := current.allScopes(); len(all.scopes) > 0 {
		if set, err := s.sets.load(ctx, all); err == nil { // if it fails, the history can still know
			if from, to := set.findImage(imageID); from < to {
				return true, nil
			}
		}
	}
	history, err := s.loadHistory(ctx, current)
	if err != nil {
		return false, err
	}
	history.mu.RLock()
	defer history.mu.RUnlock()
	_, ok := history.imageAt[imageID]
	return ok, nil
}
