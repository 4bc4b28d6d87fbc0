package query_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

const (
	longCommits = 11
	// in a list; the race detector needs no long lines
	longImages = 2000 / querytest.WorkDivisor
	longBytes  = (longCommits - 1) * 4_000_000 / querytest.WorkDivisor // has the month at least
	// may be in use at any time on top of what was before: a piece of 4 MB, a line of 4 MB as read and decoded, and
	// what the endpoint holds
	longMost = 16 << 20
)

// newLongMonth commits by turns two lists without a common image, in one month.
// Their ids make lines of 4 MB.
func newLongMonth(t *testing.T) *fixture {
	w := newFixture(t)
	var lists [2][]*catalog.Image
	for i := range 2 * longImages {
		id := fmt.Sprintf("m-%d-%04d-%s", i%2, i, strings.Repeat("x", 1000))
		lists[i%2] = append(lists[i%2], parseImages(t, `{"ImageId":"`+id+`","Status":"Available"}`)...)
	}
	w.Now = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	lists[0] = append(lists[0], parseImages(t, `{"ImageId":"m-short"}`)...)
	writer, ctx := archive.NewWriter(w.Memory, w.Keys, func() time.Time { return w.Now }), context.Background()
	for i := range longCommits {
		w.Now = w.Now.Add(time.Hour)
		base, err := writer.Load(ctx, hangzhou)
		if err != nil {
			t.Fatal(err)
		}
		scope, at := w.ParseScope(hangzhou, "ehpc-a/_any"), catalog.At(w.Now)
		check := archive.Check{Scope: scope, At: at, State: format.StateOK,
			Snapshot: catalog.NewSnapshot(scope, at, "up-1", lists[i%2])}
		if i > 0 {
			check.Before = catalog.NewSnapshot(scope, at, "up-1", lists[1-i%2])
		}
		if _, err := writer.Commit(ctx, base, archive.Run{RunID: fmt.Sprint("run-", i), Trigger: "timer", StartedAt: at,
			Checks: []archive.Check{check}}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// heapMeter is a transport that notes how much memory is in use before each
// request.
type heapMeter struct {
	base, peak uint64
	requests   int
}

func (h *heapMeter) RoundTrip(r *http.Request) (*http.Response, error) {
	h.measure()
	h.requests++
	return http.DefaultTransport.RoundTrip(r)
}

func (h *heapMeter) measure() {
	h.peak = max(h.peak, heapInUse())
}

func (h *heapMeter) reset() { h.base, h.peak, h.requests = heapInUse(), 0, 0 }

func (h *heapMeter) growth() int64 { return int64(h.peak) - int64(h.base) }

// heapInUse returns the bytes that are reachable. Two collections empty the
// pools too.
func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestLongMonthIsReadInPieces reads a month of more than 40 MB in every way. It
// is not parallel, because it measures the heap.
func TestLongMonthIsReadInPieces(t *testing.T) {
	w := newLongMonth(t)
	e := osstest.Start(t, "")
	h := &heapMeter{}
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: e.URL, Region: e.Region, Bucket: e.Bucket, Transport: h, MaxObject: 5 << 20,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: e.Key.ID, AccessKeySecret: e.Key.Secret, SecurityToken: e.Key.Token},
				nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	size := 0
	for key, data := range w.Memory.Objects() {
		if strings.Contains(key, "/log/") {
			size = len(data)
			_, err = bucket.Append(ctx, key, 0, data)
		} else {
			err = bucket.Put(ctx, key, data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if size < longBytes {
		t.Fatalf("the month has %d bytes", size)
	}
	now, keys := w.Now, w.Keys
	w = nil
	a := archive.New(bucket, keys)
	region, err := a.Now(ctx, hangzhou, nil)
	if err != nil {
		t.Fatal(err)
	}
	served := query.New(query.Options{
		Archive: archive.New(bucket, keys), Regions: []string{hangzhou}, MaxStale: 3 * time.Hour, HeadTTL: time.Hour,
		Version: "v1.2.3",
		Hooks: query.Hooks{
			Now:       func() time.Time { return now },
			RequestID: func(context.Context) string { return "req-1" },
			Report:    func(_ context.Context, _ string, err error) { t.Errorf("reported: %v", err) },
		},
	})
	answered := func(target, has string) func() {
		return func() {
			if rec := get(served, target); rec.Code != 200 || !strings.Contains(rec.Body.String(), has) {
				t.Errorf("%s: %d %.300s", target, rec.Code, rec.Body)
			}
		}
	}
	for _, row := range []struct {
		name string
		read func()
	}{
		{"all lines", func() {
			n := 0
			for _, err := range a.Commits(ctx, region, 1) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				h.measure()
			}
			if n != longCommits {
				t.Errorf("%d lines", n)
			}
		}},
		{"a lookup in the past", answered("/v1/images?ClusterId=ehpc-a&limit=1&at=2026-11-01T03:00:00Z",
			fmt.Sprintf(`"TotalCount":%d`, longImages+1))},
		{"the history of an image", answered("/v1/images/m-short/history", fmt.Sprintf(`"Count":%d,`, longCommits))},
	} {
		h.reset()
		began := time.Now()
		row.read()
		h.measure()
		t.Logf("%s: %d requests, %.1f MB more in use at most, %s", row.name, h.requests, float64(h.growth())/(1<<20),
			time.Since(began))
		if h.growth() > longMost {
			t.Errorf("%s of a month of %d MB: %.1f MB are in use at a time, at most %d may be", row.name, size>>20,
				float64(h.growth())/(1<<20), longMost>>20)
		}
	}
}
