package query_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"community-images/shared/query"
	"community-images/shared/query/querytest"
)

// BenchmarkPage compares what 100 images cost as a page and as JSON. Every question differs
// from those before, so that neither comes from a cache.
func BenchmarkPage(b *testing.B) {
	w := querytest.NewLargeRegion(b, 200, 200, 2000)
	h := w.Handler(func(o *query.Options) { o.HeadTTL = time.Hour })
	for _, row := range []struct{ name, target string }{
		{"all", "/v1/images?ClusterId=*&limit=100&Size__gte=-%d"},
		{"cluster", "/v1/images?ClusterId=ehpc-hz-00000001&limit=100&Size__gte=-%d"},
	} {
		for _, format := range []string{"json", "html"} {
			requests := make([]*http.Request, 5000)
			for i := range requests {
				target := fmt.Sprintf(row.target, i) + "&format=" + format
				requests[i] = httptest.NewRequest(http.MethodGet, target, nil)
			}
			serveOnce(b, h, requests[0], 200)
			b.Run(row.name+"/"+format, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					serveOnce(b, h, requests[i%len(requests)], 200)
				}
			})
		}
	}
}
