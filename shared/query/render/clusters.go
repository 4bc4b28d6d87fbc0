package render

import (
	"strconv"
	"strings"

	"community-images/shared/query/request"
)

// Table returns the rows for csv, tsv and table: a row for each scope, or for each cluster
// if the request asks for that.
func (list ClusterList) Table(req *request.Request) Table {
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
