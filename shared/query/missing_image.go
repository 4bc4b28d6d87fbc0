package query

import (
	"context"
	"fmt"
	"net/http"

	"community-images/shared/apierror"
)

// imageMissingError returns the error for an image that is not in a subject:
// 404 if it never was, else 410 with its last content.
//
// The error has the members of the answer that it replaces, so that a caller
// can still show what the image was.
func (s *lookup) imageMissingError(ctx context.Context, req *request, sub *subject) error {
	life, err := s.history.lifespanOf(ctx, newScopedImage(req), sub)
	switch {
	case err != nil:
		return err
	case !life.known:
		return newImageUnknownError(req, sub.state, life.later)
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
	if image, err := s.history.loadLastContent(ctx, req.imageID, sub.current, life); err == nil {
		b = appendUpstreamImage(append(b, `,"Image":`...), image.Raw)
	} else {
		e.Cause = err
	}
	e.Members = b
	return e
}

// newImageUnknownError returns the error for an image that was not there up to a
// state. later is the commit with which the image came after that; 0: it never did. Both are 404 with the same code:
// for a script an image that is not there yet is as missing as one that never
// was.
func newImageUnknownError(req *request, state *regionState, later int64) error {
	if later == 0 || !req.at.isSet {
		return imageNeverOffered(req.imageID, state.RegionID)
	}
	return &apierror.Error{
		Status: http.StatusNotFound,
		Code:   codeImage,
		Message: fmt.Sprintf(
			"Image %s was not offered in %s by the requested scopes up to commit %d. Commit %d was the first to offer it.",
			quote(req.imageID), state.RegionID, state.Sequence, later),
		Recommend: fmt.Sprintf("Use at=%d or later, or leave at out.", later),
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
	ok, later, err := s.history.wasOffered(ctx, newScopedImage(req), sub)
	if err == nil && !ok {
		err = newImageUnknownError(req, sub.state, later)
	}
	return err
}

// newScopedImage returns the image that a request names in its path.
func newScopedImage(req *request) scopedImage { return scopedImage{req.imageID, req.selection} }
