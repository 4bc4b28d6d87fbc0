package query_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive/buckettest"
	"community-images/shared/query"
)

// TestWarmUp: a lookup that comes during the warm-up read takes its result, but
// not its failure.
func TestWarmUp(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		regions []string
		faults  []buckettest.Fault // of the first calls
		status  int
		took    time.Duration
		asked   []string // verbs
	}{
		{"the store answers", []string{hangzhou}, nil, 200, 0, []string{"get", "getfrom", "get"}},
		{"the early reading is refused", []string{hangzhou}, []buckettest.Fault{{Err: errDown}}, 200, 0,
			[]string{"get", "get", "getfrom", "get"}},
		{"the early reading hangs", []string{hangzhou}, []buckettest.Fault{{Hang: true}}, 200, 2500 * time.Millisecond,
			[]string{"get", "get", "getfrom", "get"}},
		{"every reading is refused", []string{hangzhou},
			[]buckettest.Fault{{Err: errDown}, {Err: errDown}, {Err: errDown}}, 503, 0, []string{"get", "get"}},
		{"every reading hangs", []string{hangzhou}, []buckettest.Fault{{Hang: true}, {Hang: true}, {Hang: true}}, 503,
			2700 * time.Millisecond, []string{"get", "get"}},
		{"several regions are served: which is asked about is not known", []string{hangzhou, "cn-beijing"}, nil, 200, 0,
			[]string{"get", "getfrom", "get"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newSmallRegion(t)
				var mu sync.Mutex
				var asked []string
				w.Bucket = buckettest.NewFaulty(w.Memory, func(op buckettest.Op) *buckettest.Fault {
					mu.Lock()
					asked = append(asked, op.Verb)
					mu.Unlock()
					if op.N <= len(row.faults) {
						return &row.faults[op.N-1]
					}
					return nil
				})
				reported := 0
				h := w.Handler(func(o *query.Options) {
					o.Regions, o.Warm = row.regions, true
					o.Report = func(context.Context, string, error) { reported++ }
				})
				began := time.Now()
				if rec := get(h, "/v1/images?RegionId="+hangzhou); rec.Code != row.status {
					t.Errorf("answered %d %s", rec.Code, rec.Body)
				}
				if took := time.Since(began); took != row.took {
					t.Errorf("it took %v, want %v", took, row.took)
				}
				if (reported > 0) != (row.status != 200) {
					t.Errorf("%d failures are reported", reported)
				}
				if !slices.Equal(asked, row.asked) {
					t.Errorf("the store is asked %q, want %q", asked, row.asked)
				}
			})
		})
	}
}
