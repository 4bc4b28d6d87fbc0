package query

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"community-images/shared/catalog"
)

// serveClusters serves /v1/clusters. Without RegionId it covers every region.
// It shows scopes and their checks and loads no image, so it needs the heads
// only.
//
// A region of which nothing is captured yet, or whose head cannot be read, is
// named as stale and does not keep the others from being shown. With one region
// it is an error.
func (s *lookup) serveClusters(ctx context.Context, req *request) (*answer, error) {
	regions, err := s.regionsOfClusters(ctx, req)
	if err != nil {
		return nil, err
	}
	several := len(regions) > 1
	// f holds the regions that could not be read; each subject is merged into
	// it.
	subjects, f, err := s.resolveRegions(ctx, req, regions)
	if err != nil {
		return nil, err
	}
	etag := []string{req.canonical, req.format}
	for _, sub := range subjects {
		if err := s.checkFreshness(req, sub); err != nil {
			return nil, err
		}
		f = f.merge(sub.freshness, sub.current.RegionID, several)
		etag = append(etag, clustersETagParts(sub)...)
	}
	region := req.region
	if !several {
		region = regions[0]
	}
	return &answer{
		freshness:    &f,
		region:       region,
		etag:         makeETag(etag...),
		lastModified: f.committedAt,
		render: func(_ context.Context, prefix []byte) (*body, error) {
			return renderClusters(newClustersJSON(subjects), prefix, req)
		},
	}, nil
}

// regionsOfClusters returns the regions that /v1/clusters shows: the one that
// the request names, the one that has the named cluster, or all.
func (s *lookup) regionsOfClusters(ctx context.Context, req *request) ([]string, error) {
	if req.region != "" || namesClusters(req) {
		region, err := s.findRegion(ctx, req)
		return []string{region}, err
	}
	if len(s.regions) > 1 && req.at.sequence != 0 { // each region counts its own commits
		return nil, s.regionRequiredError("are configured")
	}
	return s.regions, nil
}

// clustersETagParts returns what the answer about one region depends on.
// Digests alone are not enough: the answer shows the times of the checks too,
// which move with every run.
func clustersETagParts(sub *subject) []string {
	parts := []string{sub.current.RegionID, sub.scopes.digest, sub.state.LineHash()}
	return append(append(parts, sub.state.checksKey(sub.scopes)...), sub.scopes.oldestCheck.String())
}

// newClustersJSON returns the scopes and clusters of all subjects. Its lists are never
// nil, so that an empty one is [] and not null.
func newClustersJSON(subjects []*subject) clustersJSON {
	list := clustersJSON{Scopes: []clusterScopeJSON{}, Clusters: []catalog.Cluster{}}
	for _, sub := range subjects {
		// A cluster can be listed before it is captured. It is not shown then.
		shown := map[string]bool{}
		for _, sc := range sub.scopes.sortedScopes() {
			shown[sc.ClusterID] = true
			list.Scopes = append(list.Scopes, clusterScopeJSON{
				sub.current.RegionID, sc.ClusterID, sc.InstanceType, sc.State, sc.Since, sc.Digest, sc.ImageCount,
				sc.CapturedAt, sc.CheckedAt, sc.TriedAt, sc.Problem, sc.Candidate,
			})
		}
		for _, id := range slices.Sorted(maps.Keys(shown)) {
			if c, ok := sub.state.Cluster(id); ok {
				list.Clusters = append(list.Clusters, c)
			}
		}
	}
	list.TotalCount = len(list.Scopes)
	return list
}

// renderClusters renders the scopes in the format of a request, and in JSON the clusters.
func renderClusters(list clustersJSON, prefix []byte, req *request) (*body, error) {
	b, err := &body{total: strconv.Itoa(list.TotalCount)}, error(nil)
	switch req.format {
	case formatJSON:
		b.bytes, err = appendMembers(prefix, list)
	case formatNDJSON:
		b.bytes, err = appendLines(nil, list.Scopes, func(sc clusterScopeJSON) clusterScopeJSON { return sc })
	default:
		t := cellTable{columns: clusterColumns, rows: rowsOf(list.Scopes, clusterScopeJSON.cells),
			byteOrder: req.bom}
		if req.format == formatTable {
			t.rows = rowsOf(list.Scopes, clusterScopeJSON.shortCells)
		}
		b.bytes = t.render(req.format)
	}
	return b, err
}

// clusterColumns are the columns of clusterScopeJSON.cells.
var clusterColumns = []string{
	"RegionId", "ClusterId", "InstanceType", "State", "ImageCount", "CheckedAt", "CapturedAt", "Digest",
}

// cells returns a row without problems.
func (sc clusterScopeJSON) cells() []string {
	return []string{
		sc.RegionID, sc.ClusterID, sc.InstanceType, string(sc.State), strconv.Itoa(sc.ImageCount),
		sc.CheckedAt.String(), sc.CapturedAt.String(), sc.Digest,
	}
}

// shortCells returns a row for people: the digest is cut, and empty cells are visible.
func (sc clusterScopeJSON) shortCells() []string {
	sc.Digest = sc.Digest[:min(12, len(sc.Digest))]
	cells := sc.cells()
	for i := range cells {
		cells[i] = dashIfBlank(cells[i])
	}
	return cells
}

// dashIfBlank keeps an empty cell visible in a table.
func dashIfBlank(s string) string {
	if strings.TrimSpace(s) == "" {
		return "-"
	}
	return s
}
