package query

import (
	"context"
	"slices"
	"strconv"

	"community-images/shared/archive"
)

// matrix serves /v1/matrix: images by clusters, or by instance types if those
// are asked for.
func (s *service) matrix(ctx context.Context, a *request) (*answer, error) {
	region, err := s.findRegion(ctx, a)
	if err != nil {
		return nil, err
	}
	wide := *a
	if wide.choice.clusters == nil {
		if wide.choice.clusters, err = s.matrixClusters(ctx, a, region); err != nil {
			return nil, err
		}
	}
	h, st, v, err := s.choose(ctx, &wide, region)
	if err != nil {
		return nil, err
	}
	f := v.computeFreshness(h, st, a.at, s.now(), s.maxStale)
	if err := a.young(v, s); err != nil {
		return nil, err
	}
	forced := *v
	forced.several, forced.byType = true, true
	return &answer{
		fresh: &f, region: region, modified: v.newestContent, immutable: isImmutable(a, false, shownState{a.at, st}),
		etag: tag(v.digest, a.canonical, a.format),
		render: func(ctx context.Context, prefix []byte) (*body, error) {
			set, err := s.sets.get(ctx, &forced)
			if err != nil {
				return nil, err
			}
			places, err := s.matches(a, set)
			if err != nil {
				return nil, err
			}
			return newGrid(set, places, a.choice).render(prefix, a, st, v), nil
		},
	}, nil
}

// matrixClusters are the clusters of a matrix that names none: all, unless
// instance types are named and the question without a cluster is asked with
// them.
func (s *service) matrixClusters(ctx context.Context, a *request, region string) ([]string, error) {
	_, st, err := s.state(ctx, a, region)
	if err != nil {
		return nil, err
	}
	if a.choice.types != nil && slices.ContainsFunc(st.ScopesOf(""), func(s archive.ScopeState) bool { return s.InstanceType != "" }) {
		return nil, nil
	}
	return []string{allNames}, nil
}

// grid is which image is offered in which column.
type grid struct {
	columns []string
	rows    []gridRow
}

type gridRow struct {
	id, name, status string
	in               []int32 // columns, ascending
	differs          bool    // the content, of which this is the first, differs between scopes
}

// newGrid has a row for each ImageId, in the order of places, and a column
// for each scope, or for each instance type if no cluster is named.
func newGrid(s *set, places []int32, c selection) *grid {
	g := &grid{}
	for _, sc := range s.scopes {
		g.columns = append(g.columns, columnLabel(sc, c))
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
		column[i] = columnAt[columnLabel(sc, c)]
	}
	rows := map[string]int{}
	for _, p := range places {
		im := s.image(p)
		at, ok := rows[im.ImageID]
		if !ok {
			at = len(g.rows)
			rows[im.ImageID] = at
			g.rows = append(g.rows, gridRow{id: im.ImageID, name: im.Text("ImageName"), status: im.Text("Status"), differs: s.differ[im.ImageID]})
		}
		in := slices.Clone(g.rows[at].in)
		for _, scope := range s.offers[p] {
			in = append(in, column[scope])
		}
		slices.Sort(in)
		g.rows[at].in = slices.Compact(in)
	}
	return g
}

// columnLabel names a scope by what varies.
func columnLabel(sc archive.ScopeState, c selection) string {
	switch {
	case selectsSeveral(c.clusters) && selectsSeveral(c.types):
		return sc.Scope("").Path()
	case c.types != nil && !selectsSeveral(c.clusters):
		return orAny(sc.InstanceType)
	}
	return orAny(sc.ClusterID)
}

// shared are the images that every column has.
func (g *grid) shared() []string {
	var ids []string
	for _, r := range g.rows {
		if len(r.in) == len(g.columns) {
			ids = append(ids, r.id)
		}
	}
	return ids
}

func (g *grid) render(prefix []byte, a *request, st *regionState, v *scopeSet) *body {
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
		b.bytes = g.cells(g.rows[from:to], a.format)
		return b
	}
	out := strconv.AppendInt(append(prefix, `,"TotalCount":`...), int64(len(g.rows)), 10)
	out = append(append(out, `,"NextCursor":`...), jsonString(b.next)...)
	out = appendStrings(append(out, `,"Columns":`...), g.columns)
	out = appendStrings(append(out, `,"Shared":`...), g.shared())
	out = append(out, `,"Rows":[`...)
	for i, r := range g.rows[from:to] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, `{"ImageId":`...), jsonString(r.id)...)
		out = append(append(out, `,"ImageName":`...), jsonString(r.name)...)
		out = append(append(out, `,"Status":`...), jsonString(r.status)...)
		out = appendStrings(append(out, `,"OfferedBy":`...), g.labels(r))
		out = strconv.AppendBool(append(out, `,"Everywhere":`...), len(r.in) == len(g.columns))
		out = strconv.AppendBool(append(out, `,"ContentDiffers":`...), r.differs)
		out = append(out, '}')
	}
	b.bytes = append(out, "]}\n"...)
	return b
}

func (g *grid) labels(r gridRow) []string {
	names := make([]string, len(r.in))
	for i, c := range r.in {
		names[i] = g.columns[c]
	}
	return names
}

// cells renders a cross table. A table for people says only where contents
// differ whether they do.
func (g *grid) cells(rows []gridRow, format string) []byte {
	head := []string{"ImageId", "ImageName", "Status"}
	differs := format != formatTable || slices.ContainsFunc(rows, func(r gridRow) bool { return r.differs })
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
		for _, c := range r.in {
			row[len(head)+int(c)] = "x"
		}
		table = append(table, row)
	}
	if format == formatTable {
		widths := make([]int, len(table[0]))
		for _, row := range table {
			for i := range row {
				row[i] = oneLine(row[i])
				widths[i] = max(widths[i], wide.StringWidth(row[i]))
			}
		}
		return alignRows(table, widths)
	}
	s := newSheet()
	for _, row := range table {
		s.row(row)
	}
	return s.text.Bytes()
}
