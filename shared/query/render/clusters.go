package render

import (
	"strconv"
	"strings"

	"community-images/shared/archive/format"
	"community-images/shared/query/request"
)

// NewClusterScope returns a scope of a region.
func NewClusterScope(region string, sc format.ScopeState) ClusterScope {
	return ClusterScope{
		RegionID: region, ClusterID: sc.ClusterID, InstanceType: sc.InstanceType, State: sc.State, Since: sc.Since,
		Digest: sc.Digest, ImageCount: sc.ImageCount, CapturedAt: sc.CapturedAt, CheckedAt: sc.CheckedAt,
		TriedAt: sc.TriedAt, Problem: sc.Problem, Candidate: sc.Candidate,
	}
}

// Render renders the scopes in the format of a request, or the clusters if it asks for
// them. JSON has both.
func (list ClusterList) Render(prefix []byte, req *request.Request) ([]byte, error) {
	switch {
	case req.Format == request.FormatJSON:
		return AppendMembers(prefix, list)
	case req.Format != request.FormatNDJSON:
		return list.table(req).Render(req.Format), nil
	case req.ByCluster():
		return AppendLines(nil, list.Clusters, func(c Cluster) Cluster { return c })
	}
	return AppendLines(nil, list.Scopes, func(sc ClusterScope) ClusterScope { return sc })
}

// CountRows returns how many scopes or clusters Render shows. For JSON, which has both, it
// counts the scopes.
func (list ClusterList) CountRows(req *request.Request) int {
	if req.ByCluster() && req.Format != request.FormatJSON {
		return len(list.Clusters)
	}
	return list.TotalCount
}

// table returns the rows for csv, tsv and table: a row for each scope, or for each cluster
// if the request asks for that.
func (list ClusterList) table(req *request.Request) Table {
	scopeCells, clusterCells := ClusterScope.Cells, Cluster.Cells
	if req.Format == request.FormatTable {
		scopeCells, clusterCells = ClusterScope.ShortCells, Cluster.ShortCells
	}
	if req.ByCluster() {
		return Table{Columns: FleetColumns, Rows: Rows(list.Clusters, clusterCells), ByteOrder: req.Bom}
	}
	return Table{Columns: ClusterColumns, Rows: Rows(list.Scopes, scopeCells), ByteOrder: req.Bom}
}

// ClusterColumns are the columns of ClusterScope.cells.
var ClusterColumns = []string{
	"RegionId", "ClusterId", "InstanceType", "State", "ImageCount", "CheckedAt", "CapturedAt", "Digest",
}

// Cells returns a row without problems.
func (sc ClusterScope) Cells() []string {
	return []string{
		sc.RegionID, sc.ClusterID, sc.InstanceType, string(sc.State), strconv.Itoa(sc.ImageCount),
		sc.CheckedAt.String(), sc.CapturedAt.String(), sc.Digest,
	}
}

// ShortCells returns a row for people: the digest is cut, and empty cells are visible.
func (sc ClusterScope) ShortCells() []string {
	sc.Digest = sc.Digest[:min(12, len(sc.Digest))]
	cells := sc.Cells()
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
