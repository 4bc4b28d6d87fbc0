package query

import (
	"context"
	"slices"
	"strconv"

	"community-images/shared/archive"
)

// serveMatrix serves /v1/matrix: images by clusters, or by instance types if
// the request names those. It takes the same filters as the list of images; a
// column is shown even if none of its images matches.
//
// Without clusters it covers all of them. It has pages like a list; each page
// repeats the columns.
func (s *lookup) serveMatrix(ctx context.Context, req *request) (*answer, error) {
	region, err := s.findRegion(ctx, req)
	if err != nil {
		return nil, err
	}
	resolved := *req // the parsed request is shared
	if req.selection.clusters == nil {
		if resolved.selection.clusters, err = s.defaultMatrixClusters(ctx, req, region); err != nil {
			return nil, err
		}
	}
	sub, err := s.resolvePage(ctx, &resolved, region)
	if err != nil {
		return nil, err
	}
	// The image set must know which scopes offer an image, even if there is
	// only one.
	scopes := *sub.scopes // the cached one must not be changed
	scopes.several, scopes.byType = true, true
	return &answer{
		freshness:    &sub.freshness,
		region:       region,
		etag:         makeETag(scopes.digest, req.canonical, req.format),
		lastModified: scopes.newestContent,
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			return s.renderMatrix(ctx, prefix, req, sub, &scopes)
		},
	}, nil
}

// renderMatrix renders the page of the matrix that a request asks for. scopes
// are the subject's, as a set that knows which of them offer an image.
func (s *lookup) renderMatrix(
	ctx context.Context, prefix []byte, req *request, sub *subject, scopes *scopeSet,
) (*body, error) {
	set, err := s.sets.load(ctx, scopes)
	if err != nil {
		return nil, err
	}
	rows, err := s.findMatchingImages(req, set)
	if err != nil {
		return nil, err
	}
	// The whole matrix is built for every page: Shared and TotalCount need all
	// rows.
	m := newMatrix(set, rows, req.selection)
	from, to, next := sub.cutPage(req, len(m.rows))
	b := &body{total: strconv.Itoa(len(m.rows)), next: next}
	if req.format == formatJSON {
		b.bytes = m.appendJSON(prefix, from, to, next)
	} else {
		b.bytes = m.renderCells(m.rows[from:to], req.format)
	}
	return b, nil
}

// defaultMatrixClusters returns the clusters of a matrix whose request names
// none: all of them. If it names instance types, and these are captured without
// a cluster too, it returns nil: the lists without a cluster.
func (s *lookup) defaultMatrixClusters(ctx context.Context, req *request, region string) ([]string, error) {
	_, state, err := s.loadState(ctx, req, region)
	if err != nil {
		return nil, err
	}
	hasType := func(sc archive.ScopeState) bool { return sc.InstanceType != "" }
	if req.selection.types != nil && slices.ContainsFunc(state.ScopesOf(""), hasType) {
		return nil, nil
	}
	return []string{allNames}, nil
}

// matrix says which image is offered in which column. It is sparse: a row lists
// the columns that it has.
type matrix struct {
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

// newMatrix makes a row for each ImageId, in the order of rows, and a column
// for each scope; or for each instance type if the selection names types only.
// Several contents of one image share a row: the matrix says where an image is,
// not what is in it.
func newMatrix(set *imageSet, rows []int32, sel selection) *matrix {
	labels, columnOf := makeColumns(set.scopes, sel)
	m := &matrix{columns: labels}
	byID := map[string]int{} // position in m.rows
	for _, row := range rows {
		image := set.image(row)
		// The first content that matches makes the row.
		at, ok := byID[image.ImageID]
		if !ok {
			at = len(m.rows)
			byID[image.ImageID] = at
			m.rows = append(m.rows, matrixRow{
				id: image.ImageID, name: image.Text("ImageName"), status: image.Text("Status"),
				differs: set.differingIDs[image.ImageID],
			})
		}
		columns := m.rows[at].columns
		for _, scope := range set.scopesOf[row] {
			columns = append(columns, columnOf[scope])
		}
		slices.Sort(columns)
		m.rows[at].columns = slices.Compact(columns)
	}
	return m
}

// makeColumns returns the labels of the columns, and by place in scopes the
// column that a scope belongs to. Scopes that share a label share a column.
func makeColumns(scopes []archive.ScopeState, sel selection) (labels []string, columnOf []int32) {
	for _, sc := range scopes {
		labels = append(labels, labelColumn(sc, sel))
	}
	// Otherwise the columns have the canonical order of the scopes.
	if sel.clusters == nil && sel.types != nil { // several clusters share a column
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
func labelColumn(sc archive.ScopeState, sel selection) string {
	switch {
	case canMatchSeveral(sel.clusters) && canMatchSeveral(sel.types):
		return sc.Scope("").Path()
	case sel.types != nil && !canMatchSeveral(sel.clusters):
		return anyIfEmpty(sc.InstanceType)
	}
	return anyIfEmpty(sc.ClusterID)
}

// isInEveryColumn returns true for an image that every column offers.
func (m *matrix) isInEveryColumn(row matrixRow) bool { return len(row.columns) == len(m.columns) }

// appendJSON writes the members after the envelope, with the rows from to to-1.
// Shared lists the images of all pages that every column offers.
func (m *matrix) appendJSON(b []byte, from, to int, next string) []byte {
	b = strconv.AppendInt(append(b, `,"TotalCount":`...), int64(len(m.rows)), 10)
	b = appendString(append(b, `,"NextCursor":`...), next)
	b = appendStrings(append(b, `,"Columns":`...), m.columns)
	// Over all rows, not only those of this page.
	var shared []string
	for _, row := range m.rows {
		if m.isInEveryColumn(row) {
			shared = append(shared, row.id)
		}
	}
	b = appendStrings(append(b, `,"Shared":`...), shared)
	b = append(b, `,"Rows":[`...)
	for i, row := range m.rows[from:to] {
		if i > 0 {
			b = append(b, ',')
		}
		var offeredBy []string
		for _, column := range row.columns {
			offeredBy = append(offeredBy, m.columns[column])
		}
		b = appendString(append(b, `{"ImageId":`...), row.id)
		b = appendString(append(b, `,"ImageName":`...), row.name)
		b = appendString(append(b, `,"Status":`...), row.status)
		b = appendStrings(append(b, `,"OfferedBy":`...), offeredBy)
		b = strconv.AppendBool(append(b, `,"Everywhere":`...), m.isInEveryColumn(row))
		b = strconv.AppendBool(append(b, `,"ContentDiffers":`...), row.differs)
		b = append(b, '}')
	}
	return append(b, "]}\n"...)
}

// renderCells renders rows as a cross table in csv or as text. The text has the
// column ContentDiffers only if a row needs it. An "x" marks the columns that
// offer an image; other cells are empty.
func (m *matrix) renderCells(rows []matrixRow, format string) []byte {
	// Then one column for each label.
	head := []string{"ImageId", "ImageName", "Status"}
	showDiffers := format != formatTable || slices.ContainsFunc(rows, func(row matrixRow) bool { return row.differs })
	if showDiffers {
		head = append(head, columnContentDiffers)
	}
	table := [][]string{append(head, m.columns...)}
	for _, row := range rows {
		cells := make([]string, len(table[0]))
		cells[0], cells[1], cells[2] = row.id, row.name, row.status
		if showDiffers {
			cells[3] = strconv.FormatBool(row.differs)
		}
		for _, column := range row.columns {
			cells[len(head)+int(column)] = "x"
		}
		table = append(table, cells)
	}
	if format == formatTable {
		for _, cells := range table {
			for i := range cells {
				// csv quotes control characters, a table cannot.
				cells[i] = replaceControls(cells[i])
			}
		}
		return alignRows(table)
	}
	var w csvWriter
	for _, cells := range table {
		w.writeRow(cells)
	}
	return w.text
}
