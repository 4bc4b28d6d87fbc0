package history

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
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
	// response.maxBodyBytes in most formats, and some 50 MB of memory.
	maxWholeEvents = 150_000
)

// pageReader reads the log for one page.
type pageReader struct {
	history *Reader
	sub     *state.Subject // the feed ends with its state
	start   request.Position
	filter  Filter
	// offers knows what the feed's end still offers, for rows of images.
	offers *endOffers
	// kept finds the events that stand before the log; nil: the page has none.
	kept *keptEvents
	// entries are those from the log: one more than the limit if there are more.
	entries         []*Event
	commits, events int // that count for the limits of a page
	// isCounted says that the present commit counts. In a feed of some images only what
	// the caller sees of them does: where a page ends would otherwise tell of others.
	isCounted bool
	// stopped is the commit after which a limit of a page stopped the reading; nil: none
	// did.
	stopped *format.Commit
}

// ReadPage returns the events that match from start up to the end of a subject's
// state.
func (h *Reader) ReadPage(
	ctx context.Context, sub *state.Subject, start request.Position, filter Filter,
) (Page, error) {
	end := request.FeedCursor{
		Region: sub.State.RegionID, Position: request.Position{Sequence: sub.State.Sequence + 1},
		LineID: request.NewLineID(sub.State.LineHash()),
	}
	if start.IsAfter(end.Position) { // the feed ends before its start; a reader never goes back
		end, err := h.cursorAt(ctx, sub.Current, start)
		return Page{End: end}, err
	}
	if start == end.Position || sub.Current.Sequence == 0 {
		return Page{End: end}, nil
	}
	kept, err := h.newKeptEvents(ctx, sub.Current, start, filter)
	if err != nil {
		return Page{}, err
	}
	r := &pageReader{history: h, sub: sub, start: start, filter: filter, kept: kept,
		offers: newEndOffers(h, sub.State, filter)}
	if filter.endsEarly(sub.State.Sequence - start.Sequence) {
		r.offers.lists.Prefetch(ctx)
	}
	if filter.Newest {
		err = r.readBackward(ctx)
	} else {
		err = r.readForward(ctx)
	}
	if err != nil {
		return Page{}, err
	}
	page, err := r.finish(ctx, end)
	return page, cmp.Or(err, r.offers.setRows(ctx, page.Entries))
}

// readForward collects entries from the oldest on.
func (r *pageReader) readForward(ctx context.Context) error {
	for c, err := range r.history.Commits(ctx, r.sub.Current, r.filter.Images, r.start.Sequence) {
		switch {
		case err != nil:
			return err
		case r.hasGap(c):
			return &archive.TooEarlyError{First: c.CommittedAt, FirstSequence: c.Sequence}
		}
		for e := range r.entriesOf(ctx, c) {
			if !r.filter.hasRoom(len(r.entries)) {
				break
			}
			r.entries = append(r.entries, e.clone())
		}
		if r.filter.Limit == 0 && len(r.entries) > maxWholeEvents {
			return tooManyEventsError()
		}
		// What is kept depends on all commits that follow.
		if r.isFinished(c) && r.kept == nil {
			break
		}
	}
	r.offers.hasRest = r.filter.hasRoom(len(r.entries)) && r.stopped == nil
	return nil
}

// readBackward collects entries from the newest on.
func (r *pageReader) readBackward(ctx context.Context) error {
	from := r.sub.State.Sequence
	if r.kept != nil {
		from = r.sub.Current.Sequence
	}
	for c, err := range r.history.CommitsBackward(ctx, r.sub.Current, r.filter.Images, from) {
		if err != nil {
			return err
		}
		var last []*Event // of the commit, at most twice as many as are needed
		for e := range r.entriesOf(ctx, c) {
			last = append(last, e.clone())
			if len(last) > 2*r.filter.Limit {
				last = slices.Delete(last, 0, r.filter.Limit)
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
// events of the commit count, also those that are not shown. An entry is valid until the
// next one.
func (r *pageReader) entriesOf(ctx context.Context, c *format.Commit) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		wanted := true
		show := func(e *Event) { wanted = wanted && (!r.isInPage(e) || yield(e)) }
		rows := rowMaker{kinds: r.filter.Kinds, isOffered: func(id string) bool { return r.offers.has(ctx, id) }}
		if c.Sequence <= r.sub.State.Sequence {
			rows.note = func(id string, isThere bool) { r.offers.note(ctx, id, isThere) }
		}
		for e := range r.history.eventsOf(c) {
			if !wanted && r.kept == nil { // the page is full
				return
			}
			r.count(e)
			switch {
			case !wanted: // the rest only counts
			case r.filter.ByScope:
				show(e)
			case r.filter.isAbout(e):
				rows.add(e)
				rows.takeReady(show)
			}
		}
		if wanted {
			rows.takeAll(show)
		}
	}
}

// hasGap reports whether retention has just removed commits before the first one that
// is read. A feed of some images can lack any commit.
func (r *pageReader) hasGap(c *format.Commit) bool {
	return r.commits == 0 && r.filter.Images == nil && r.start.Sequence > 0 && c.Sequence > r.start.LastRead()+1
}

// count notes an event that was read.
func (r *pageReader) count(e *Event) {
	if r.kept != nil {
		r.kept.add(e)
	}
	if r.filter.Images == nil || slices.Contains(r.filter.Images, e.ImageID) {
		r.events++
		r.isCounted = true
	}
}

// isInPage reports whether an entry from the log belongs into the page, if there is room.
// A row does if any of its events does.
func (r *pageReader) isInPage(e *Event) bool {
	return e.Commit.Sequence <= r.sub.State.Sequence && e.end().IsAfter(r.start) && r.filter.matches(e)
}

// isFinished reports whether the page needs no commit after c.
func (r *pageReader) isFinished(c *format.Commit) bool {
	if r.isCounted || r.filter.Images == nil {
		r.commits++
	}
	r.isCounted = false
	if r.filter.Newest {
		return len(r.entries) >= r.filter.Limit || r.commits >= maxPageCommits || r.events >= maxPageEvents
	}
	if !r.filter.hasRoom(len(r.entries)) || c.Sequence >= r.sub.State.Sequence {
		return true
	}
	if r.filter.Limit == 0 || r.commits < maxPageCommits && r.events < maxPageEvents {
		return false
	}
	r.stopped = c
	return true
}

// finish returns the page of what was read. end is where it ends if it has everything.
func (r *pageReader) finish(ctx context.Context, end request.FeedCursor) (Page, error) {
	page := Page{Entries: r.entries, End: end}
	if r.kept != nil {
		kept, err := r.kept.list(ctx, r.history, r.sub.Current)
		if err != nil {
			return Page{}, err
		}
		kept = slices.DeleteFunc(kept, func(e *Event) bool { return r.start.IsAfter(e.position) || !r.filter.matches(e) })
		if r.filter.Newest {
			slices.Reverse(kept)
			page.Entries = append(page.Entries, kept...)
		} else {
			page.Entries = append(kept, page.Entries...)
		}
	}
	switch isFull := !r.filter.hasRoom(len(page.Entries)); {
	case r.filter.Newest:
		page.Entries = page.Entries[:min(len(page.Entries), r.filter.Limit)]
	case isFull:
		page.Entries, page.More = page.Entries[:r.filter.Limit], true
		last := page.Entries[r.filter.Limit-1]
		page.End.Position, page.End.LineID = last.end(), last.Commit.lineID
		if last.Kind == request.KindPresent {
			var err error
			page.End, err = r.history.cursorAt(ctx, r.sub.Current, page.End.Position)
			return page, err
		}
	case r.stopped != nil && r.kept == nil:
		page.More = true
		page.End.Position = request.Position{Sequence: r.stopped.Sequence + 1, Offset: 0}
		page.End.LineID = request.NewLineID(r.stopped.LineHash)
	}
	return page, nil
}
