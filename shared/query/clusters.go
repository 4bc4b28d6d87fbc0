package query

import (
	"context"
	"slices"
	"strconv"

	"community-images/shared/query/etag"
	"community-images/shared/query/history"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// serveClusters serves /v1/clusters. Without RegionId it covers every region.
// Scopes and their checks need the heads only. The states of boot images need the
// lists of the clusters, and the log for images that are not offered.
//
// A region of which nothing is captured yet, or whose head cannot be read, is
// named as stale and does not keep the others from being shown. With one region
// it is an error.
func (g *GrantReader) serveClusters(ctx context.Context, req *request.Request) (*response.Answer, error) {
	subjects, ans, err := g.answerRegions(ctx, req)
	if err != nil {
		return nil, err
	}
	parts := []string{req.Canonical, req.Format}
	for _, sub := range subjects {
		parts = append(parts, clustersETagParts(sub)...)
	}
	ans.ETag = etag.Make(parts...)
	ans.Render = func(ctx context.Context, prefix []byte) (*response.Body, error) {
		list, problems := g.listClusters(ctx, req, subjects)
		// A filter would leave out what is unknown, which the caller would not see.
		if len(problems) > 0 && req.ImageStates != nil {
			return nil, problems[0]
		}
		for _, err := range problems {
			g.ReportRegionError(ctx, err) // reports it
			ans.ETag = ""                 // the problem may be over soon, with the same commits
		}
		if req.Format == request.FormatHTML {
			return &response.Body{View: &list, Total: strconv.Itoa(list.TotalCount)}, nil
		}
		b, err := list.Render(prefix, req)
		return &response.Body{Bytes: b, Total: strconv.Itoa(list.CountRows(req))}, err
	}
	return ans, nil
}

// answerRegions returns what a request for one region or all of them is about, and an answer
// that lacks its ETag and its render.
func (g *GrantReader) answerRegions(
	ctx context.Context, req *request.Request,
) ([]*state.Subject, *response.Answer, error) {
	regions, err := g.regionsOfClusters(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	several := len(regions) > 1
	// f holds the regions that could not be read; each subject is merged into it.
	subjects, f, err := g.ResolveRegions(ctx, req, regions)
	if err != nil {
		return nil, nil, err
	}
	for _, sub := range subjects {
		if err := g.CheckFreshness(req, sub); err != nil {
			return nil, nil, err
		}
		f = f.Merge(sub.Freshness, sub.Current.RegionID, several)
	}
	region := req.Region
	if !several {
		region = regions[0]
	}
	return subjects, &response.Answer{Freshness: &f, Region: region, LastModified: f.CommittedAt}, nil
}

// regionsOfClusters returns the regions that /v1/clusters shows: the one that
// the request names, the one that has the named cluster, or all.
func (g *GrantReader) regionsOfClusters(ctx context.Context, req *request.Request) ([]string, error) {
	if req.Region != "" || state.NamesClusters(req) {
		region, err := g.FindRegion(ctx, req)
		return []string{region}, err
	}
	if len(g.Regions) > 1 && req.At.Sequence != 0 { // each region counts its own commits
		return nil, g.RegionRequiredError(state.SeveralConfigured)
	}
	return g.Regions, nil
}

// clustersETagParts returns what the answer about one region depends on.
// Digests alone are not enough: the answer shows the times of the checks too,
// which move with every run.
func clustersETagParts(sub *state.Subject) []string {
	parts := []string{sub.Current.RegionID, sub.Scopes.Digest, sub.State.LineHash()}
	return append(append(parts, sub.State.ChecksKey(sub.Scopes)...), sub.Scopes.OldestCheck.String())
}

// listClusters returns the scopes and clusters of all subjects. problems say why a part
// of the boot images is not known.
func (g *GrantReader) listClusters(
	ctx context.Context, req *request.Request, subjects []*state.Subject,
) (list render.ClusterList, problems []error) {
	// Lists are never nil, so that an empty one is [] and not null.
	list = render.ClusterList{Scopes: []render.ClusterScope{}, Clusters: []render.Cluster{}}
	for _, sub := range subjects {
		f := g.history.LoadFleet(ctx, sub)
		problems = append(problems, f.Problems...)
		for _, sc := range sub.Scopes.SortedScopes() {
			if !showsImageState(req, f.Find(sc.ClusterID)) {
				continue
			}
			list.Scopes = append(list.Scopes, render.NewClusterScope(sub.Current.RegionID, sc))
		}
		for i := range f.Images {
			if b := &f.Images[i]; showsImageState(req, b) {
				list.Clusters = append(list.Clusters, render.NewCluster(b))
			}
		}
	}
	list.TotalCount = len(list.Scopes)
	return list, problems
}

// showsImageState reports whether a request asks for the state of a boot image. nil is
// that of a scope without a cluster.
func showsImageState(req *request.Request, b *history.BootImage) bool {
	return req.ImageStates == nil || b != nil && slices.Contains(req.ImageStates, b.State)
}
