package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// gzipLookups are lookups with long answers: worked out each time, and from memory.
var gzipLookups = []lookup{
	{name: "page", request: func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&Size__lt=%d&limit=100", c.clusterID(n), 1000+n), acceptGzip()
	}, status: 200},
	{name: "whole list", request: func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&Size__lt=%d&limit=1000", c.clusterID(n), 1000+n), acceptGzip()
	}, status: 200},
	{name: "repeated list", request: func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&limit=1000", c.clusterID(0)), acceptGzip()
	}, status: 200},
	{name: "table", request: func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&Size__lt=%d&limit=1000&format=table", c.clusterID(n), 1000+n),
			acceptGzip()
	}, status: 200},
}

func acceptGzip() http.Header { return http.Header{"Accept-Encoding": {"gzip"}} }

// BenchmarkGzip measures the real binary with QUERY_GZIP against itself
// without, for a caller that takes gzip, the two taking turns.
func BenchmarkGzip(b *testing.B) {
	c := newBenchRegion(b, smallRegion)
	zipped, plain := c.startFunction(b, buildQuery(b), "QUERY_GZIP=true"), c.startFunction(b, buildQuery(b))
	readEveryList(b, c, zipped)
	readEveryList(b, c, plain)
	var table []string
	for _, l := range gzipLookups {
		b.Run(l.name, func(b *testing.B) {
			target, header := l.request(c, 0)
			saved := invokeFor(b, plain, newEvent(b, target, header), l.status)
			if len(saved.Body) == 0 || saved.Headers["Content-Encoding"] != "" {
				b.Fatal("without QUERY_GZIP the answer is compressed, or empty")
			}
			row := l.compareWithConstant(b, c, zipped, plain)
			b.ReportMetric(0, "ns/op") // of both functions together: means nothing
			b.ReportMetric(row.p50, "x-p50")
			b.ReportMetric(row.cpu, "x-cpu")
			b.ReportMetric(float64(row.bytes), "payload-B")
			table = append(table, fmt.Sprintf("%-14s %5.2f %5.2f | %6d µs %5.0f µs | %7d of %7d bytes", l.name, row.p50,
				row.cpu, row.median.Microseconds(), row.micros, row.bytes, len(saved.Body)))
		})
	}
	fmt.Printf("\n%s, with QUERY_GZIP, times without it:\n%-14s %5s %5s | %8s %8s | payload and plain body\n%s\n\n",
		c.name, "lookup", "p50", "cpu", "p50", "cpu", strings.Join(table, "\n"))
}

// TestGzipThroughTheFunction: what the function compresses arrives whole, under
// its own tag, and a caller that takes none or has the answer gets none.
func TestGzipThroughTheFunction(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, regionSize{"4x60", 4, 60, 80})
	f := c.startFunction(t, buildQuery(t), "QUERY_GZIP=true")
	address := "/v1/images?limit=1000&format=csv&ClusterId=" + c.clusters[0]
	plain := invokeFor(t, f, newEvent(t, address, nil), 200)
	zip := invokeFor(t, f, newEvent(t, address, acceptGzip()), 200)
	r, err := gzip.NewReader(bytes.NewReader(zip.Body))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(body, plain.Body) || len(zip.Body) > len(plain.Body)/2 {
		t.Errorf("%d bytes arrive as %d compressed and %d unpacked: %v", len(plain.Body), len(zip.Body), len(body), err)
	}
	if zip.Headers["Content-Encoding"] != "gzip" || zip.Headers["Etag"] == plain.Headers["Etag"] ||
		zip.Headers["Vary"] != plain.Headers["Vary"] {
		t.Errorf("compressed: %v, plain: %v", zip.Headers, plain.Headers)
	}
	refused := invokeFor(t, f, newEvent(t, address, http.Header{"Accept-Encoding": {"gzip;q=0, *"}}), 200)
	if refused.Headers["Content-Encoding"] != "" || !bytes.Equal(refused.Body, plain.Body) {
		t.Errorf("refused, and sent: %v", refused.Headers)
	}
	known := acceptGzip()
	known.Set("If-None-Match", zip.Headers["Etag"])
	if again := invokeFor(t, f, newEvent(t, address, known), 304); len(again.Body) != 0 ||
		again.Headers["Etag"] != zip.Headers["Etag"] || again.Headers["Content-Encoding"] != "" {
		t.Errorf("known already: %v, %d bytes", again.Headers, len(again.Body))
	}
}
