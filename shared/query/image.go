package query

import (
	"context"

	"community-images/shared/query/etag"
	"community-images/shared/query/history"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveImage serves /v1/images/{ImageId}. Unlike a list, it shows when the
// image was last seen, so the answer changes with every check even if the
// content does not.
func (g *GrantReader) serveImage(ctx context.Context, req *request.Request) (*response.Answer, error) {
	region, err := g.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	choose := func(state *state.RegionState) (*state.ScopeSet, error) { return state.ScopesForImage(req.Selection) }
	sub, err := g.Resolve(ctx, req, region, req.Selection.IsEverything(), choose)
	if err != nil {
		return nil, err
	}
	state := sub.State
	// LastSeen of a past state is fixed: the check times in its commit.
	checks := "" // of a past state the log knows its own checks only
	if state.Live {
		checks = sub.Scopes.LatestCheck.String() // LastSeen moves with them
	}
	return &response.Answer{
		Freshness:    &sub.Freshness,
		Region:       region,
		ETag:         etag.Make(sub.Scopes.Digest+g.grantKey, state.LineHash(), checks, req.Canonical, req.Format),
		LastModified: state.CommittedAt,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			return g.renderImage(ctx, prefix, req, sub)
		},
	}, nil
}

// renderImage renders the image of a request. It returns an error if the image is not in
// the subject, which says whether it ever was.
func (g *GrantReader) renderImage(
	ctx context.Context, prefix []byte, req *request.Request, sub *state.Subject,
) (*response.Body, error) {
	set, err := g.sets.Load(ctx, sub.Scopes)
	if err != nil {
		return nil, err
	}
	// Several rows are several contents of one image: clusters can disagree.
	// No row means that nobody offers it.
	from, to := set.FindImage(req.ImageID)
	if from == to {
		return nil, g.imageMissingError(ctx, req, sub)
	}
	first, err := g.history.FirstSeen(ctx, history.NewScopedImage(req), sub)
	if err != nil {
		return nil, err
	}
	// LastSeen must not be before FirstSeen.
	last := set.LastCheckOf(sub.Scopes, from, to)
	if last.Before(first.Time) { // a commit is dated after the checks that are in it
		last = first
	}
	seen := render.ImageSeen{ImageID: req.ImageID, First: first, Last: last}
	if req.Format == request.FormatHTML {
		return &response.Body{View: render.ViewImage(seen, set, from, to)}, nil
	}
	return &response.Body{Bytes: render.AppendImage(prefix, seen, set, from, to)}, nil
}
