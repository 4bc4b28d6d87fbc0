package query

import (
	"context"
	"slices"
	"strconv"

	"community-images/shared/archive"
)

// serveMatrix serves /v1/matrix: images by clusters, or by instance types if those
// are asked for.
func (s *service) serveMatrix(ctx context.Context, a *request) (*answer, error) {
	region, err := s.findRegion(ctx, a)
	if err != nil {
		return nil, err
	}
	wide := *a
	if wide.selection.clusters == nil {
		if wide.selection.clusters, err = s.defaultMatrixClusters(ctx, a, region); err != nil {
			return nil, err
		}
	}
	h, st, v, err := s.resolveRequest(ctx, &wide, region)
	if err != nil {
		return nil, err
	}
	f := v.computeFreshness(h, st, a.at, s.now(), s.maxStale)
	if err := a.checkMaxAge(v, s); err != nil {
		return nil, err
	}
	forced := *v
	forced.several, forced.byType = true, true
	return &answer{
		freshness: &f, region: region, lastModified: v.newestContent, immutable: isImmutable(a, false, shownState{a.at, st}),
		etag: makeETag(v.digest, a.canonical, a.format),
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			set, err := s.sets.load(ctx, &forced)
			if err != nil {
				return nil, err
			}
			places, err := s.findMatchingImages(a, set)
			if err != nil {
				return nil, err
			}
			return newMatrix(set, places, a.selection).render(prefix, a, st, v), nil
		},
	}, nil
}

// defaultMatrixClusters are the clusters of a matrix that names none: all, unless
// instance types are named and the question without a cluster is asked with
// them.
func (s *service) defaultMatrixClusters(ctx context.Context, a *request, region string) ([]string, error) {
	_, st, err := s.loadState(ctx, a, region)
	if err != nil {
		return nil, err
	}
	if a.selection.types != nil && slices.ContainsFunc(st.ScopesOf(""), func(s archive.ScopeState) bool { return s.InstanceType != "" }) {
		return nil, nil
	}
	return []string{allNames}, nil
}

// matrix is which image is offered in which column.
type matrix struct {
	columns []string
	rows    []matrixRow
}

type matrixRow struct {
	id, name, status string
	columns          []int32 // columns, ascending
	differs          bool    // the content, of which this is the first, differs between scopes
}

// newMatrix has a row for each ImageId, in the order of places, and a column
// for each scope, or for each instance type if no cluster is named.
func newMatrix(s *imageSet, places []int32, c selection) *matrix {
	g := &matrix{}
	for _, sc := range s.scopes {
		g.columns = append(g.columns, labelColumn(sc, c))
	}
	if c.clusters == nil && c.types != nil {
		slices.Sort(g.columns)
		g.columns = slices.Compact(g.columns)
	}
	columnAt := map[string]int32{}
	for i, label := range g.columns {
		columnAt[label] = int32(i)
	}
	column := make([]int32, len(s.scopes)) // by scope
	for i, sc := range s.scopes {
		column[i] = columnAt[labelColumn(sc, c)]
	}
	rows := map[string]int{}
	for _, p := range places {
		im := s.image(p)
		at, ok := rows[im.ImageID]
		if !ok {
			at = len(g.rows)
			rows[im.ImageID] = at
			g.rows = append(g.rows, matrixRow{id: im.ImageID, name: im.Text("ImageName"), status: im.Text("Status"), differs: s.differingIDs[im.ImageID]})
		}
		in := slices.Clone(g.rows[at].columns)
		for _, scope := range s.scopesOf[p] {
			in = append(in, column[scope])
		}
		slices.Sort(in)
		g.rows[at].columns = slices.Compact(in)
	}
	return g
}

// labelColumn names a scope by what varies.
func labelColumn(sc archive.ScopeState, c selection) string {
	switch {
	case canMatchSeveral(c.clusters) && canMatchSeveral(c.types):
		return sc.Scope("").Path()
	case c.types != nil && !canMatchSeveral(c.clusters):
		return anyIfEmpty(sc.InstanceType)
	}
	return anyIfEmpty(sc.ClusterID)
}

// imagesInEveryColumn are the images that every column has.
func (g *matrix) imagesInEveryColumn() []string {
	var ids []string
	for _, r := range g.rows {
		if len(r.columns) == len(g.columns) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

func (g *matrix) render(prefix []byte, a *request, st *regionState, v *scopeSet) *body {
	from := 0
	if a.cursor != nil {
		from = min(a.cursor.offset, len(g.rows))
	}
	to := min(from+a.limit, len(g.rows))
	b := &body{total: strconv.Itoa(len(g.rows))}
	if to < len(g.rows) {
		next := cursor{queryHash: shortHash(v.region + "\n" + a.cursorKey), contentHash: shortHash(v.digest), sequence: st.Sequence, offset: to}
		b.next = next.String()
	}
	if a.format != formatJSON {
		b.bytes = g.renderCells(g.rows[from:to], a.format)
		return b
	}
	out := strconv.AppendInt(append(prefix, `,"TotalCount":`...), int64(len(g.rows)), 10)
	out = append(append(out, `,"NextCursor":`...), jsonString(b.next)...)
	out = appendStrings(append(out, `,"Columns":`...), g.columns)
	out = appendStrings(append(out, `,"Shared":`...), g.imagesInEveryColumn())
	out = append(out, `,"Rows":[`...)
	for i, r := range g.rows[from:to] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, `{"ImageId":`...), jsonString(r.id)...)
		out = append(append(out, `,"ImageName":`...), jsonString(r.name)...)
		out = append(append(out, `,"Status":`...), jsonString(r.status)...)
		out = appendStrings(append(out, `,"OfferedBy":`...), g.labelsOfRow(r))
		out = strconv.AppendBool(append(out, `,"Everywhere":`...), len(r.columns) == len(g.columns))
		out = strconv.AppendBool(append(out, `,"ContentDiffers":`...), r.differs)
		out = append(out, '}')
	}
	b.bytes = append(out, "]}\n"...)
	return b
}

func (g *matrix) labelsOfRow(r matrixRow) []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = g.columns[c]
	}
	return names
}

// renderCells renders a cross table. A table for people says only where contents
// differ whether they do.
func (g *matrix) renderCells(rows []matrixRow, format string) []byte {
	head := []string{"ImageId", "ImageName", "Status"}
	differs := format != formatTable || slices.ContainsFunc(rows, func(r matrixRow) bool { return r.differs })
	if differs {
		head = append(head, columnContentDiffers)
	}
	table := [][]string{append(head, g.columns...)}
	for _, r := range rows {
		row := make([]string, len(table[0]))
		row[0], row[1], row[2] = r.id, r.name, r.status
		if differs {
			row[3] = strconv.FormatBool(r.differs)
		}
		for _, c := range r.columns {
			row[len(head)+int(c)] = "x"
		}
		table = append(table, row)
	}
	if format == formatTable {
		widths := make([]int, len(table[0]))
		for _, row := range table {
			for i := range row {
				row[i] = replaceControls(row[i])
				widths[i] = max(widths[i], terminalWidth.StringWidth(row[i]))
			}
		}
		return alignRows(table, widths)
	}
	s := newCSVWriter()
	for _, row := range table {
		s.writeRow(row)
	}
	return s.text.Bytes()
}
