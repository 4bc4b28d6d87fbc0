package query

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"community-images/shared/apierror"
	"community-images/shared/archive/format"
	"community-images/shared/message"
	"community-images/shared/query/etag"
	"community-images/shared/query/fault"
	"community-images/shared/query/hint"
	"community-images/shared/query/imageset"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveImages serves /v1/images. It is the lookup that most calls are. The ETag needs
// neither images nor filters: equal scopes and an equal request have equal answers. So a
// 304 reads the head alone. Only a request about dates needs the index too.
func (g *GrantReader) serveImages(ctx context.Context, req *request.Request) (*response.Answer, error) {
	region, err := g.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	sub, err := g.ResolvePage(ctx, req, region)
	if err != nil {
		return nil, err
	}
	tag := etag.Make(sub.ContentKey(), req.Canonical, req.Format)
	// The answer has a hint, which an answer about all that is captured has not.
	captured := 0
	if sub.OmitsClusters() {
		captured = g.countCaptured(sub)
		tag = etag.Make(tag, "omitsClusters") + hint.CountSuffix(captured)
	}
	if req.Format == request.FormatHTML { // the page shows the commit and the names of clusters
		tag = etag.Make(tag, strconv.FormatInt(sub.State.Sequence, 10))
	}
	return &response.Answer{
		Freshness:    &sub.Freshness,
		Region:       region,
		ETag:         tag,
		LastModified: sub.Scopes.NewestContent,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			p, hints, err := g.buildPage(ctx, req, sub, captured)
			if err != nil {
				return nil, err
			}
			b := &response.Body{Next: p.Next, Total: strconv.Itoa(len(p.Rows)), Hints: hints}
			if req.Format == request.FormatHTML {
				b.View = p
				return b, nil
			}
			b.Bytes = p.Render(prefix)
			return b, nil
		},
	}, nil
}

// countCaptured returns the number of captured images; 0: it is not known. Images that
// differ only in redacted fields are one, and the head counts them twice.
func (g *GrantReader) countCaptured(sub *state.Subject) int {
	if len(g.parser.Schema.Withheld) > 0 {
		return 0
	}
	return sub.State.CapturedImages()
}

// buildPage loads the images of a subject, filters, groups and sorts them, and
// returns the page that the request asks for, with hints. captured is
// hint.Lookup.Captured.
//
// The order of the stages is part of the contract: filter, count facets, keep
// the first of each group, check minCount, cut the page.
func (g *GrantReader) buildPage(
	ctx context.Context, req *request.Request, sub *state.Subject, captured int,
) (*render.ImagePage, hint.Hints, error) {
	// A damaged object of the present state is the operator's problem and is
	// reported. A past state that a cursor names can be collected at any time:
	// the caller has to begin again.
	set, err := g.sets.Load(ctx, sub.Scopes)
	var damaged *format.DamagedError
	if errors.As(err, &damaged) && req.Cursor != nil && !sub.State.Live {
		return nil, hint.Hints{}, state.NewCursorExpiredError(err)
	}
	if err != nil {
		return nil, hint.Hints{}, err
	}
	filter := imageset.NewFilter(req, sub, g.parser.Schema)
	rows, err := set.SelectRows(filter)
	if err != nil {
		return nil, hint.Hints{}, err
	}
	p := &render.ImagePage{Schema: g.parser.Schema, Set: set, Request: req, Dates: sub.Dates(),
		Filter: filter, Subject: sub}
	lookup := hint.Lookup{Request: req, Subject: sub, Set: set, Matches: len(rows), Captured: captured}
	// Facets count all matches, before latestBy selects among them.
	if req.Facets != nil {
		p.Facets = imageset.CountFacets(set, rows, req.Facets, sub.Dates())
	}
	if req.LatestBy != nil {
		rows = imageset.KeepFirstOfGroups(set, rows, req.LatestBy, sub.Dates())
	}
	hints := hint.Find(ctx, g.history, lookup, len(rows) < max(1, req.MinCount))
	// A script that takes the first image must not get an empty answer by
	// surprise.
	if len(rows) < req.MinCount {
		return nil, hint.Hints{}, tooFewMatches(len(rows), req.MinCount, hints)
	}
	p.Rows, p.Hints = rows, hints.Strings()
	p.From, p.To, p.Next = sub.CutPage(req, len(rows))
	return p, hints, nil
}

// tooFewMatches returns the error for minCount. The status is 404, so that a
// script with "curl --fail-with-body" stops.
func tooFewMatches(found, required int, hints hint.Hints) error {
	return &apierror.Error{
		Status:    http.StatusNotFound,
		Code:      fault.CodeNoMatch,
		Message:   hints.After(message.New("%d images match; minCount requires %d.", found, required)),
		Recommend: message.New("Use fewer conditions. facets= shows which values there are."),
	}
}
