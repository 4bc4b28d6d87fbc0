package query_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// BenchmarkLookup measures the handler alone. In rows that end in /new every
// question differs from those before, in /again it is the same.
func BenchmarkLookup(b *testing.B) {
	for _, size := range []struct{ clusters, each, distinct int }{{200, 200, 2000}, {2000, 400, 10000}} {
		if size.clusters > 200 && testing.Short() {
			continue
		}
		w := querytest.NewLargeRegion(b, size.clusters, size.each, size.distinct)
		h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour })
		for _, row := range []struct{ name, target string }{
			{"filter", "/v1/images?ClusterId=ehpc-hz-%08[1]d&OsTag.Platform=CentOS&Status=Available" +
				"&sort=-OsTag.Version&limit=10&Size__gte=%[2]d"},
			{"page", "/v1/images?ClusterId=ehpc-hz-%08[1]d&limit=50&sort=ImageName&Size__gte=-%[2]d"},
			{"id", "/v1/images?ClusterId=*&ImageId=m-bp1%016[1]d&limit=%[3]d"},
			{"image", "/v1/images/m-bp1%016[1]d?maxAge=%[4]dm"},
			{"list", "/v1/images?ClusterId=ehpc-hz-%08[1]d&limit=1000&Size__gte=-%[2]d"},
			{"text", "/v1/images?ClusterId=*&q=ubuntu+release+%[2]d&fields=ImageId"},
		} {
			target := func(i int) *http.Request {
				s := fmt.Sprintf(row.target, i%size.clusters, i, 1+i%1000, 10+i)
				s, _, _ = strings.Cut(s, "%!(EXTRA")
				return httptest.NewRequest(http.MethodGet, s, nil)
			}
			name := fmt.Sprintf("%dx%d/%s", size.clusters, size.each, row.name)
			first := target(0)
			serveOnce(b, h, first, 200)
			b.Run(name+"/new", func(b *testing.B) {
				b.ReportAllocs()
				requests := make([]*http.Request, 5000)
				for i := range requests {
					requests[i] = target(i)
				}
				for i := 0; b.Loop(); i++ {
					serveOnce(b, h, requests[i%len(requests)], 200)
				}
			})
			b.Run(name+"/again", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					serveOnce(b, h, first, 200)
				}
			})
			b.Run(name+"/304", func(b *testing.B) {
				b.ReportAllocs()
				tagged := first.Clone(b.Context())
				tagged.Header.Set("If-None-Match", get(h, first.URL.String()).Header().Get("ETag"))
				for b.Loop() {
					serveOnce(b, h, tagged, 304)
				}
			})
		}
	}
}

// BenchmarkCold measures the first answer that needs every snapshot, and what
// is held after it.
func BenchmarkCold(b *testing.B) {
	w := querytest.NewLargeRegion(b, 200, 200, 2000)
	for b.Loop() {
		h := w.Handler()
		serveOnce(b, h, httptest.NewRequest(http.MethodGet, "/v1/images?ClusterId=*&limit=10", nil), 200)
		w.Memory.Requests()
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h := w.Handler()
	serveOnce(b, h, httptest.NewRequest(http.MethodGet, "/v1/images?ClusterId=*&limit=10", nil), 200)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB-held")
	runtime.KeepAlive(h)
}
