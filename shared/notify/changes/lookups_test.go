package changes_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/notify/notifytest"
	"community-images/shared/query/field"
	"community-images/shared/query/filter"
	"community-images/shared/query/querytest"
)

// lookups are those of a drift, at each commit.
type lookups struct {
	t       *testing.T
	handler http.Handler
}

// get returns the lines of an answer.
func (l lookups) get(format string, arguments ...any) []string {
	l.t.Helper()
	target := fmt.Sprintf(format, arguments...)
	answer := querytest.Get(l.handler, target)
	if answer.Code != http.StatusOK {
		l.t.Fatalf("%s: %d %s", target, answer.Code, answer.Body)
	}
	return strings.FieldsFunc(answer.Body.String(), func(r rune) bool { return r == '\n' })
}

// changesOf returns what /v1/changes says that a commit did in the list without a cluster, by kind.
func (l lookups) changesOf(n int) map[string][]string {
	l.t.Helper()
	ids := map[string][]string{}
	const scope = "ClusterId=_any&InstanceType=_any&by=scope"
	for _, line := range l.get("/v1/changes?%s&since=%d&at=%d&format=ndjson", scope, n-1, n) {
		var row struct{ Kind, ImageId string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			l.t.Fatalf("%s: %v", line, err)
		}
		ids[row.Kind] = append(ids[row.Kind], row.ImageId)
	}
	return ids
}

// matching returns the images of the list without a cluster after a commit that /v1/images finds.
func (l lookups) matching(f notifytest.Filter, n int) []string {
	l.t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(f.Text), &members); err != nil {
		l.t.Fatal(err)
	}
	query := url.Values{}
	for name, value := range members {
		list, isList := value.([]any)
		if !isList {
			list = []any{value}
		}
		for _, v := range list {
			query.Add(name, v.(string))
		}
	}
	return l.get("/v1/images?%s&at=%d&format=ids", query.Encode(), n)
}

// TestFiltersMeanWhatLookupsMean: of what /v1/changes says of a commit, a subscription is told of
// the images that /v1/images finds with the same parameters: before the commit for those that are
// gone, and after it for the others.
func TestFiltersMeanWhatLookupsMean(t *testing.T) {
	t.Parallel()
	d := notifytest.NewDrift(t, 150, 11)
	log := mustLoad(t, d.Fixture, 1)
	l := lookups{t, (&querytest.Fixture{Fixture: d.Fixture}).Handler()}
	filters := notifytest.Conditions(t)
	checkOperators(t, filters)
	matched := map[string]int{} // commits by filter
	for n := 2; n < len(d.States); n++ {
		all := l.changesOf(n)
		span := spanOf(t, log, n, n)
		for _, f := range filters {
			want := map[string][]string{}
			for kind, ids := range all {
				at := n
				if kind == "removed" {
					at = n - 1
				}
				found := l.matching(f, at)
				for _, id := range ids {
					if slices.Contains(found, id) {
						want[kind] = append(want[kind], id)
					}
				}
			}
			c := compare(t, span, f.With(t, "ClusterId", "_any").With(t, "InstanceType", "_any"))
			if diff := cmp.Diff(want, idsByKind(c)); diff != "" {
				t.Fatalf("commit %d, filter %s (-lookups +subscription):\n%s", n, f.Text, diff)
			}
			if len(want) > 0 {
				matched[f.Text]++
			}
		}
	}
	for _, f := range filters {
		if matched[f.Text] < 3 {
			t.Errorf("only %d commits had something for %s", matched[f.Text], f.Text)
		}
	}
}

// checkOperators checks that each operator is in a filter.
func checkOperators(t *testing.T, filters []notifytest.Filter) {
	t.Helper()
	used := map[string]bool{}
	for _, f := range filters {
		for _, c := range f.Conditions {
			_, op, _ := strings.Cut(c.Name, "__")
			used[op] = true
		}
	}
	for _, op := range filter.OperatorNames(field.TextKind) {
		if !used[op] {
			t.Errorf("no filter has the operator %q", op)
		}
	}
}
