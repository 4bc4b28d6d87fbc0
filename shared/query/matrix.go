package query

import (
	"context"
	"slices"
	"strconv"

	"community-images/shared/archive/format"
	"community-images/shared/query/etag"
	"community-images/shared/query/hint"
	"community-images/shared/query/imageset"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveMatrix serves /v1/matrix: images by clusters, or by instance types if
// the request names those. It takes the same filters as the list of images; a
// column is shown even if none of its images matches.
//
// Without clusters it covers all of them. It has pages like a list; each page
// repeats the columns.
func (g *GrantReader) serveMatrix(ctx context.Context, req *request.Request) (*response.Answer, error) {
	region, err := g.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	resolved := *req // the parsed request is shared
	if req.Selection.Clusters == nil {
		if resolved.Selection.Clusters, err = g.defaultMatrixClusters(ctx, req, region); err != nil {
			return nil, err
		}
	}
	sub, err := g.ResolvePage(ctx, &resolved, region)
	if err != nil {
		return nil, err
	}
	// The image set must know which scopes offer an image, even if there is
	// only one.
	scopes := *sub.Scopes // the cached one must not be changed
	scopes.Several, scopes.ByType = true, true
	return &response.Answer{
		Freshness:    &sub.Freshness,
		Region:       region,
		ETag:         etag.Make(sub.ContentKey(), req.Canonical, req.Format),
		LastModified: scopes.NewestContent,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			return g.renderMatrix(ctx, prefix, req, sub, &scopes)
		},
	}, nil
}

// renderMatrix renders the page of the matrix that a request asks for. scopes
// are the subject's, as a set that knows which of them offer an image.
func (g *GrantReader) renderMatrix(
	ctx context.Context, prefix []byte, req *request.Request, sub *state.Subject, scopes *state.ScopeSet,
) (*response.Body, error) {
	set, err := g.sets.Load(ctx, scopes)
	if err != nil {
		return nil, err
	}
	rows, err := set.SelectRows(imageset.NewFilter(req, sub, g.parser.Schema))
	if err != nil {
		return nil, err
	}
	// The whole matrix is built for every page: Shared and TotalCount need all
	// rows.
	m := render.NewImageMatrix(set, rows, req.Selection)
	from, to, next := sub.CutPage(req, m.Len())
	b := &response.Body{Total: strconv.Itoa(m.Len()), Next: next}
	if len(rows) == 0 {
		b.Hints = hint.Find(ctx, g.history, hint.Lookup{Request: req, Subject: sub, Set: set}, true)
	}
	m.Hints = b.Hints.Strings()
	if req.Format == request.FormatHTML {
		page := m.Page(from, to, next)
		b.View = &page
		return b, nil
	}
	b.Bytes, err = m.Render(prefix, from, to, next, req)
	return b, err
}

// defaultMatrixClusters returns the clusters of a matrix whose request names
// none: all of them. If it names instance types, and these are captured without
// a cluster too, it returns nil: the lists without a cluster.
func (g *GrantReader) defaultMatrixClusters(
	ctx context.Context, req *request.Request, region string,
) ([]string, error) {
	_, state, err := g.LoadState(ctx, req, region)
	if err != nil {
		return nil, err
	}
	hasType := func(sc format.ScopeState) bool { return sc.InstanceType != "" }
	if req.Selection.Types != nil && slices.ContainsFunc(state.ScopesOf(""), hasType) {
		return nil, nil
	}
	return []string{request.AllNames}, nil
}
