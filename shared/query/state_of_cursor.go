package query

import (
	"context"
	"errors"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// stateOfCursor returns the state and scopes from which the first page of the
// request's cursor was made, so that pages never mix two states. It is the
// requested state while that has the same content, else the one that the
// cursor names. The error is CursorExpired if neither has that content.
func (r *resolver) stateOfCursor(
	ctx context.Context, req *request, current currentState,
) (*regionState, *scopeSet, error) {
	want := req.cursor.contentHash
	if state, err := r.stateAsOf(ctx, current, req.at); err == nil {
		scopes, err := state.selectScopes(req.selection)
		if err == nil && shortHash(scopes.digest) == want {
			return state, scopes, nil
		}
	}
	state, err := r.stateAsOf(ctx, current, atCommit(req.cursor.sequence))
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early), errors.As(err, &future):
		return nil, nil, newCursorExpiredError(nil)
	case err != nil:
		return nil, nil, err
	}
	scopes, err := state.selectScopes(req.selection)
	if err != nil || shortHash(scopes.digest) != want { // another caller's cursor, or a restored backup
		return nil, nil, newCursorExpiredError(nil)
	}
	return state, scopes, nil
}

// newCursorExpiredError says that the state of a cursor is not kept. cause is
// for the log; it is nil where nothing is wrong with the storage.
func newCursorExpiredError(cause error) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: codeExpired, Cause: cause,
		Message:   "The state that this cursor belongs to is no longer kept.",
		Recommend: "Start again without cursor.",
	}
}
