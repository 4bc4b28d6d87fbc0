package state

import (
	"context"
	"errors"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// stateOfCursor returns the state and scopes from which the first page of the
// request's cursor was made, so that pages never mix two states. It is the
// requested state while that has the same content, else the one that the
// cursor names. The error is CursorExpired if neither has that content.
func (r *Resolver) stateOfCursor(
	ctx context.Context, req *request.Request, current Current,
) (*RegionState, *ScopeSet, error) {
	want := req.Cursor.ContentHash
	if state, err := r.StateAsOf(ctx, current, req.At); err == nil {
		scopes, err := state.SelectScopes(req.Selection)
		if err == nil && request.ShortHash(scopes.Digest) == want {
			return state, scopes, nil
		}
	}
	state, err := r.StateAsOf(ctx, current, request.AtCommit(req.Cursor.Sequence))
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early), errors.As(err, &future):
		return nil, nil, NewCursorExpiredError(nil)
	case err != nil:
		return nil, nil, err
	}
	scopes, err := state.SelectScopes(req.Selection)
	if err != nil || request.ShortHash(scopes.Digest) != want { // another caller's cursor, or a restored backup
		return nil, nil, NewCursorExpiredError(nil)
	}
	return state, scopes, nil
}

// NewCursorExpiredError says that the state of a cursor is not kept. cause is
// for the log; it is nil where nothing is wrong with the storage.
func NewCursorExpiredError(cause error) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: fault.CodeExpired, Cause: cause,
		Message:   "The state that this cursor belongs to is no longer kept.",
		Recommend: "Start again without cursor.",
	}
}
