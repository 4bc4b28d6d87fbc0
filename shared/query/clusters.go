package query

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"community-images/shared/catalog"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// serveClusters serves /v1/clusters. Without RegionId it covers every region.
// It shows scopes and their checks and loads no image, so it needs the heads
// only.
//
// A region of which nothing is captured yet, or whose head cannot be read, is
// named as stale and does not keep the others from being shown. With one region
// it is an error.
func (s *lookup) serveClusters(ctx context.Context, req *request.Request) (*answer, error) {
	regions, err := s.regionsOfClusters(ctx, req)
	if err != nil {
		return nil, err
	}
	several := len(regions) > 1
	// f holds the regions that could not be read; each subject is merged into
	// it.
	subjects, f, err := s.ResolveRegions(ctx, req, regions)
	if err != nil {
		return nil, err
	}
	etag := []string{req.Canonical, req.Format}
	for _, sub := range subjects {
		if err := s.CheckFreshness(req, sub); err != nil {
			return nil, err
		}
		f = f.Merge(sub.Freshness, sub.Current.RegionID, several)
		etag = append(etag, clustersETagParts(sub)...)
	}
	region := req.Region
	if !several {
		region = regions[0]
	}
	return &answer{
		freshness:    &f,
		region:       region,
		etag:         makeETag(etag...),
		lastModified: f.CommittedAt,
		render: func(_ context.Context, prefix []byte) (*body, error) {
			return renderClusters(newClustersJSON(subjects), prefix, req)
		},
	}, nil
}

// regionsOfClusters returns the regions that /v1/clusters shows: the one that
// the request names, the one that has the named cluster, or all.
func (s *lookup) regionsOfClusters(ctx context.Context, req *request.Request) ([]string, error) {
	if req.Region != "" || state.NamesClusters(req) {
		region, err := s.FindRegion(ctx, req)
		return []string{region}, err
	}
	if len(s.Regions) > 1 && req.At.Sequence != 0 { // each region counts its own commits
		return nil, s.RegionRequiredError("are configured")
	}
	return s.Regions, nil
}

// clustersETagParts returns what the answer about one region depends on.
// Digests alone are not enough: the answer shows the times of the checks too,
// which move with every run.
func clustersETagParts(sub *state.Subject) []string {
	parts := []string{sub.Current.RegionID, sub.Scopes.Digest, sub.State.LineHash()}
	return append(append(parts, sub.State.ChecksKey(sub.Scopes)...), sub.Scopes.OldestCheck.String())
}

// newClustersJSON returns the scopes and clusters of all subjects. Its lists are never
// nil, so that an empty one is [] and not null.
func newClustersJSON(subjects []*state.Subject) render.ClusterList {
	list := render.ClusterList{Scopes: []render.ClusterScope{}, Clusters: []catalog.Cluster{}}
	for _, sub := range subjects {
		// A cluster can be listed before it is captured. It is not shown then.
		shown := map[string]bool{}
		for _, sc := range sub.Scopes.SortedScopes() {
			shown[sc.ClusterID] = true
			list.Scopes = append(list.Scopes, render.ClusterScope{
				RegionID: sub.Current.RegionID, ClusterID: sc.ClusterID, InstanceType: sc.InstanceType, State: sc.State, Since: sc.Since, Digest: sc.Digest, ImageCount: sc.ImageCount,
				CapturedAt: sc.CapturedAt, CheckedAt: sc.CheckedAt, TriedAt: sc.TriedAt, Problem: sc.Problem, Candidate: sc.Candidate,
			})
		}
		for _, id := range slices.Sorted(maps.Keys(shown)) {
			if c, ok := sub.State.Cluster(id); ok {
				list.Clusters = append(list.Clusters, c)
			}
		}
	}
	list.TotalCount = len(list.Scopes)
	return list
}

// renderClusters renders the scopes in the format of a request, and in JSON the clusters.
func renderClusters(list render.ClusterList, prefix []byte, req *request.Request) (*body, error) {
	b, err := &body{total: strconv.Itoa(list.TotalCount)}, error(nil)
	switch req.Format {
	case request.FormatJSON:
		b.bytes, err = render.AppendMembers(prefix, list)
	case request.FormatNDJSON:
		b.bytes, err = render.AppendLines(nil, list.Scopes, func(sc render.ClusterScope) render.ClusterScope { return sc })
	default:
		t := render.Table{Columns: render.ClusterColumns, Rows: render.Rows(list.Scopes, render.ClusterScope.Cells),
			ByteOrder: req.Bom}
		if req.Format == request.FormatTable {
			t.Rows = render.Rows(list.Scopes, render.ClusterScope.ShortCells)
		}
		b.bytes = t.Render(req.Format)
	}
	return b, err
}
