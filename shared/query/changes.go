package query

import (
	"context"
	"strconv"
	"time"

	"community-images/shared/query/etag"
	"community-images/shared/query/history"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveFeed serves /v1/changes and /v1/images/{ImageId}/history. The ETag of a
// feed depends on the last commit, so the head alone answers a poll that finds
// nothing new. The commit is named by its line: a number can be given again.
//
// Unlike a list, a feed is about the past and never 404 for a scope that has
// ended. Its freshness is that of the scopes that still exist.
func (g *GrantReader) serveFeed(ctx context.Context, req *request.Request) (*response.Answer, error) {
	region, err := g.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	if err := g.history.ReadLogOfCursor(ctx, region, req.Since.Cursor); err != nil {
		return nil, err
	}
	// A page that needs the index begins to read it when that is known.
	sub, err := g.Resolve(ctx, req, region, false, func(state *state.RegionState) (*state.ScopeSet, error) {
		// A scope that has ended still has a history, so nothing has to match.
		return state.MatchingScopes(req.Selection), nil
	})
	if err != nil {
		return nil, err
	}
	// The time is taken once: the ETag and the body must begin at the same
	// position.
	now := g.Now()
	start, err := g.startInETag(ctx, req, sub, now)
	if err != nil {
		return nil, err
	}
	// Commit numbers are the same for all callers, the events of a commit are
	// not.
	source := region + g.grantKey
	return &response.Answer{
		Freshness:    &sub.Freshness,
		Region:       region,
		ETag:         etag.Make(source, sub.State.LineHash(), req.Canonical, req.Format, start),
		LastModified: sub.State.CommittedAt,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			return g.renderFeed(ctx, prefix, req, sub, now)
		},
	}, nil
}

// startInETag returns the commit at which the feed of a request begins, if the
// request says it relative to now: "-24h" means another commit with every call,
// and that makes the answer. It finds the time in the log even for a 304, which an
// absolute start does not need; for that it returns "".
func (g *GrantReader) startInETag(
	ctx context.Context, req *request.Request, sub *state.Subject, now time.Time,
) (string, error) {
	if !req.Since.AsOf.IsSet || req.Since.IsAbsolute() {
		return "", nil
	}
	start, err := g.history.ResolveStart(ctx, req.Since, now, sub)
	return strconv.FormatInt(start.Sequence, 10), history.StartError(req.Since, err)
}

// renderFeed reads one page of events up to the subject's state and renders it.
//
// A feed always has a cursor to go on from, also if nothing has happened: the
// caller asks with it later and gets only what is new.
func (g *GrantReader) renderFeed(
	ctx context.Context, prefix []byte, req *request.Request, sub *state.Subject, now time.Time,
) (*response.Body, error) {
	// A misspelt name is an error before its empty feed is read.
	if err := g.CheckSelection(ctx, req.Selection, sub); err != nil {
		return nil, err
	}
	start, err := g.history.ResolveStart(ctx, req.Since, now, sub)
	if err != nil {
		return nil, history.StartError(req.Since, err)
	}
	filter := newEventFilter(req)
	page, err := g.history.ReadPage(ctx, sub, start, filter)
	if err != nil {
		return nil, history.StartError(req.Since, err)
	}
	// No events can mean that there are none after the start, or no such image.
	if req.Route.HasImageID() && len(page.Entries) == 0 && !page.More {
		if err := g.checkImageKnown(ctx, req, sub); err != nil {
			return nil, err
		}
	}
	b := &response.Body{Cursor: page.End.String()}
	// Newest first is one page: its next page would be older, but cursors go
	// forward.
	if page.More && !filter.Newest {
		b.Next = b.Cursor
	}
	if req.Format == request.FormatHTML {
		b.View = render.ViewEvents(page, req, sub.State.RegionID)
		return b, nil
	}
	b.Bytes, err = render.Events(page, prefix, req, sub.State, b.Next)
	return b, err
}

// newEventFilter returns which events the feed of a request has. The history of
// an image begins with the scopes that had it when the kept log begins.
//
// A caller who names kinds gets these only.
func newEventFilter(req *request.Request) history.Filter {
	filter := history.Filter{
		Selection: req.Selection,
		Images:    req.WantedImageIDs(),
		Kinds:     req.Kinds,
		ByScope:   req.ListsScopes(),
		Limit:     req.Limit,
		Newest:    req.ShowsNewest(),
	}
	if filter.Kinds == nil {
		filter.Kinds = []request.Kind{request.KindAdded, request.KindRemoved, request.KindChanged, request.KindEnded}
		if req.Route.HasImageID() {
			filter.Kinds = append(filter.Kinds, request.KindPresent)
		}
	}
	return filter
}
