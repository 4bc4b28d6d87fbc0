package history

import (
	"context"
	"net/http"
	"slices"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// Page is a page of the events of a region.
type Page struct {
	// Entries are oldest first, unless the filter asks for the newest.
	Entries []*Event
	// End is where the next page begins, even if there is nothing yet.
	End request.FeedCursor
	// More says that the next page can have further events that match.
	More bool
}

// Filter says which events a page holds.
type Filter struct {
	// Selection can name scopes that have ended.
	Selection request.Selection
	Images    []string // ids, sorted; nil: every image
	// Kinds are the wanted ones. It is never empty. With request.KindPresent, images has one id.
	Kinds []request.Kind
	// ByScope says that each event is an entry. Otherwise each image of a commit is, with
	// all its scopes.
	ByScope bool
	Limit   int // of entries of one page; 0: all that match, never with newest
	// Newest asks for the last events, newest first, instead of the first ones.
	Newest bool
}

// hasRoom reports whether a page with a number of entries takes one more: as many as
// limit, and one to know that there are more.
func (f *Filter) hasRoom(entries int) bool { return f.Limit == 0 || entries <= f.Limit }

// endsEarly reports whether a page of rows is likely to end before its feed, which has a
// number of commits. Most commits have a row.
func (f *Filter) endsEarly(commits int64) bool {
	return !f.ByScope && !f.Newest && f.Images == nil && f.Limit > 0 && commits > int64(f.Limit)
}

// matches reports whether a page can show an entry.
func (f *Filter) matches(e *Event) bool {
	return slices.Contains(f.Kinds, e.Kind) && (e.Row != nil || f.isAbout(e))
}

// isAbout reports whether an event is of a selected scope and a wanted image.
func (f *Filter) isAbout(e *Event) bool {
	return e.isIn(f.Selection) && (f.Images == nil || slices.Contains(f.Images, e.ImageID))
}

// ResolveStart returns where a feed begins that ends with a state. It
// returns an error if retention has removed commits that the feed would begin
// with, if the log does not hold the commit of the cursor, or if the moment to
// begin after is later than the feed's end. It reads at most one commit, or finds
// a time in the log.
func (h *Reader) ResolveStart(
	ctx context.Context, since request.Since, now time.Time, sub *state.Subject,
) (request.Position, error) {
	switch {
	case since.Cursor != nil:
		return since.Cursor.Position, h.checkCursor(ctx, sub.Current, *since.Cursor)
	case sub.Current.Sequence == 0 || !since.AsOf.IsSet:
		return request.Position{}, nil
	case since.Sequence == 0:
		return h.resolveStartTime(ctx, since.ResolveTime(now), sub)
	case since.Sequence > sub.State.Sequence:
		return request.Position{}, startAfterEndError(sub.State)
	}
	first, err := h.FirstCommit(ctx, sub.Current)
	if err == nil && since.Sequence+1 < first.FirstSequence {
		err = first
	}
	return request.Position{Sequence: since.Sequence + 1, Offset: 0}, err
}

// resolveStartTime returns the position after the last commit that is not later
// than a time. It returns an error for a time before the kept history. Before
// commit 1 there is nothing to miss.
func (h *Reader) resolveStartTime(ctx context.Context, after time.Time, sub *state.Subject) (request.Position, error) {
	last, err := h.LastCommitAt(ctx, sub.Current, after)
	if err != nil {
		return request.Position{}, err
	}
	if end := sub.State; !end.Live && last > end.Sequence {
		// Later commits can have the time of the end, and are not later than it then.
		sameTime, err := h.LastCommitAt(ctx, sub.Current, end.CommittedAt.Time)
		if err != nil {
			return request.Position{}, err
		}
		if last > sameTime {
			return request.Position{}, startAfterEndError(end)
		}
	}
	// Not the position of the next commit, which may not be there yet.
	return request.Position{Sequence: last + 1, Offset: 0}, nil
}

// startAfterEndError returns the error for a feed that would begin after its end.
func startAfterEndError(end *state.RegionState) error {
	if end.Live {
		return &archive.FutureError{Last: end.Sequence}
	}
	return &apierror.Error{
		Status: http.StatusNotFound, Code: fault.CodeFuture,
		Message:   message.New("since is later than commit %d, the last one at the time given by at.", end.Sequence),
		Recommend: message.New("Use that commit or an earlier one as since, or a later time as at."),
	}
}

// tooManyEventsError returns the error for a feed without a limit that has too many
// events for one answer.
func tooManyEventsError() error {
	return fault.NewError([]fault.Fault{{
		Code: fault.CodeInvalid, Name: "limit",
		Reason:  message.New("is not given, and the answer would have more than %d events", maxWholeEvents),
		Allowed: message.New("a limit, a later since, or fewer clusters, images or kinds"),
	}})
}
