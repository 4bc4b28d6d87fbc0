package query

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// eventPage is a page of the events of a region.
type eventPage struct {
	// entries are oldest first, unless the filter asks for the newest.
	entries []*event
	// end is where the next page begins, even if there is nothing yet.
	end feedCursor
	// more says that the next page can have further events that match.
	more bool
}

// eventFilter says which events a page holds.
type eventFilter struct {
	// selection can name scopes that have ended.
	selection selection
	images    []string // ids, sorted; nil: every image
	// kinds are the wanted ones. It is never empty. With kindPresent, images has one id.
	kinds []eventKind
	// byScope says that each event is an entry. Otherwise each image of a commit is, with
	// all its scopes.
	byScope bool
	limit   int // of entries of one page; 0: all that match, never with newest
	// newest asks for the last events, newest first, instead of the first ones.
	newest bool
}

// hasRoom reports whether a page with a number of entries takes one more: as many as
// limit, and one to know that there are more.
func (f *eventFilter) hasRoom(entries int) bool { return f.limit == 0 || entries <= f.limit }

// matches reports whether a page can show an entry.
func (f *eventFilter) matches(e *event) bool {
	return slices.Contains(f.kinds, e.kind) && (e.row != nil || f.isAbout(e))
}

// isAbout reports whether an event is of a selected scope and a wanted image.
func (f *eventFilter) isAbout(e *event) bool {
	return e.isIn(f.selection) && (f.images == nil || slices.Contains(f.images, e.imageID))
}

// resolveStart returns where a feed begins that ends with a state. It
// returns an error if retention has removed commits that the feed would begin
// with, if the log does not hold the commit of the cursor, or if the moment to
// begin after is later than the feed's end. It reads at most one commit, or finds
// a time in the log.
func (h *history) resolveStart(
	ctx context.Context, since feedSince, now time.Time, sub *subject,
) (feedPosition, error) {
	switch {
	case since.cursor != nil:
		return since.cursor.position, h.checkCursor(ctx, sub.current, *since.cursor)
	case sub.current.Sequence == 0 || !since.asOf.isSet:
		return feedPosition{}, nil
	case since.sequence == 0:
		return h.resolveStartTime(ctx, since.resolveTime(now), sub)
	case since.sequence > sub.state.Sequence:
		return feedPosition{}, startAfterEndError(sub.state)
	}
	first, err := h.firstCommit(ctx, sub.current)
	if err == nil && since.sequence+1 < first.FirstSequence {
		err = first
	}
	return feedPosition{since.sequence + 1, 0}, err
}

// resolveStartTime returns the position after the last commit that is not later
// than a time. It returns an error for a time before the kept history. Before
// commit 1 there is nothing to miss.
func (h *history) resolveStartTime(ctx context.Context, after time.Time, sub *subject) (feedPosition, error) {
	last, err := h.lastCommitAt(ctx, sub.current, after)
	if err != nil {
		return feedPosition{}, err
	}
	if end := sub.state; !end.live && last > end.Sequence {
		// Later commits can have the time of the end, and are not later than it then.
		sameTime, err := h.lastCommitAt(ctx, sub.current, end.CommittedAt.Time)
		if err != nil {
			return feedPosition{}, err
		}
		if last > sameTime {
			return feedPosition{}, startAfterEndError(end)
		}
	}
	// Not the position of the next commit, which may not be there yet.
	return feedPosition{last + 1, 0}, nil
}

// startAfterEnd returns the error for a feed that would begin after its end.
func startAfterEndError(end *regionState) error {
	if end.live {
		return &archive.FutureError{Last: end.Sequence}
	}
	return &apierror.Error{
		Status: http.StatusNotFound, Code: codeFuture,
		Message:   fmt.Sprintf("since is later than commit %d, the last one at the time given by at.", end.Sequence),
		Recommend: "Use that commit or an earlier one as since, or a later time as at.",
	}
}

// tooManyEventsError returns the error for a feed without a limit that has too many
// events for one answer.
func tooManyEventsError() error {
	return newFaultsError([]paramFault{{
		code: codeInvalid, name: "limit",
		reason:  fmt.Sprintf("is not given, and the answer would have more than %d events", maxWholeEvents),
		allowed: "a limit, a later since, or fewer clusters, images or kinds",
	}})
}
