package query

import (
	"context"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/history"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// imageMissingError returns the error for an image that is not in a subject:
// 404 if it never was, else 410 with its last content.
//
// The error has the members of the answer that it replaces, so that a caller
// can still show what the image was.
func (g *GrantReader) imageMissingError(ctx context.Context, req *request.Request, sub *state.Subject) error {
	life, err := g.history.LifespanOf(ctx, history.NewScopedImage(req), sub)
	switch {
	case err != nil:
		return err
	case !life.Known:
		return newImageUnknownError(req, sub.State, life.Later)
	}
	e := &apierror.Error{
		Status: http.StatusGone,
		Code:   fault.CodeGone,
		Message: message.New("Image %s is no longer offered. It was offered until %s.",
			fault.Quote(req.ImageID), life.Gone),
		Recommend: message.Sentences(message.New("Look for a successor in /v1/images."), message.New(seeHistory)),
	}
	// Other scopes can still offer the image.
	if !req.Selection.IsEverything() {
		e.Message = message.New("Image %s is no longer offered by the requested scopes. They offered it until %s.",
			fault.Quote(req.ImageID), life.Gone)
		e.Recommend = message.Sentences(
			message.New("Ask without ClusterId and InstanceType to see whether others offer it."),
			message.New(seeHistory))
	}
	seen := render.ImageSeen{ImageID: req.ImageID, First: life.First, Last: life.LastSeen}
	// The content is a courtesy: without it the answer is still right, so a
	// failure is reported and not returned.
	if image, err := g.history.LoadLastContent(ctx, req.ImageID, sub.Current, life); err == nil {
		e.Members = render.AppendGoneImage(nil, seen, life.Gone, image.Raw)
	} else {
		e.Members, e.Cause = render.AppendGoneImage(nil, seen, life.Gone, ""), err
	}
	return e
}

// seeHistory says where a caller finds what an image was.
const seeHistory message.Template = "The history of the image is at /v1/images/{ImageId}/history."

// newImageUnknownError returns the error for an image that was not there up to a
// state. later is the commit with which the image came after that; 0: it never did. Both are 404 with the same code:
// for a script an image that is not there yet is as missing as one that never
// was.
func newImageUnknownError(req *request.Request, st *state.RegionState, later int64) error {
	if later == 0 || !req.At.IsSet {
		return state.ImageNeverOffered(req.ImageID, st.RegionID)
	}
	return &apierror.Error{
		Status: http.StatusNotFound,
		Code:   fault.CodeImage,
		Message: message.New(
			"Image %s was not offered in %s by the requested scopes up to commit %d. Commit %d was the first to offer it.",
			fault.Quote(req.ImageID), st.RegionID, st.Sequence, later),
		Recommend: message.New("Use at=%d or later, or leave at out.", later),
	}
}

// checkImageKnown returns an error if the image that a request names was not there up to
// the subject's state, in the scopes that the request selects.
func (g *GrantReader) checkImageKnown(ctx context.Context, req *request.Request, sub *state.Subject) error {
	ok, later, err := g.history.WasOffered(ctx, history.NewScopedImage(req), sub)
	if err == nil && !ok {
		err = newImageUnknownError(req, sub.State, later)
	}
	return err
}
