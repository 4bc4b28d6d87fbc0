package history

import (
	"context"
	"errors"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// ReadLogOfCursor reads the head of a region if the state at hand lacks the
// commit of a cursor: another instance has read a later one.
func (h *Reader) ReadLogOfCursor(ctx context.Context, region string, c *request.FeedCursor) error {
	if c == nil {
		return nil
	}
	return h.ReadUpTo(ctx, region, c.Position.LastRead())
}

// cursorAt returns a position with what binds it to the log.
func (h *Reader) cursorAt(
	ctx context.Context, current state.Current, position request.Position,
) (request.FeedCursor, error) {
	id, err := h.lineIDOf(ctx, current, position.LastRead())
	return request.FeedCursor{Region: current.RegionID, Position: position, LineID: id}, err
}

// lineIDOf returns the request.LineID of a commit up to the present one, or of the one before
// the first that is kept. It reads the commit after it, which names it.
func (h *Reader) lineIDOf(ctx context.Context, current state.Current, sequence int64) (request.LineID, error) {
	if sequence == current.Sequence {
		return request.NewLineID(current.LineHash()), nil
	}
	for c, err := range h.Commits(ctx, current, nil, sequence+1) {
		switch {
		case err != nil:
			return request.NoLineID, err
		case c.Sequence > sequence+1: // retention has just removed it
			return request.NoLineID, &archive.TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
		}
		return request.NewLineID(c.Previous), nil
	}
	return request.NoLineID, nil
}

// checkCursor returns an error if the log does not hold the commit of a cursor,
// or no longer the commits after it.
func (h *Reader) checkCursor(ctx context.Context, current state.Current, c request.FeedCursor) error {
	lastRead := c.Position.LastRead()
	if lastRead > current.Sequence {
		return feedCursorForeignError(message.New(
			"The cursor follows commit %d, but the log of %s ends with commit %d.", lastRead, c.Region, current.Sequence))
	}
	if lastRead < current.Sequence {
		first, err := h.FirstCommit(ctx, current)
		switch {
		case err != nil:
			return err
		case lastRead < first.FirstSequence-1:
			return first
		}
	}
	id, err := h.lineIDOf(ctx, current, lastRead)
	if err == nil && id != c.LineID {
		err = feedCursorForeignError(message.New(
			"The cursor follows another commit %d than the one in the log of %s.", lastRead, c.Region))
	}
	return err
}

// StartError adds to an error of a feed what the caller asked to begin after.
func StartError(since request.Since, err error) error {
	var early *archive.TooEarlyError
	if since.Cursor != nil && errors.As(err, &early) {
		return feedCursorExpiredError(early)
	}
	return state.WithParam("since", err)
}

// feedCursorForeignError returns the error for a cursor whose commit the log
// does not hold. reason says so.
func feedCursorForeignError(reason message.Text) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: fault.CodeExpired,
		Message: message.Sentences(reason, message.New("The log was restored from a backup, or the cursor is of "+
			"another log. Begin anew with since=0, or with since and the CommittedAt of the last event that you trust.")),
		Recommend: message.New("Expect events that you know already, and take back those that are no longer there."),
	}
}

// feedCursorExpiredError returns the error for a cursor whose next commits
// retention has removed.
func feedCursorExpiredError(early *archive.TooEarlyError) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: fault.CodeExpired,
		Message: message.Sentences(message.New("The commits after this cursor are no longer kept."),
			state.ToAPIError(early).Message),
		Recommend: message.New("Start again with since=0, or since that commit."),
	}
}
