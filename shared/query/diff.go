package query

import (
	"context"
	"fmt"
	"strconv"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/etag"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// diffSide is one of the two lists of a diff of two clusters.
type diffSide struct {
	cluster      string // empty: the list without a cluster
	instanceType string // empty: the list without a type
	// state is the region at the time of this side.
	state *state.RegionState
	// scope is the list that is compared.
	scope format.ScopeState
	// images are those of the list. loadDiffImages sets them.
	images []*catalog.Image
}

// serveDiff serves /v1/diff: of two times, or of two clusters.
//
// The snapshots of both sides are loaded by digest, and only if the answer is
// not cached: an equal pair of digests has an equal answer.
func (g *GrantReader) serveDiff(ctx context.Context, req *request.Request) (*response.Answer, error) {
	region, err := g.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	if req.ComparesNothing() {
		return newEmptyDiff(req, region), nil
	}
	current, err := g.LoadCurrent(ctx, region)
	if err != nil {
		return nil, err
	}
	if req.From.IsSet {
		return g.serveDiffOfTimes(ctx, req, region, current)
	}
	before, after, err := g.resolveDiffSides(ctx, req, current)
	if err != nil {
		return nil, err
	}
	sub, err := g.newDiffSubject(req, current, before, after)
	if err != nil {
		return nil, err
	}
	return &response.Answer{
		Freshness:    &sub.Freshness,
		Region:       region,
		ETag:         etag.Make(before.etagKey(), after.etagKey(), req.Canonical, req.Format),
		LastModified: sub.Scopes.NewestContent,
		Render: func(ctx context.Context, prefix []byte) (*response.Body, error) {
			if err := g.loadDiffImages(ctx, region, before, after); err != nil {
				return nil, err
			}
			if req.Format == request.FormatHTML {
				view := render.ViewDifferences(before.toInput(), after.toInput())
				return &response.Body{View: view, Total: strconv.Itoa(len(view.Images))}, nil
			}
			b, total, err := render.Differences(prefix, before.toInput(), after.toInput(), req)
			return &response.Body{Bytes: b, Total: strconv.Itoa(total)}, err
		},
	}, nil
}

// newEmptyDiff returns the answer of a page that compares nothing yet.
func newEmptyDiff(req *request.Request, region string) *response.Answer {
	return &response.Answer{
		Region: region, ETag: etag.Make(region, req.Canonical, req.Format),
		Render: func(context.Context, []byte) (*response.Body, error) {
			return &response.Body{View: (*render.DiffView)(nil)}, nil
		},
	}
}

// newDiffSubject returns the subject whose freshness the answer has: both clusters. It
// returns an error if it is older than the request's maxAge.
func (g *GrantReader) newDiffSubject(
	req *request.Request, current state.Current, before, after *diffSide,
) (*state.Subject, error) {
	// A set of at most two scopes, made for the freshness only.
	scopes := &state.ScopeSet{Region: current.RegionID, Scopes: []format.ScopeState{after.scope, before.scope}}
	scopes.Finish()
	sub := &state.Subject{Current: current, State: after.state, Scopes: scopes}
	return sub, g.CheckFreshness(req, sub)
}

// loadDiffImages loads the images of the sides.
func (g *GrantReader) loadDiffImages(ctx context.Context, region string, sides ...*diffSide) error {
	for _, side := range sides {
		list, err := g.sets.Lists.LoadList(ctx, region, side.scope)
		if err != nil {
			return err
		}
		side.images = list.Images()
	}
	return nil
}

// etagKey returns what the answer depends on of one side. The digest stands for
// the images.
func (side *diffSide) etagKey() string {
	return fmt.Sprint(side.state.LineHash(), " ", side.cluster, "/", side.instanceType, " ", side.scope.Digest)
}

// resolveDiffSides returns the two scopes that a request compares, without their images.
// It returns an error if one is not captured.
func (g *GrantReader) resolveDiffSides(
	ctx context.Context, req *request.Request, current state.Current,
) (before, after *diffSide, err error) {
	st, err := g.StateAsOf(ctx, current, req.At)
	if err != nil {
		return nil, nil, state.WithParam("at", err)
	}
	clusters := request.ToScopeNames(req.GivenSelection.Clusters)
	instanceType := request.ToScopeNames(req.GivenSelection.Types)[0]
	var sides []*diffSide
	for _, cluster := range []string{clusters[0], clusters[len(clusters)-1]} {
		side := &diffSide{cluster: cluster, instanceType: instanceType, state: st}
		sides = append(sides, side)
		var isCaptured bool
		side.scope, isCaptured = st.Scope(catalog.Scope{ClusterID: cluster, InstanceType: instanceType})
		// A scope that was asked about but never answered has nothing to compare.
		if !isCaptured || side.scope.Digest == "" {
			return nil, nil, explainDiffSides(st, clusters, side)
		}
	}
	return sides[0], sides[1], nil
}

// explainDiffSides returns the error for a side that has no list. It names all clusters of
// the diff that are missing.
func explainDiffSides(st *state.RegionState, clusters []string, missing *diffSide) error {
	types := []string{request.AnyIfEmpty(missing.instanceType)}
	sel := request.Selection{Types: types}
	for _, cluster := range clusters {
		sel.Clusters = append(sel.Clusters, request.AnyIfEmpty(cluster))
	}
	if _, err := st.SelectScopes(sel); err != nil {
		return err
	}
	// The other side has a list.
	_, err := st.SelectScopes(request.Selection{Clusters: []string{request.AnyIfEmpty(missing.cluster)}, Types: types})
	return err
}

// loadDiffStates returns the states at from and to.
func (g *GrantReader) loadDiffStates(
	ctx context.Context, req *request.Request, current state.Current,
) (before, after *state.RegionState, err error) {
	if before, err = g.StateAsOf(ctx, current, req.From); err != nil {
		return nil, nil, state.WithParam("from", err)
	}
	after, err = g.StateAsOf(ctx, current, req.To)
	return before, after, state.WithParam("to", err)
}

// toInput returns the list as it is rendered.
func (side *diffSide) toInput() render.DiffInput {
	count := len(side.images)
	return render.DiffInput{Images: side.images, Side: render.DiffSide{
		Sequence: side.state.Sequence, CommittedAt: side.state.CommittedAt, ClusterID: &side.cluster,
		InstanceType: &side.instanceType, Captured: true, ImageCount: &count,
	}}
}
