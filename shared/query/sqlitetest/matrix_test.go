package sqlitetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/query/querytest"
)

// matrixAnswer is the answer of /v1/matrix, all pages together.
type matrixAnswer struct {
	Code            int
	TotalCount      int
	Columns, Shared []string
	Rows            []matrixRow
}

type matrixRow struct {
	ImageId        string
	OfferedBy      []string
	Everywhere     bool
	ContentDiffers bool
}

// makeMatrixURL returns the URL of a lookup at /v1/matrix.
func (l lookup) makeMatrixURL(target string) string {
	return "/v1/matrix?" + strings.TrimPrefix(target, "/v1/images?")
}

// forMatrix returns a lookup without the parameters that /v1/matrix does not have.
func (l lookup) forMatrix() lookup {
	l.latestBy, l.facets, l.fields, l.minCount, l.format = nil, nil, nil, 0, "json"
	return l
}

// expectMatrix computes the matrix from the rows of SQLite. An id has a row where its
// first content stands, a scope has a column. Without clusters the matrix covers all;
// if types are named it then has a column for each of them.
func (t database) expectMatrix(l lookup) (matrixAnswer, error) {
	shown := l
	if l.clusters == nil {
		l.clusters = []string{"*"}
	}
	scopes, ok := l.resolveScopes(t.catalog)
	if !ok {
		return matrixAnswer{Code: http.StatusNotFound}, nil
	}
	rows, _, err := t.queryImages(l, scopes)
	if err != nil {
		return matrixAnswer{}, err
	}
	slices.SortFunc(scopes, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	g := matrixAnswer{Code: http.StatusOK}
	labels := func(offers func(scope string) bool) (list []string) {
		for _, s := range scopes {
			if label := shown.labelColumn(s); offers(s[0]+"/"+s[1]) && !slices.Contains(list, label) {
				list = append(list, label)
			}
		}
		if shown.clusters == nil {
			slices.Sort(list)
		}
		return list
	}
	g.Columns = labels(func(string) bool { return true })
	places := map[string]int{}
	for _, f := range rows {
		at, known := places[f.id]
		if !known {
			at = len(g.Rows)
			places[f.id] = at
			g.Rows = append(g.Rows, matrixRow{ImageId: f.id, ContentDiffers: f.ContentDiffers})
		}
		g.Rows[at].OfferedBy = append(g.Rows[at].OfferedBy, f.scopes...)
	}
	for i := range g.Rows {
		row := &g.Rows[i]
		row.OfferedBy = labels(func(scope string) bool { return slices.Contains(row.OfferedBy, scope) })
		row.Everywhere = len(row.OfferedBy) == len(g.Columns)
		if row.Everywhere {
			g.Shared = append(g.Shared, row.ImageId)
		}
	}
	g.TotalCount = len(g.Rows)
	return g, nil
}

// labelColumn names a column by what varies in the lookup.
func (l lookup) labelColumn(s [2]string) string {
	many := func(names []string) bool { return len(names) > 1 || len(names) == 1 && names[0] == "*" }
	switch {
	case many(l.clusters) && many(l.types):
		return orAny(s[0]) + "/" + orAny(s[1])
	case many(l.clusters) || l.types == nil:
		return orAny(s[0])
	}
	return orAny(s[1])
}

// collectMatrix reads every page of a matrix from the handler.
func collectMatrix(h http.Handler, target string, limit int) (matrixAnswer, error) {
	var all matrixAnswer
	for pages := 0; target != ""; pages++ {
		rec := querytest.Get(h, target)
		if all.Code = rec.Code; all.Code != http.StatusOK {
			if pages > 0 || all.Code != http.StatusNotFound {
				return all, fmt.Errorf("page %d: %d %s", pages, rec.Code, rec.Body)
			}
			return all, nil
		}
		var page matrixAnswer
		if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil {
			return all, fmt.Errorf("page %d: %w: %s", pages, err, rec.Body)
		}
		if len(page.Rows) > limit {
			return all, fmt.Errorf("page %d has %d rows, the limit is %d", pages, len(page.Rows), limit)
		}
		rows := append(all.Rows, page.Rows...)
		all = page
		all.Code, all.Rows = rec.Code, rows
		target, _, _ = strings.Cut(strings.TrimPrefix(rec.Header().Get("Link"), "<"), ">")
	}
	return all, nil
}

func orAny(name string) string {
	if name == "" {
		return "_any"
	}
	return name
}
