package query_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/catalog"
)

// expectedDates has the dates of images by their ids; zero: not known. Every image that
// was ever there has an entry.
type expectedDates struct{ first, changed map[string]time.Time }

// datesAfter returns the dates that the states from the first one on tell.
func datesAfter(states []expectedState) expectedDates {
	d := expectedDates{first: map[string]time.Time{}, changed: map[string]time.Time{}}
	for i, state := range states {
		for path, scope := range state.scopes {
			for id, content := range docsByID(scope.docs) {
				at := state.at
				if i == 0 {
					at = time.Time{} // nobody knows what was before
				}
				if _, known := d.first[id]; !known {
					d.first[id], d.changed[id] = at, at
				}
				if i == 0 {
					continue
				}
				before := docsByID(states[i-1].scopes[path].docs)[id]
				if before != "" && before != content {
					d.changed[id] = state.at
				}
			}
		}
	}
	return d
}

// docsByID returns the contents of a list by their ids.
func docsByID(docs []string) map[string]string {
	byID := map[string]string{}
	for _, doc := range docs {
		byID[docID(doc)] += doc
	}
	return byID
}

// testDatesAtEveryCommit compares the dates in lists, conditions on them and their order
// with what the states tell. A change after the state that is asked for hides those before.
func testDatesAtEveryCommit(t *testing.T, c *simulation, h http.Handler) {
	dates := datesAfter(c.expected)
	for i := 0; i < len(c.expected); i += 7 * stride {
		state := c.expected[i]
		docs, _, _, _ := state.offeredImages()
		text := func(at time.Time) string {
			if at.After(state.at) {
				return ""
			}
			return catalog.At(at).String()
		}
		var want []string // id, first, changed
		for _, id := range slices.Sorted(maps.Keys(docs)) {
			want = append(want, strings.Join([]string{id, text(dates.first[id]), text(dates.changed[id])}, ","))
		}
		at := fmt.Sprintf("/v1/images?ClusterId=*&at=%d&format=csv&fields=ImageId,FirstSeen,ChangedAt", i+1)
		if diff := cmp.Diff(want, rowsOnce(get(h, at).Body.String())); diff != "" && len(docs) > 0 {
			t.Fatalf("%s (-oracle +answer):\n%s", at, diff)
		}
		bound := c.expected[c.rand.IntN(i+1)].at
		column := func(row string, i int) string { return strings.Split(row, ",")[i] }
		late := slices.DeleteFunc(slices.Clone(want), func(row string) bool {
			return column(row, 1) == "" || column(row, 1) < catalog.At(bound).String()
		})
		slices.SortStableFunc(late, func(a, b string) int {
			one, other := column(a, 2), column(b, 2)
			if (one == "") != (other == "") { // not known comes last
				return strings.Compare(other, one)
			}
			return strings.Compare(other, one)
		})
		target := at + "&sort=-ChangedAt&FirstSeen__gte=" + catalog.At(bound).String()
		if diff := cmp.Diff(late, rowsOnce(get(h, target).Body.String())); diff != "" && len(docs) > 0 {
			t.Fatalf("%s (-oracle +answer):\n%s", target, diff)
		}
	}
}

// rowsOnce returns the rows of csv after the first one, each once.
func rowsOnce(csv string) []string {
	lines := strings.Split(strings.TrimSuffix(csv, "\r\n"), "\r\n")
	return slices.Compact(lines[1:])
}
