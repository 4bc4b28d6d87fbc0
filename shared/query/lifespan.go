package query

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"community-images/shared/apierror"
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

// firstEvent returns the first event of the image that a request names, in the scopes
// that it selects. ok is false if the kept log has none.
func (s *lookup) firstEvent(ctx context.Context, req *request, current currentState) (_ *event, ok bool, err error) {
	for c, err := range s.commits(ctx, current, []string{req.imageID}, 1) {
		if err != nil {
			return nil, false, err
		}
		for e := range s.eventsOf(c) {
			if e.isOf(req.imageID, req.selection) {
				return e, true, nil
			}
		}
	}
	return nil, false, nil
}

// lifespanOf returns the lifespan of the image that a request names, which is not in
// the subject.
func (s *lookup) lifespanOf(ctx context.Context, req *request, sub *subject) (life lifespan, err error) {
	first, ok, err := s.firstEvent(ctx, req, sub.current)
	switch {
	case err != nil || !ok:
		return life, err
	case first.commit.sequence > sub.state.Sequence:
		life.later = first.commit.sequence
		return life, nil
	}
	life.known = true
	if life.first, err = s.firstSeen(ctx, req, sub); err != nil {
		return life, err
	}
	return life, s.findRemoval(ctx, req, sub, &life)
}

// findRemoval sets what a lifespan says of the last removal. An image that is in several
// scopes has disappeared only when the last of them lost it.
func (s *lookup) findRemoval(ctx context.Context, req *request, sub *subject, life *lifespan) error {
	for c, err := range s.commitsBackward(ctx, sub.current, []string{req.imageID}, sub.state.Sequence) {
		if err != nil {
			return err
		}
		for e := range s.eventsOf(c) {
			if e.kind == kindRemoved && e.isOf(req.imageID, req.selection) {
				life.goneAt, life.gone, life.lastScope = c.Sequence, c.CommittedAt, e.scope
			}
		}
		if life.goneAt != 0 {
			return s.findLastSeen(ctx, sub, life)
		}
	}
	return nil
}

// findLastSeen sets life.lastSeen. The check that saw the image last is not in the log.
// The commit before the removal is the best bound that is.
func (s *lookup) findLastSeen(ctx context.Context, sub *subject, life *lifespan) error {
	life.lastSeen = life.gone
	for c, err := range s.commitsBackward(ctx, sub.current, nil, life.goneAt-1) {
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

// imageMissingError returns the error for an image that is not in a subject:
// 404 if it never was, else 410 with its last content.
//
// The error has the members of the answer that it replaces, so that a caller
// can still show what the image was.
func (s *lookup) imageMissingError(ctx context.Context, req *request, sub *subject) error {
	life, err := s.lifespanOf(ctx, req, sub)
	switch {
	case err != nil:
		return err
	case !life.known:
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
func (s *lookup) loadLastContent(
	ctx context.Context, imageID string, current currentState, life lifespan,
) (string, error) {
	state, err := s.stateAsOf(ctx, current, atCommit(life.goneAt-1))
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

// checkImageKnown returns an error if the image that a request names was not there up to
// the subject's state, in the scopes that the request selects.
func (s *lookup) checkImageKnown(ctx context.Context, req *request, sub *subject) error {
	// An image can be there without any event in the kept log.
	offering, err := s.offeringScopes(ctx, sub.state, req.imageID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(offering, func(e *event) bool { return e.isIn(req.selection) }) {
		return nil
	}
	first, ok, err := s.firstEvent(ctx, req, sub.current)
	switch {
	case err != nil:
		return err
	case !ok:
		return lifespan{}.imageUnknownError(req, sub.state)
	case first.commit.sequence > sub.state.Sequence:
		return lifespan{later: first.commit.sequence}.imageUnknownError(req, sub.state)
	}
	return nil
}

// wasEverOffered returns true if an image is or was offered in a region. It
// asks what is cheap first: the images that are there, the index, the log.
func (s *lookup) wasEverOffered(ctx context.Context, current currentState, imageID string) (bool, error) {
	// If this fails, the log can still know.
	if offering, err := s.offeringScopes(ctx, current.regionState, imageID); err == nil && len(offering) > 0 {
		return true, nil
	}
	if _, ok, err := s.imageDates(ctx, current, imageID); err == nil && ok {
		return true, nil
	}
	_, ok, err := s.firstEvent(ctx, &request{imageID: imageID}, current)
	return ok, err
}
