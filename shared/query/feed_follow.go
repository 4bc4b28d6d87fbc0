package query

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// readLogOfCursor reads the head of a region if the state at hand lacks the
// commit of a cursor: another instance has read a later one.
func (h *history) readLogOfCursor(ctx context.Context, region string, c *feedCursor) error {
	if c == nil {
		return nil
	}
	return h.readUpTo(ctx, region, c.position.lastRead())
}

// cursorAt returns a position with what binds it to the log.
func (h *history) cursorAt(ctx context.Context, current currentState, position feedPosition) (feedCursor, error) {
	id, err := h.lineIDOf(ctx, current, position.lastRead())
	return feedCursor{current.RegionID, position, id}, err
}

// lineIDOf returns the lineID of a commit up to the present one, or of the one before
// the first that is kept. It reads the commit after it, which names it.
func (h *history) lineIDOf(ctx context.Context, current currentState, sequence int64) (lineID, error) {
	if sequence == current.Sequence {
		return newLineID(current.LineHash()), nil
	}
	for c, err := range h.commits(ctx, current, nil, sequence+1) {
		switch {
		case err != nil:
			return noLineID, err
		case c.Sequence > sequence+1: // retention has just removed it
			return noLineID, &archive.TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
		}
		return newLineID(c.Previous), nil
	}
	return noLineID, nil
}

// checkCursor returns an error if the log does not hold the commit of a cursor,
// or no longer the commits after it.
func (h *history) checkCursor(ctx context.Context, current currentState, c feedCursor) error {
	lastRead := c.position.lastRead()
	if lastRead > current.Sequence {
		return feedCursorForeignError(fmt.Sprintf(
			"The cursor follows commit %d, but the log of %s ends with commit %d.", lastRead, c.region, current.Sequence))
	}
	if lastRead < current.Sequence {
		first, err := h.firstCommit(ctx, current)
		switch {
		case err != nil:
			return err
		case lastRead < first.FirstSequence-1:
			return first
		}
	}
	id, err := h.lineIDOf(ctx, current, lastRead)
	if err == nil && id != c.lineID {
		err = feedCursorForeignError(fmt.Sprintf("The cursor follows another commit %d than the one in the log of %s.",
			lastRead, c.region))
	}
	return err
}

// startError adds to an error of a feed what the caller asked to begin after.
func startError(since feedSince, err error) error {
	var early *archive.TooEarlyError
	if since.cursor != nil && errors.As(err, &early) {
		return feedCursorExpiredError(early)
	}
	return withParam("since", err)
}

// feedCursorForeignError returns the error for a cursor whose commit the log
// does not hold. message says so.
func feedCursorForeignError(message string) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: codeExpired,
		Message: message + " The log was restored from a backup, or the cursor is of another log. " +
			"Begin anew with since=0, or with since and the CommittedAt of the last event that you trust.",
		Recommend: "Expect events that you know already, and take back those that are no longer there.",
	}
}

// feedCursorExpiredError returns the error for a cursor whose next commits
// retention has removed.
func feedCursorExpiredError(early *archive.TooEarlyError) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: codeExpired,
		Message:   "The commits after this cursor are no longer kept. " + toAPIError(early).Message,
		Recommend: "Start again with since=0, or since that commit.",
	}
}
