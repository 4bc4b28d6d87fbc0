package query

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
)

// One page reads no more than this, and then says that there can be more: a filter
// that matches rarely would otherwise read the whole log. 5,000 commits of a region
// with 200 clusters are some 20 MB of log, which take less than a second at 0.5 vCPU.
// A commit of a fleet of 6,000 scopes can have a million events alone. Time is no
// limit, because equal questions must have equal pages.
const (
	maxPageCommits = 5_000
	maxPageEvents  = 1_000_000

	// maxWholeEvents bounds an answer that has no limit. So many events are more than
	// maxBodyBytes in most formats, and some 50 MB of memory.
	maxWholeEvents = 150_000
)

// pageReader reads the log for one page.
type pageReader struct {
	history *history
	sub     *subject // the feed ends with its state
	start   feedPosition
	filter  eventFilter
	// offered knows what the feed's end still offers, for rows of images.
	offered *offeredImages
	// kept finds the events that stand before the log; nil: the page has none.
	kept *keptEvents
	// entries are those from the log: one more than the limit if there are more.
	entries         []*event
	commits, events int // that count for the limits of a page
	// isCounted says that the present commit counts. In a feed of some images only what
	// the caller sees of them does: where a page ends would otherwise tell of others.
	isCounted bool
	// stopped is the commit after which a limit of a page stopped the reading; nil: none
	// did.
	stopped *format.Commit
}

// readPage returns the events that match from start up to the end of a subject's
// state.
func (h *history) readPage(
	ctx context.Context, sub *subject, start feedPosition, filter eventFilter,
) (eventPage, error) {
	end := feedCursor{sub.state.RegionID, feedPosition{sub.state.Sequence + 1, 0}, newLineID(sub.state.LineHash())}
	if start.isAfter(end.position) { // the feed ends before its start; a reader never goes back
		end, err := h.cursorAt(ctx, sub.current, start)
		return eventPage{end: end}, err
	}
	if start == end.position || sub.current.Sequence == 0 {
		return eventPage{end: end}, nil
	}
	kept, err := h.newKeptEvents(ctx, sub.current, start, filter)
	if err != nil {
		return eventPage{}, err
	}
	r := &pageReader{history: h, sub: sub, start: start, filter: filter, kept: kept,
		offered: &offeredImages{sets: h.sets, state: sub.state, selection: filter.selection}}
	if filter.newest {
		err = r.readBackward(ctx)
	} else {
		err = r.readForward(ctx)
	}
	if err = cmp.Or(err, r.offered.err); err != nil {
		return eventPage{}, err
	}
	return r.finish(ctx, end)
}

// readForward collects entries from the oldest on.
func (r *pageReader) readForward(ctx context.Context) error {
	for c, err := range r.history.commits(ctx, r.sub.current, r.filter.images, r.start.sequence) {
		switch {
		case err != nil:
			return err
		case r.hasGap(c):
			return &archive.TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
		}
		for e := range r.entriesOf(ctx, c) {
			if r.filter.hasRoom(len(r.entries)) {
				r.entries = append(r.entries, e.clone())
			}
		}
		if r.filter.limit == 0 && len(r.entries) > maxWholeEvents {
			return tooManyEventsError()
		}
		// What is kept depends on all commits that follow.
		if r.isFinished(c) && r.kept == nil {
			break
		}
	}
	return nil
}

// readBackward collects entries from the newest on.
func (r *pageReader) readBackward(ctx context.Context) error {
	from := r.sub.state.Sequence
	if r.kept != nil {
		from = r.sub.current.Sequence
	}
	for c, err := range r.history.commitsBackward(ctx, r.sub.current, r.filter.images, from) {
		if err != nil {
			return err
		}
		var last []*event // of the commit, at most twice as many as are needed
		for e := range r.entriesOf(ctx, c) {
			last = append(last, e.clone())
			if len(last) > 2*r.filter.limit {
				last = slices.Delete(last, 0, r.filter.limit)
			}
		}
		slices.Reverse(last)
		r.entries = append(r.entries, last...)
		if r.isFinished(c) {
			r.kept = nil // older than all that the page has room for
			break
		}
	}
	return nil
}

// entriesOf yields what the page can show of a commit: its events, or its rows. All
// events of the commit count. An entry is valid until the next one.
func (r *pageReader) entriesOf(ctx context.Context, c *format.Commit) iter.Seq[*event] {
	return func(yield func(*event) bool) {
		wanted := true
		rows := rowMaker{kinds: r.filter.kinds, isOffered: func(id string) bool { return r.offered.has(ctx, id) }}
		for e := range r.history.eventsOf(c) {
			r.count(e)
			switch {
			case r.filter.byScope:
				wanted = wanted && (!r.isInPage(e) || yield(e))
			case r.filter.isAbout(e):
				rows.add(e)
			}
		}
		for _, e := range rows.finish() {
			if wanted = wanted && (!r.isInPage(e) || yield(e)); !wanted {
				return
			}
		}
	}
}

// hasGap reports whether retention has just removed commits before the first one that
// is read. A feed of some images can lack any commit.
func (r *pageReader) hasGap(c *format.Commit) bool {
	return r.commits == 0 && r.filter.images == nil && r.start.sequence > 0 && c.Sequence > r.start.lastRead()+1
}

// count notes an event that was read.
func (r *pageReader) count(e *event) {
	if r.kept != nil {
		r.kept.add(e)
	}
	if r.filter.images == nil || slices.Contains(r.filter.images, e.imageID) {
		r.events++
		r.isCounted = true
	}
}

// isInPage reports whether an entry from the log belongs into the page, if there is room.
// A row does if any of its events does.
func (r *pageReader) isInPage(e *event) bool {
	return e.commit.sequence <= r.sub.state.Sequence && e.end().isAfter(r.start) && r.filter.matches(e)
}

// isFinished reports whether the page needs no commit after c.
func (r *pageReader) isFinished(c *format.Commit) bool {
	if r.isCounted || r.filter.images == nil {
		r.commits++
	}
	r.isCounted = false
	if r.filter.newest {
		return len(r.entries) >= r.filter.limit || r.commits >= maxPageCommits || r.events >= maxPageEvents
	}
	if !r.filter.hasRoom(len(r.entries)) || c.Sequence >= r.sub.state.Sequence {
		return true
	}
	if r.filter.limit == 0 || r.commits < maxPageCommits && r.events < maxPageEvents {
		return false
	}
	r.stopped = c
	return true
}

// finish returns the page of what was read. end is where it ends if it has everything.
func (r *pageReader) finish(ctx context.Context, end feedCursor) (eventPage, error) {
	page := eventPage{entries: r.entries, end: end}
	if r.kept != nil {
		kept, err := r.kept.list(ctx, r.history, r.sub.current)
		if err != nil {
			return eventPage{}, err
		}
		kept = slices.DeleteFunc(kept, func(e *event) bool { return r.start.isAfter(e.position) || !r.filter.matches(e) })
		if r.filter.newest {
			slices.Reverse(kept)
			page.entries = append(page.entries, kept...)
		} else {
			page.entries = append(kept, page.entries...)
		}
	}
	switch isFull := !r.filter.hasRoom(len(page.entries)); {
	case r.filter.newest:
		page.entries = page.entries[:min(len(page.entries), r.filter.limit)]
	case isFull:
		page.entries, page.more = page.entries[:r.filter.limit], true
		last := page.entries[r.filter.limit-1]
		page.end.position, page.end.lineID = last.end(), last.commit.lineID
		if last.kind == kindPresent {
			var err error
			page.end, err = r.history.cursorAt(ctx, r.sub.current, page.end.position)
			return page, err
		}
	case r.stopped != nil && r.kept == nil:
		page.more = true
		page.end.position = feedPosition{r.stopped.Sequence + 1, 0}
		page.end.lineID = newLineID(r.stopped.LineHash)
	}
	return page, nil
}
