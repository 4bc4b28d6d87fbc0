package query

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// feedPosition is where a reader of a feed stands: before the event with the
// number offset, from 0, of a commit. All events count that the caller may see,
// whatever the feed filters.
type feedPosition struct {
	sequence int64 // of the commit
	// offset is 0 before the first event of the commit.
	offset int
}

// String returns the position as cursors have it.
func (p feedPosition) String() string { return fmt.Sprintf("c%d.%d", p.sequence, p.offset) }

// isAfter reports whether a position comes after another.
func (p feedPosition) isAfter(other feedPosition) bool {
	return p.sequence > other.sequence || p.sequence == other.sequence && p.offset > other.offset
}

// feedSince is where a feed begins, as the caller wrote it: at a cursor, or
// after a moment. The zero value is the beginning of the kept history.
type feedSince struct {
	// cursor says that position counts, and not the moment.
	cursor bool
	// position is where to begin. Zero: at the beginning of the kept history.
	position feedPosition
	// asOf is the moment to begin after. It counts if it is set.
	asOf
}

// parseFeedSince reads a cursor of a feed, or a moment that is not in the
// future.
func (p *parser) parseFeedSince(text string) (feedSince, error) {
	if rest, ok := strings.CutPrefix(text, "c"); ok {
		a, b, dotted := strings.Cut(rest, ".")
		sequence, err1 := strconv.ParseInt(a, 10, 53)
		offset, err2 := strconv.ParseInt(b, 10, 31) // no sum with places of events may overflow
		if !dotted || err1 != nil || err2 != nil || sequence < 0 || offset < 0 {
			return feedSince{}, &valueError{value: text}
		}
		return feedSince{cursor: true, position: feedPosition{sequence, int(offset)}}, nil
	}
	if text == "0" {
		return feedSince{cursor: true}, nil
	}
	m, err := p.parsePastTime(text)
	return feedSince{asOf: m}, err
}

// feedEntry is one event of a feed, as answers show it.
type feedEntry struct {
	id    string // of the image
	scope archive.ScopeRef
	kind  eventKind
	// position is the event's own. The next page begins one behind it.
	position feedPosition
	at       catalog.Time          // of the commit
	fields   []catalog.FieldChange // of kindChanged
}

// eventPage is a page of the events of a region.
type eventPage struct {
	// entries are oldest first, unless the filter asks for the newest.
	entries []feedEntry
	// end is where the next page begins, even if there is nothing yet.
	end feedPosition
	// more says that the history has further events that match.
	more bool
}

// eventFilter says which events a page holds.
type eventFilter struct {
	// selection can name scopes that have ended.
	selection selection
	images    []string // ids, sorted; nil: every image
	// kinds are the wanted ones. It is never empty.
	kinds []eventKind
	limit int // of entries of one page
	// newest asks for the last events, newest first, instead of the first ones.
	newest bool
}

// readPage returns the events that match from start up to the end of the commit
// last.
func (h *history) readPage(start feedPosition, last int64, filter eventFilter) eventPage {
	h.mu.RLock()
	defer h.mu.RUnlock()
	// An offset behind the last event of its commit means the next commit.
	from := min(h.countEventsUpTo(start.sequence-1)+int32(start.offset), h.countEventsUpTo(start.sequence))
	page := eventPage{end: feedPosition{last + 1, 0}}
	if start.isAfter(page.end) { // another instance knew more; a reader never goes back
		page.end = start
	}
	h.eachEvent(from, max(from, h.countEventsUpTo(last)), filter, func(at int32) bool {
		if len(page.entries) == filter.limit {
			page.more = true
			return false
		}
		page.entries = append(page.entries, h.feedEntryAt(at))
		return true
	})
	if page.more && !filter.newest {
		page.end = page.entries[len(page.entries)-1].position
		page.end.offset++
	}
	return page
}

// eachEvent yields the places in [from, to) of the events that match, until
// yield returns false. The caller holds the lock.
func (h *history) eachEvent(from, to int32, filter eventFilter, yield func(at int32) bool) {
	// Scopes are few and events many, so scopes are matched once.
	included := make([]bool, len(h.scopes))
	for i, ref := range h.scopes {
		included[i] = filter.selection.includes(ref)
	}
	// A feed of some images looks at their events only.
	n, placeAt := int(to-from), func(i int) int32 { return from + int32(i) }
	if filter.images != nil {
		places := h.eventsOfImages(filter.images, from, to)
		n, placeAt = len(places), func(i int) int32 { return places[i] }
	}
	for i := range n {
		if filter.newest {
			i = n - 1 - i
		}
		at := placeAt(i)
		e := h.events[at]
		if included[e.scope] && slices.Contains(filter.kinds, e.kind) && !yield(at) {
			return
		}
	}
}

// eventsOfImages returns the places in [from, to) of the events of images,
// ascending. The caller holds the lock.
func (h *history) eventsOfImages(imageIDs []string, from, to int32) (places []int32) {
	for _, id := range imageIDs {
		if image, known := h.imageAt[id]; known {
			all := h.byImage[image]
			first, _ := slices.BinarySearch(all, from)
			end, _ := slices.BinarySearch(all, to)
			places = append(places, all[first:end]...)
		}
	}
	slices.Sort(places)
	return places
}

// feedEntryAt returns the event at a place. The caller holds the lock.
func (h *history) feedEntryAt(at int32) feedEntry {
	e := h.events[at]
	c := h.commits[e.commit]
	return feedEntry{
		id: h.images[e.image], scope: h.scopes[e.scope], kind: e.kind, at: c.at, fields: h.fields[at],
		position: feedPosition{c.sequence, int(at - h.countEventsUpTo(c.sequence-1))},
	}
}

// resolveStart returns where a feed begins that ends with a state. It
// returns an error if retention has removed commits that the feed would begin
// with, or if the moment to begin after is later than the feed's end.
func (h *history) resolveStart(since feedSince, now time.Time, end *regionState) (feedPosition, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if len(h.commits) == 0 {
		return since.position, nil
	}
	first := h.commits[0]
	early := &archive.TooEarlyError{First: first.at, FirstSequence: first.sequence}
	switch {
	case since.cursor && since.position.sequence > 0 && since.position.sequence < first.sequence:
		return feedPosition{}, feedCursorExpiredError(early)
	case since.cursor:
		return since.position, nil
	case !since.asOf.isSet:
		return feedPosition{}, nil
	case since.sequence == 0:
		return h.resolveStartTime(since.resolveTime(now), end, early)
	case since.sequence > end.Sequence:
		return feedPosition{}, startAfterEndError(end)
	case since.sequence+1 < first.sequence:
		return feedPosition{}, early
	}
	return feedPosition{since.sequence + 1, 0}, nil
}

// resolveStartTime returns the position after the last commit that is not later
// than a time. early is the error for a time before the kept history. The
// caller holds the lock.
func (h *history) resolveStartTime(
	after time.Time, end *regionState, early *archive.TooEarlyError,
) (feedPosition, error) {
	// Before the first commit there is nothing to miss if it is commit 1.
	if early.FirstSequence > 1 && after.Before(early.First.Time) {
		return feedPosition{}, early
	}
	// The first commit that is later than the time. Several commits can have one
	// time, so a comparison never says that two are equal.
	next, _ := slices.BinarySearchFunc(h.commits, after, func(c commitRef, after time.Time) int {
		if c.at.After(after) {
			return 1
		}
		return -1
	})
	if next == 0 {
		return feedPosition{}, nil
	}
	last := h.commits[next-1]
	if !end.live && last.at.After(end.CommittedAt.Time) {
		return feedPosition{}, startAfterEndError(end)
	}
	// Not the position of the next commit, which may not be there yet.
	return feedPosition{last.sequence + 1, 0}, nil
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

// feedCursorExpired returns the error for a cursor whose next commits retention
// has removed.
func feedCursorExpiredError(early *archive.TooEarlyError) error {
	return &apierror.Error{
		Status: http.StatusGone, Code: codeExpired,
		Message:   "The commits after this cursor are no longer kept. " + toAPIError(early).Message,
		Recommend: "Start again with since=0, or since that commit.",
	}
}
