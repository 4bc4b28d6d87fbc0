package query

import (
	"context"
	"slices"
	"strconv"

	"community-images/shared/archive/format"
	"community-images/shared/query/etag"
	"community-images/shared/query/field"
	"community-images/shared/query/hint"
	"community-images/shared/query/imageset"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// serveMatrix serves /v1/matrix: images by clusters, or by instance types if
// the request names those. It takes the same filters as the list of images; a
// column is shown even if none of its images matches.
//
// Without clusters it covers all of them. It has pages like a list; each page
// repeats the columns.
func (s *Lookup) serveMatrix(ctx context.Context, req *request.Request) (*answer, error) {
	region, err := s.FindRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	resolved := *req // the parsed request is shared
	if req.Selection.Clusters == nil {
		if resolved.Selection.Clusters, err = s.defaultMatrixClusters(ctx, req, region); err != nil {
			return nil, err
		}
	}
	sub, err := s.ResolvePage(ctx, &resolved, region)
	if err != nil {
		return nil, err
	}
	// The image set must know which scopes offer an image, even if there is
	// only one.
	scopes := *sub.Scopes // the cached one must not be changed
	scopes.Several, scopes.ByType = true, true
	return &answer{
		freshness:    &sub.Freshness,
		region:       region,
		etag:         etag.Make(sub.ContentKey(), req.Canonical, req.Format),
		lastModified: scopes.NewestContent,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			return s.renderMatrix(ctx, prefix, req, sub, &scopes)
		},
	}, nil
}

// renderMatrix renders the page of the matrix that a request asks for. scopes
// are the subject's, as a set that knows which of them offer an image.
func (s *Lookup) renderMatrix(
	ctx context.Context, prefix []byte, req *request.Request, sub *state.Subject, scopes *state.ScopeSet,
) (*body, error) {
	set, err := s.sets.Load(ctx, scopes)
	if err != nil {
		return nil, err
	}
	rows, err := set.SelectRows(imageset.NewFilter(req, sub, s.parser.Schema))
	if err != nil {
		return nil, err
	}
	// The whole matrix is built for every page: Shared and TotalCount need all
	// rows.
	m := newMatrix(set, rows, req.Selection)
	from, to, next := sub.CutPage(req, len(m.rows))
	b := &body{total: strconv.Itoa(len(m.rows)), next: next}
	if len(rows) == 0 {
		b.hints = hint.Find(ctx, s.history, hint.Question{Request: req, Subject: sub, Set: set}, true)
	}
	m.hints = b.hints.Texts
	b.bytes, err = m.render(prefix, from, to, next, req)
	return b, err
}

// defaultMatrixClusters returns the clusters of a matrix whose request names
// none: all of them. If it names instance types, and these are captured without
// a cluster too, it returns nil: the lists without a cluster.
func (s *Lookup) defaultMatrixClusters(ctx context.Context, req *request.Request, region string) ([]string, error) {
	_, state, err := s.LoadState(ctx, req, region)
	if err != nil {
		return nil, err
	}
	hasType := func(sc format.ScopeState) bool { return sc.InstanceType != "" }
	if req.Selection.Types != nil && slices.ContainsFunc(state.ScopesOf(""), hasType) {
		return nil, nil
	}
	return []string{request.AllNames}, nil
}

// matrix says which image is offered in which column. It is sparse: a row lists
// the columns that it has.
type matrix struct {
	columns []string // labels
	// rows are those of all pages: one for each ImageId that matches.
	rows  []matrixRow
	hints []string // why there are few rows
}

// matrixRow is one ImageId. The text is what a person needs to know the image;
// everything else is one lookup away.
type matrixRow struct {
	// id is the ImageId. name and status are empty if the image has none.
	id, name, status string
	columns          []int32 // that offer the image, ascending
	differs          bool    // the scopes disagree about its content; name and status are of the first
}

// newMatrix makes a row for each ImageId, in the order of rows, and a column
// for each scope; or for each instance type if the selection names types only.
// Several contents of one image share a row: the matrix says where an image is,
// not what is in it.
func newMatrix(set *imageset.Set, rows []int32, sel request.Selection) *matrix {
	labels, columnOf := makeColumns(set.Scopes, sel)
	m := &matrix{columns: labels}
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

// isInEveryColumn returns true for an image that every column offers.
func (m *matrix) isInEveryColumn(row matrixRow) bool { return len(row.columns) == len(m.columns) }

// render renders the rows from to to-1 in a format. next is the cursor of the next page.
func (m *matrix) render(prefix []byte, from, to int, next string, req *request.Request) ([]byte, error) {
	switch req.Format {
	case request.FormatNDJSON:
		return render.AppendLines(nil, m.rows[from:to], m.rowJSON)
	case request.FormatJSON:
		page := render.Matrix{
			TotalCount: len(m.rows), NextCursor: next, Hints: m.hints, Columns: m.columns, Shared: []string{},
		}
		for _, row := range m.rows {
			if m.isInEveryColumn(row) {
				page.Shared = append(page.Shared, row.id)
			}
		}
		page.Rows = make([]render.MatrixRow, 0, to-from)
		for _, row := range m.rows[from:to] {
			page.Rows = append(page.Rows, m.rowJSON(row))
		}
		return render.AppendMembers(prefix, page)
	}
	t := m.toTable(m.rows[from:to], req.Format)
	t.ByteOrder, t.LastLine = req.Bom, render.AddHints(render.DescribePage(from, to, len(m.rows), next), m.hints)
	return t.Render(req.Format), nil
}

// rowJSON returns a row as JSON has it.
func (m *matrix) rowJSON(row matrixRow) render.MatrixRow {
	offeredBy := []string{}
	for _, column := range row.columns {
		offeredBy = append(offeredBy, m.columns[column])
	}
	return render.MatrixRow{
		ImageID: row.id, ImageName: row.name, Status: row.status, OfferedBy: offeredBy,
		Everywhere: m.isInEveryColumn(row), ContentDiffers: row.differs,
	}
}

// toTable returns rows as a cross table. A table for people has the column
// ContentDiffers only if a row needs it. An "x" marks the columns that offer an image;
// other cells are empty.
func (m *matrix) toTable(rows []matrixRow, format string) render.Table {
	head := []string{"ImageId", "ImageName", "Status"}
	differs := func(row matrixRow) bool { return row.differs }
	showDiffers := format != request.FormatTable || slices.ContainsFunc(rows, differs)
	if showDiffers {
		head = append(head, field.ColumnContentDiffers)
	}
	return render.Table{Columns: append(head, m.columns...), Rows: render.Rows(rows, func(row matrixRow) []string {
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
