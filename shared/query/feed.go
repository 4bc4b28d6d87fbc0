package query

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// feedSince is where a feed begins, as the caller wrote it: at a cursor, or
// after a moment. The zero value is the beginning of the kept history.
type feedSince struct {
	cursor *feedCursor // nil: none
	// fromStart says that since=0 was given. Only an Atom feed tells it from no
	// since at all.
	fromStart bool
	// asOf is the moment to begin after. It counts if it is set.
	asOf
}

// parseFeedSince reads a cursor of a feed, or a moment that is not in the
// future.
func (p *parser) parseFeedSince(text string) (feedSince, error) {
	if strings.HasPrefix(text, "c") { // no moment begins so
		c, ok := parseFeedCursor(text)
		if !ok {
			return feedSince{}, &valueError{value: text}
		}
		return feedSince{cursor: &c}, nil
	}
	if text == "0" {
		return feedSince{fromStart: true}, nil
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
	end feedCursor
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

// readPage returns the events that match from start up to the end of a state.
func (h *history) readPage(start feedPosition, end *regionState, filter eventFilter) eventPage {
	h.mu.RLock()
	defer h.mu.RUnlock()
	last := end.Sequence
	// An offset behind the last event of its commit means the next commit.
	from := min(h.countEventsUpTo(start.sequence-1)+int32(start.offset), h.countEventsUpTo(start.sequence))
	page, next := eventPage{}, feedPosition{last + 1, 0}
	if start.isAfter(next) { // the feed ends before its cursor; a reader never goes back
		next = start
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
		next = page.entries[len(page.entries)-1].position
		next.offset++
	}
	page.end = h.cursorAt(end.RegionID, next)
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
// with, if the log does not hold the commit of the cursor, or if the moment to
// begin after is later than the feed's end.
func (h *history) resolveStart(since feedSince, now time.Time, end *regionState) (feedPosition, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	switch {
	case since.cursor != nil:
		return since.cursor.position, h.checkCursor(*since.cursor)
	case len(h.commits) == 0 || !since.asOf.isSet:
		return feedPosition{}, nil
	case since.sequence == 0:
		return h.resolveStartTime(since.resolveTime(now), end)
	case since.sequence > end.Sequence:
		return feedPosition{}, startAfterEndError(end)
	case since.sequence+1 < h.firstSequence():
		return feedPosition{}, h.tooEarlyError()
	}
	return feedPosition{since.sequence + 1, 0}, nil
}

// resolveStartTime returns the position after the last commit that is not later
// than a time. It returns an error for a time before the kept history. The
// caller holds the lock.
func (h *history) resolveStartTime(after time.Time, end *regionState) (feedPosition, error) {
	// Before the first commit there is nothing to miss if it is commit 1.
	if h.firstSequence() > 1 && after.Before(h.commits[0].at.Time) {
		return feedPosition{}, h.tooEarlyError()
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
