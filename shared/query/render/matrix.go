package render

import (
	"slices"
	"strconv"

	"community-images/shared/archive/format"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
)

// ImageMatrix says which image is offered in which column. It is sparse: a row lists
// the columns that it has.
type ImageMatrix struct {
	// Hints say why there are few rows.
	Hints   []string
	columns []string // labels
	// rows are those of all pages: one for each ImageId that matches.
	rows []matrixRow
}

// matrixRow is one ImageId. The text is what a person needs to know the image;
// everything else is one lookup away.
type matrixRow struct {
	// id is the ImageId. name and status are empty if the image has none.
	id, name, status string
	columns          []int32 // that offer the image, ascending
	differs          bool    // the scopes disagree about its content; name and status are of the first
}

// NewImageMatrix makes a row for each ImageId, in the order of rows, and a column
// for each scope; or for each instance type if the selection names types only.
// Several contents of one image share a row: the matrix says where an image is,
// not what is in it.
func NewImageMatrix(set *imageset.Set, rows []int32, sel request.Selection) *ImageMatrix {
	labels, columnOf := makeColumns(set.Scopes, sel)
	m := &ImageMatrix{columns: labels}
	byID := map[string]int{} // position in m.rows
	for _, row := range rows {
		image := set.Image(row)
		// The first content that matches makes the row.
		at, ok := byID[image.ImageID]
		if !ok {
			at = len(m.rows)
			byID[image.ImageID] = at
			m.rows = append(m.rows, matrixRow{
				id: image.ImageID, name: image.Text("ImageName"), status: image.Text("Status"),
				differs: set.DifferingIDs[image.ImageID],
			})
		}
		columns := m.rows[at].columns
		for _, scope := range set.ScopesOf[row] {
			columns = append(columns, columnOf[scope])
		}
		slices.Sort(columns)
		m.rows[at].columns = slices.Compact(columns)
	}
	return m
}

// makeColumns returns the labels of the columns, and by place in scopes the
// column that a scope belongs to. Scopes that share a label share a column.
func makeColumns(scopes []format.ScopeState, sel request.Selection) (labels []string, columnOf []int32) {
	for _, sc := range scopes {
		labels = append(labels, labelColumn(sc, sel))
	}
	// Otherwise the columns have the canonical order of the scopes.
	if sel.Clusters == nil && sel.Types != nil { // several clusters share a column
		slices.Sort(labels)
		labels = slices.Compact(labels)
	}
	byLabel := map[string]int32{}
	for i, label := range labels {
		byLabel[label] = int32(i)
	}
	for _, sc := range scopes {
		columnOf = append(columnOf, byLabel[labelColumn(sc, sel)])
	}
	return labels, columnOf
}

// labelColumn names a scope by what varies in a selection. What does not vary
// would only make the labels longer.
//
// With several clusters and several types it is the path of the scope, else the
// one name that varies. "_any" stands for no name.
func labelColumn(sc format.ScopeState, sel request.Selection) string {
	switch {
	case request.CanMatchSeveral(sel.Clusters) && request.CanMatchSeveral(sel.Types):
		return sc.Scope("").Path()
	case sel.Types != nil && !request.CanMatchSeveral(sel.Clusters):
		return request.AnyIfEmpty(sc.InstanceType)
	}
	return request.AnyIfEmpty(sc.ClusterID)
}

// Len returns the number of rows on all pages.
func (m *ImageMatrix) Len() int { return len(m.rows) }

// isInEveryColumn returns true for an image that every column offers.
func (m *ImageMatrix) isInEveryColumn(row matrixRow) bool { return len(row.columns) == len(m.columns) }

// Render renders the rows from to to-1 in a format. next is the cursor of the next page.
func (m *ImageMatrix) Render(prefix []byte, from, to int, next string, req *request.Request) ([]byte, error) {
	switch req.Format {
	case request.FormatNDJSON:
		return AppendLines(nil, m.rows[from:to], m.rowJSON)
	case request.FormatJSON:
		return AppendMembers(prefix, m.Page(from, to, next))
	}
	t := m.toTable(m.rows[from:to], req.Format)
	t.ByteOrder, t.LastLine = req.Bom, AddHints(DescribePage(from, to, len(m.rows), next), m.Hints)
	return t.Render(req.Format), nil
}

// Page returns the rows from to to-1 as JSON has them. next is the cursor of the next page.
func (m *ImageMatrix) Page(from, to int, next string) Matrix {
	page := Matrix{
		TotalCount: len(m.rows), NextCursor: next, Hints: m.Hints, Columns: m.columns, Shared: []string{},
	}
	for _, row := range m.rows {
		if m.isInEveryColumn(row) {
			page.Shared = append(page.Shared, row.id)
		}
	}
	page.Rows = make([]MatrixRow, 0, to-from)
	for _, row := range m.rows[from:to] {
		page.Rows = append(page.Rows, m.rowJSON(row))
	}
	return page
}

// rowJSON returns a row as JSON has it.
func (m *ImageMatrix) rowJSON(row matrixRow) MatrixRow {
	offeredBy := []string{}
	for _, column := range row.columns {
		offeredBy = append(offeredBy, m.columns[column])
	}
	return MatrixRow{
		ImageID: row.id, ImageName: row.name, Status: row.status, OfferedBy: offeredBy,
		Everywhere: m.isInEveryColumn(row), ContentDiffers: row.differs,
	}
}

// toTable returns rows as a cross table. A table for people has the column
// ContentDiffers only if a row needs it. An "x" marks the columns that offer an image;
// other cells are empty.
func (m *ImageMatrix) toTable(rows []matrixRow, format string) Table {
	head := []string{"ImageId", "ImageName", "Status"}
	differs := func(row matrixRow) bool { return row.differs }
	showDiffers := format != request.FormatTable || slices.ContainsFunc(rows, differs)
	if showDiffers {
		head = append(head, field.ColumnContentDiffers)
	}
	return Table{Columns: append(head, m.columns...), Rows: Rows(rows, func(row matrixRow) []string {
		cells := make([]string, len(head)+len(m.columns))
		cells[0], cells[1], cells[2] = row.id, row.name, row.status
		if showDiffers {
			cells[3] = strconv.FormatBool(row.differs)
		}
		for _, column := range row.columns {
			cells[len(head)+int(column)] = "x"
		}
		return cells
	})}
}
