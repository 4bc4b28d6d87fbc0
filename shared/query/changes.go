package query

import (
	"context"
	"strconv"
	"time"
)

// serveFeed serves /v1/changes and /v1/images/{ImageId}/history. The ETag of a
// feed depends on the last commit, so the head alone answers a poll that finds
// nothing new. The commit is named by its line: a number can be given again.
//
// Unlike a list, a feed is about the past and never 404 for a scope that has
// ended. Its freshness is that of the scopes that still exist.
func (s *lookup) serveFeed(ctx context.Context, req *request) (*answer, error) {
	region, err := s.findRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := s.history.readLogOfCursor(ctx, region, req.since.cursor); err != nil {
		return nil, err
	}
	// A row of an image says whether it is still offered, which the index knows.
	usesIndex := !req.listsScopes() && req.selection.isEverything()
	sub, err := s.resolve(ctx, req, region, usesIndex, func(state *regionState) (*scopeSet, error) {
		// A scope that has ended still has a history, so nothing has to match.
		return state.matchingScopes(req.selection), nil
	})
	if err != nil {
		return nil, err
	}
	// The time is taken once: the ETag and the body must begin at the same
	// position.
	now := s.now()
	start, err := s.startInETag(ctx, req, sub, now)
	if err != nil {
		return nil, err
	}
	// Commit numbers are the same for all callers, the events of a commit are
	// not.
	source := region + s.grantKey
	return &answer{
		freshness:    &sub.freshness,
		region:       region,
		etag:         makeETag(source, sub.state.LineHash(), req.canonical, req.format, start),
		lastModified: sub.state.CommittedAt,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			return s.renderFeed(ctx, prefix, req, sub, now)
		},
	}, nil
}

// startInETag returns the commit at which the feed of a request begins, if the
// request says it relative to now: "-24h" means another commit with every call,
// and that makes the answer. It finds the time in the log even for a 304, which an
// absolute start does not need; for that it returns "".
func (s *lookup) startInETag(ctx context.Context, req *request, sub *subject, now time.Time) (string, error) {
	if !req.since.asOf.isSet || req.since.isAbsolute() {
		return "", nil
	}
	start, err := s.history.resolveStart(ctx, req.since, now, sub)
	return strconv.FormatInt(start.sequence, 10), startError(req.since, err)
}

// renderFeed reads one page of events up to the subject's state and renders it.
//
// A feed always has a cursor to go on from, also if nothing has happened: the
// caller asks with it later and gets only what is new.
func (s *lookup) renderFeed(
	ctx context.Context, prefix []byte, req *request, sub *subject, now time.Time,
) (*body, error) {
	// A misspelt name is an error before its empty feed is read.
	if err := s.checkSelection(ctx, req.selection, sub); err != nil {
		return nil, err
	}
	start, err := s.history.resolveStart(ctx, req.since, now, sub)
	if err != nil {
		return nil, startError(req.since, err)
	}
	filter := newEventFilter(req)
	page, err := s.history.readPage(ctx, sub, start, filter)
	if err != nil {
		return nil, startError(req.since, err)
	}
	// No events can mean that there are none after the start, or no such image.
	if req.route.hasImageID() && len(page.entries) == 0 && !page.more {
		if err := s.checkImageKnown(ctx, req, sub); err != nil {
			return nil, err
		}
	}
	b := &body{cursor: page.end.String()}
	// Newest first is one page: its next page would be older, but cursors go
	// forward.
	if page.more && !filter.newest {
		b.next = b.cursor
	}
	b.bytes, err = renderEvents(page, prefix, req, sub.state, b.next)
	return b, err
}

// newEventFilter returns which events the feed of a request has. The history of
// an image begins with the scopes that had it when the kept log begins.
//
// A caller who names kinds gets these only.
func newEventFilter(req *request) eventFilter {
	// A Link to a next page has a cursor, and that page is oldest first.
	hasStart := req.since != feedSince{}
	filter := eventFilter{
		selection: req.selection,
		images:    req.wantedImageIDs(),
		kinds:     req.kinds,
		byScope:   req.listsScopes(),
		limit:     req.limit,
		newest:    req.format == formatAtom && !hasStart, // what a feed reader wants to see
	}
	if filter.kinds == nil {
		filter.kinds = []eventKind{kindAdded, kindRemoved, kindChanged, kindEnded}
		if req.route.hasImageID() {
			filter.kinds = append(filter.kinds, kindPresent)
		}
	}
	return filter
}
