package sqlitetest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"community-images/shared/query/querytest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	firstSeed  = flag.Uint64("diffseed", 1, "first seed of the differential test; each region takes one")
	queryCount = flag.Int("diffqueries", 2000/querytest.WorkDivisor, "queries of the differential test")
)

const queriesPerRegion = 50

// TestDifferential asks the handler and SQLite the same generated lookups. Both must
// return the same images in the same order. To repeat one catalog:
// -diffseed=<seed of the failure> -diffqueries=50.
func TestDifferential(t *testing.T) {
	t.Parallel()
	answered := map[int]int{}
	for i := range (*queryCount + queriesPerRegion - 1) / queriesPerRegion {
		seed := *firstSeed + uint64(i)
		r := rand.New(rand.NewPCG(seed, 0))
		o := generateCatalog(r)
		db := newDatabase(t, o)
		w := querytest.New(t)
		o.commit(t, w)
		h := w.Handler()
		for range queriesPerRegion {
			l := generateLookup(r, o)
			if querytest.Chance(r, 10) {
				compareMatrix(t, r, seed, h, db, l.forMatrix())
				continue
			}
			target := l.makeURL(r)
			want, err := db.expectOutcome(l)
			if err != nil {
				t.Fatalf("seed %d, %s: asking SQLite: %v", seed, target, err)
			}
			got, err := collectPages(h, target, l)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, target, err)
			}
			answered[got.Code]++
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d: %s (-SQLite +handler):\n%s", seed, target, diff)
			}
		}
		_ = db.Close()
	}
	t.Logf("answers by status: %v", answered)
	if answered[200] < *queryCount/4 {
		t.Errorf("only %d of %d queries have an answer: %v", answered[200], *queryCount, answered)
	}
}

// compareMatrix asks both engines for the matrix of a lookup.
func compareMatrix(t *testing.T, r *rand.Rand, seed uint64, h http.Handler, db database, l lookup) {
	t.Helper()
	target := l.makeMatrixURL(l.makeURL(r))
	want, err := db.expectMatrix(l)
	if err != nil {
		t.Fatalf("seed %d, %s: asking SQLite: %v", seed, target, err)
	}
	got, err := collectMatrix(h, target, l.limit)
	if err != nil {
		t.Fatalf("seed %d, %s: %v", seed, target, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("seed %d: %s (-SQLite +handler):\n%s", seed, target, diff)
	}
}

// outcome is the answer to a lookup, all pages together.
type outcome struct {
	Code   int
	Total  int
	Rows   []shownImage
	Facets map[string][]facetCount
}

// shownImage is one image of an answer, as its format shows it.
type shownImage struct {
	ID             string   // of format ids
	Cells          []string // of fields, in their order
	Doc            string   // upstream's object, of an answer about one scope
	N              int
	Clusters       []string
	InstanceTypes  []string
	ContentDiffers bool
}

// expectOutcome computes the outcome of a lookup in SQLite.
func (t database) expectOutcome(l lookup) (outcome, error) {
	l = l.meanEverything()
	scopes, ok := l.resolveScopes(t.catalog)
	if !ok {
		return outcome{Code: http.StatusNotFound}, nil
	}
	rows, facets, err := t.queryImages(l, scopes)
	switch {
	case err != nil:
		return outcome{}, err
	case len(rows) < l.minCount:
		return outcome{Code: http.StatusNotFound}, nil
	}
	out := outcome{Code: http.StatusOK, Total: len(rows), Facets: facets}
	many := func(names []string) bool { return len(names) > 1 || isAll(names) }
	for _, f := range rows {
		s := shownImage{N: f.N}
		switch {
		case l.format == "ids" && slices.ContainsFunc(out.Rows, func(s shownImage) bool { return s.ID == f.id }):
			continue // an id is one id, also where its content differs
		case l.format == "ids":
			s = shownImage{ID: f.id}
		case l.fields != nil:
			s = shownImage{Cells: f.cells(l.fields)}
			isTable := l.format == "csv" || l.format == "tsv"
			s.ContentDiffers = f.ContentDiffers && !isTable && (many(l.clusters) || many(l.types))
		case !many(l.clusters) && !many(l.types):
			s.Doc = f.doc
		default:
			s.Clusters, s.ContentDiffers = f.Clusters, f.ContentDiffers
			if many(l.types) {
				s.InstanceTypes = f.InstanceTypes
			}
		}
		out.Rows = append(out.Rows, s)
	}
	if l.format != "json" {
		out.Total = 0
	}
	return out, nil
}

// cells returns the image as fields show it: ImageId and dates.
func (f expectedImage) cells(fields []string) (cells []string) {
	for _, name := range fields {
		if name == "ImageId" {
			cells = append(cells, f.id)
		} else {
			cells = append(cells, f.dates[name])
		}
	}
	return cells
}

// collectPages reads every page of a lookup from the handler.
func collectPages(h http.Handler, target string, l lookup) (outcome, error) {
	var out outcome
	for pages := 0; target != ""; pages++ {
		rec := querytest.Get(h, target)
		if out.Code = rec.Code; out.Code != http.StatusOK {
			if pages > 0 || out.Code != http.StatusNotFound {
				return out, fmt.Errorf("page %d: %d %s", pages, rec.Code, rec.Body)
			}
			return out, nil
		}
		page, err := readPage(rec.Body.Bytes(), l)
		if err != nil {
			return out, fmt.Errorf("page %d: %w: %s", pages, err, rec.Body)
		}
		link := rec.Header().Get("Link")
		switch {
		case pages > 0 && (page.Total != out.Total || !cmp.Equal(page.Facets, out.Facets)):
			return out, fmt.Errorf("page %d counts otherwise than the first: %s", pages, rec.Body)
		case len(page.Rows) > l.limit || link != "" && len(page.Rows) < l.limit && l.format != "ids":
			return out, fmt.Errorf("page %d has %d images, the limit is %d", pages, len(page.Rows), l.limit)
		}
		out.Total, out.Facets = page.Total, page.Facets
		out.Rows = append(out.Rows, page.Rows...)
		target, _, _ = strings.Cut(strings.TrimPrefix(link, "<"), ">")
	}
	return out, nil
}

func readPage(body []byte, l lookup) (outcome, error) {
	var out outcome
	switch l.format {
	case "ids":
		for line := range strings.Lines(string(body)) {
			out.Rows = append(out.Rows, shownImage{ID: strings.TrimSuffix(line, "\n")})
		}
		return out, nil
	case "ndjson":
		for line := range strings.Lines(string(body)) {
			if err := out.addImage([]byte(strings.TrimSuffix(line, "\n")), l.fields); err != nil {
				return out, err
			}
		}
		return out, nil
	case "csv", "tsv":
		return out, out.addTable(body, l)
	}
	var page struct {
		TotalCount int
		Images     []json.RawMessage
		Facets     map[string][]facetCount
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return out, err
	}
	out.Total, out.Facets = page.TotalCount, page.Facets
	for _, raw := range page.Images {
		if err := out.addImage(raw, l.fields); err != nil {
			return out, err
		}
	}
	return out, nil
}

// addImage adds one image of an answer. The answer adds Clusters and the members after
// it; without them the object is the one that upstream sent. fields are those that are
// shown alone; nil: all.
func (o *outcome) addImage(raw []byte, fields []string) error {
	if fields != nil {
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			return err
		}
		var s shownImage
		for _, name := range fields {
			text, isText := members[name].(string)
			if !isText {
				return fmt.Errorf("%s has no text %s", raw, name)
			}
			s.Cells = append(s.Cells, text)
			delete(members, name)
		}
		s.ContentDiffers, _ = members["ContentDiffers"].(bool)
		delete(members, "ContentDiffers")
		if len(members) > 0 {
			return fmt.Errorf("%s has more than the members %v", raw, fields)
		}
		o.Rows = append(o.Rows, s)
		return nil
	}
	var s shownImage
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	if s.Clusters == nil && s.InstanceTypes == nil {
		s.Doc = string(raw)
	}
	o.Rows = append(o.Rows, s)
	return nil
}

// addTable adds the rows of csv or tsv, whose first line has the fields of the lookup.
func (o *outcome) addTable(body []byte, l lookup) error {
	table := csv.NewReader(bytes.NewReader(body))
	if l.format == "tsv" {
		table.Comma, table.LazyQuotes = '\t', true
	}
	rows, err := table.ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], l.fields) {
		return fmt.Errorf("no table with the columns %v: %w", l.fields, err)
	}
	for _, cells := range rows[1:] {
		o.Rows = append(o.Rows, shownImage{Cells: cells})
	}
	return nil
}
