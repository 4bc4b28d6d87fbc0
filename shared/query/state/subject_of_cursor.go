package state

import (
	"context"
	"errors"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// subjectOfCursor returns the subject from which the first page of the
// request's cursor was made, so that pages never mix two states. It has the
// requested state while that has the same content, else the one that the
// cursor names. The error is CursorExpired if neither has that content.
func (r *Resolver) subjectOfCursor(ctx context.Context, req *request.Request, current Current) (*Subject, error) {
	if state, err := r.StateAsOf(ctx, current, req.At); err == nil {
		scopes, err := state.SelectScopes(req.Selection)
		if err == nil {
			sub, err := r.newSubject(ctx, req, current, state, scopes)
			if err != nil || sub.rowsHash() == req.Cursor.ContentHash {
				return sub, err
			}
		}
	}
	state, err := r.StateAsOf(ctx, current, request.AtCommit(req.Cursor.Sequence))
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early), errors.As(err, &future):
		return nil, NewCursorExpiredError(nil)
	case err != nil:
		return nil, err
	}
	scopes, err := state.SelectScopes(req.Selection)
	if err != nil { // another caller's cursor
		return nil, NewCursorExpiredError(nil)
	}
	sub, err := r.newSubject(ctx, req, current, state, scopes)
	if err == nil && sub.rowsHash() != req.Cursor.ContentHash { // or a restored backup
		return nil, NewCursorExpiredError(nil)
	}
	return sub, err
}

// NewCursorExpiredError says that the state of a cursor is not kept. cause is
// for the log; it is nil where nothing is wrong with the storage.
func NewCursorExpiredError(cause error) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: fault.CodeExpired, Cause: cause,
		Message:   message.New("The state that this cursor belongs to is no longer kept."),
		Recommend: message.New("Start again without cursor."),
	}
}
