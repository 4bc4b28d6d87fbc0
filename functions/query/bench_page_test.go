package main

import (
	"testing"
	"time"
)

// BenchmarkPage compares the CPU of the real binary for 100 images as a page with that for the
// same images as JSON, the two taking turns. No answer comes from a cache.
func BenchmarkPage(b *testing.B) {
	c := newBenchRegion(b, smallRegion)
	q := c.startFunction(b, buildQuery(b))
	readEveryList(b, c, q)
	for _, row := range []struct{ name, query string }{
		{"cluster", "ClusterId=" + c.clusterID(0)}, {"everything", "ClusterId=*"},
	} {
		b.Run(row.name, func(b *testing.B) {
			formats := []string{"json", "html"}
			used := map[string]*measurements{"json": {f: q}, "html": {f: q}}
			n := 0
			round := func() {
				for _, format := range formats {
					events := make([][]byte, batchSize)
					for i := range events {
						n++
						events[i] = newEvent(b, formatTarget("/v1/images?%s&limit=100&Size__lt=%d&format=%s", row.query, 1000+n,
							format), nil)
					}
					used[format].measureBatch(b, events)
				}
			}
			round()
			for _, m := range used { // that was for warmth
				*m = measurements{f: q}
			}
			for b.Loop() {
				round()
			}
			b.ReportMetric(0, "ns/op") // of both formats together: means nothing
			for _, format := range formats {
				m := used[format]
				b.ReportMetric(float64(m.cpu.Microseconds())/float64(len(m.took)), format+"-cpu-µs")
				b.ReportMetric(float64(m.bytes), format+"-bytes")
			}
			b.ReportMetric(float64(used["html"].cpu)/float64(max(used["json"].cpu, time.Microsecond)), "x-cpu")
		})
	}
}
