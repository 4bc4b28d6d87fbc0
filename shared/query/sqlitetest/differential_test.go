package sqlitetest

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"community-images/shared/archive/archivetest"
	"community-images/shared/query/querytest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	diffSeed    = flag.Uint64("diffseed", 1, "first seed of the differential test; each catalogue takes one")
	diffQueries = flag.Int("diffqueries", 2000/querytest.WorkDivisor, "queries of the differential test")
)

const queriesPerCatalogue = 50

// TestDifferential asks the handler and SQLite the same generated questions
// and wants the same images in the same order. To repeat one catalogue:
// -diffseed=<seed of the failure> -diffqueries=50.
func TestDifferential(t *testing.T) {
	t.Parallel()
	answered := map[int]int{}
	for i := range (*diffQueries + queriesPerCatalogue - 1) / queriesPerCatalogue {
		seed := *diffSeed + uint64(i)
		r := rand.New(rand.NewPCG(seed, 0))
		o := newOffers(r)
		db := newTables(t, o)
		found, err := o.content()
		if err != nil {
			t.Fatal(err)
		}
		w := querytest.New(t)
		w.CommitRun(archivetest.Hangzhou, found)
		h := w.Handler()
		for range queriesPerCatalogue {
			l := newLookup(r, o)
			if querytest.Chance(r, 10) {
				compareMatrix(t, r, seed, h, db, l.plain())
				continue
			}
			target := l.target(r)
			want, err := db.expect(l)
			if err != nil {
				t.Fatalf("seed %d, %s: asking SQLite: %v", seed, target, err)
			}
			got, err := collect(h, target, l)
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
	if answered[200] < *diffQueries/4 {
		t.Errorf("only %d of %d queries have an answer: %v", answered[200], *diffQueries, answered)
	}
}

// compareMatrix asks both for the matrix.
func compareMatrix(t *testing.T, r *rand.Rand, seed uint64, h http.Handler, db tables, l lookup) {
	t.Helper()
	target := l.matrixTarget(l.target(r))
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

// outcome is what a lookup comes to, all pages together.
type outcome struct {
	Code   int
	Total  int
	Rows   []shown
	Facets map[string][]facetCount
}

// shown is one image of an answer, as the format shows it.
type shown struct {
	ID             string // of format ids
	Doc            string // upstream's object, of an answer about one scope
	N              int
	Clusters       []string
	InstanceTypes  []string
	ContentDiffers bool
}

// expect computes the outcome in SQLite.
func (t tables) expect(l lookup) (outcome, error) {
	scopes, ok := l.chosen(t.o)
	if !ok {
		return outcome{Code: http.StatusNotFound}, nil
	}
	rows, facets, err := t.ask(l, scopes)
	switch {
	case err != nil:
		return outcome{}, err
	case len(rows) < l.minCount:
		return outcome{Code: http.StatusNotFound}, nil
	}
	out := outcome{Code: http.StatusOK, Total: len(rows), Facets: facets}
	many := func(names []string) bool { return len(names) > 1 || len(names) == 1 && names[0] == "*" }
	for _, f := range rows {
		s := shown{N: f.N}
		switch {
		case l.format == "ids" && slices.ContainsFunc(out.Rows, func(s shown) bool { return s.ID == f.id }):
			continue // an id is one id, also where its content differs
		case l.format == "ids":
			s = shown{ID: f.id}
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
		out.Total, out.Facets = 0, nil
	}
	return out, nil
}

// collect asks the handler for every page.
func collect(h http.Handler, target string, l lookup) (outcome, error) {
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
			out.Rows = append(out.Rows, shown{ID: strings.TrimSuffix(line, "\n")})
		}
		return out, nil
	case "ndjson":
		for line := range strings.Lines(string(body)) {
			if err := out.add([]byte(strings.TrimSuffix(line, "\n"))); err != nil {
				return out, err
			}
		}
		return out, nil
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
		if err := out.add(raw); err != nil {
			return out, err
		}
	}
	return out, nil
}

// add reads one image. What the answer adds to upstream's object is Clusters
// and what follows; without them the object is the one that was put in.
func (o *outcome) add(raw []byte) error {
	var s shown
	if err := json.Unmarshal(raw, &s); err != nil {
		return err
	}
	if s.Clusters == nil && s.InstanceTypes == nil {
		s.Doc = string(raw)
	}
	o.Rows = append(o.Rows, s)
	return nil
}
