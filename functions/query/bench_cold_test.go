package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
)

// coldGoals are those of a one-cluster lookup: so many times the function with
// the same SDKs, and this, and one round trip to the store.
const (
	coldGoal  = 1.3
	coldAdded = 3 * time.Millisecond
	perMB     = 10 * time.Millisecond // for an answer from the whole region

	leastStarts = 30 // of each kind: a median of fewer moves by half a millisecond
)

// BenchmarkColdStart measures from exec to the first answer over the runtime
// protocol, in turns with the function that has the same SDKs.
func BenchmarkColdStart(b *testing.B) { benchmarkColdStart(b, smallRegion) }

// BenchmarkColdStartLarge is BenchmarkColdStart on the large region.
func BenchmarkColdStartLarge(b *testing.B) { benchmarkColdStart(b, largeRegion) }

func benchmarkColdStart(b *testing.B, s regionSize) {
	c := newBenchRegion(b, s)
	hello, query := buildConstant(b), buildQuery(b)
	var base, one, text, byID coldStarts
	var trip []time.Duration
	whole := newEvent(b, "/v1/images?ClusterId=*&q=gromacs+1&limit=10", nil)
	start := func() {
		base.add(c.measureColdStart(b, hello, newEvent(b, "/", nil)))
		one.add(c.measureColdStart(b, query, newEvent(b, "/v1/images?limit=10&ClusterId="+c.clusters[0], nil)))
		text.add(c.measureColdStart(b, query, whole))
		byID.add(c.measureColdStart(b, query, newEvent(b, "/v1/images/"+c.images[0].ImageID, nil)))
		trip = append(trip, c.measureRoundTrip(b))
	}
	for b.Loop() {
		start()
	}
	for len(base.took) < leastStarts { // however short the time
		start()
	}
	mb := float64(c.contentBytes()) / 1e6
	goal := time.Duration(coldGoal*float64(median(base.took))) + median(trip) + coldAdded
	all := median(base.took) + time.Duration(mb*float64(perMB))
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(milliseconds(median(base.took)), "hello-ms")
	b.ReportMetric(milliseconds(median(one.took)), "one-ms")
	b.ReportMetric(milliseconds(median(text.took)), "text-ms")
	b.ReportMetric(milliseconds(median(byID.took)), "id-ms")
	fmt.Printf("\n%s, cold start to the first answer (%d starts; the content has %.2f MB, a round trip takes %.2f "+
		"ms):\n",
		c.name, len(base.took), mb, milliseconds(median(trip)))
	for _, row := range []struct {
		name   string
		goal   time.Duration
		starts coldStarts
	}{{"the same SDKs alone", 0, base}, {"one cluster", goal, one}, {"text over all", all, text},
		{"image by id", all, byID}} {
		fmt.Printf("%-20s goal %7.1f ms  p50 %7.1f ms  cpu %7.1f ms\n",
			row.name, milliseconds(row.goal), milliseconds(median(row.starts.took)),
			milliseconds(median(row.starts.cpu)))
	}
	fmt.Println()
}

// coldStarts are the figures of cold starts of one kind.
type coldStarts struct {
	took []time.Duration // from exec to the first answer
	cpu  []time.Duration // CPU time of the process until then
}

func (s *coldStarts) add(took, cpu time.Duration) {
	s.took, s.cpu = append(s.took, took), append(s.cpu, cpu)
}

func median(l []time.Duration) time.Duration { return quantile(l, 0.5) }

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// measureColdStart starts a function and returns how long its first answer took, and how
// much CPU time.
func (c *testRegion) measureColdStart(tb testing.TB, binary string, event []byte) (took, cpu time.Duration) {
	began := time.Now()
	f := c.startFunction(tb, binary)
	defer f.Stop()
	invokeFor(tb, f, event, 200)
	took = time.Since(began)
	process, _ := f.Process()
	return took, cpuTime(process)
}

// measureRoundTrip reads the snapshot that the answer about one cluster needs.
func (c *testRegion) measureRoundTrip(tb testing.TB) time.Duration {
	region, err := archive.New(c.bucket, c.keys).Now(tb.Context(), region, nil)
	if err != nil {
		tb.Fatal(err)
	}
	scope := region.Scopes()[0]
	key, err := c.keys.Snapshot(scope.Scope(region.RegionID), scope.Digest)
	if err != nil {
		tb.Fatal(err)
	}
	began := time.Now()
	if _, _, err := c.bucket.Get(tb.Context(), key, ""); err != nil {
		tb.Fatal(err)
	}
	return time.Since(began)
}

// BenchmarkMemory measures the resident memory of the query process once it
// has read the whole region in every way.
func BenchmarkMemory(b *testing.B) { benchmarkMemory(b, smallRegion) }

// BenchmarkMemoryLarge is BenchmarkMemory on the large region.
func BenchmarkMemoryLarge(b *testing.B) { benchmarkMemory(b, largeRegion) }

// The process may use memoryBase bytes, and memoryTimes the size of the content.
const (
	memoryBase  = 12e6
	memoryTimes = 8
)

func benchmarkMemory(b *testing.B, s regionSize) {
	c := newBenchRegion(b, s)
	q := c.startFunction(b, buildQuery(b))
	process, _ := q.Process()
	steps := []string{"start " + megabytes(residentBytes(b, process))}
	note := func(name string) { steps = append(steps, name+" "+megabytes(residentBytes(b, process))) }
	invokeFor(b, q, newEvent(b, "/v1/images?limit=1&ClusterId="+c.clusters[0], nil), 200)
	note("one cluster")
	invokeFor(b, q, newEvent(b, "/v1/images?ClusterId=*&limit=1", nil), 200)
	note("every list")
	invokeFor(b, q, newEvent(b, "/v1/images/"+c.images[0].ImageID, nil), 200)
	note("history")
	n := 0
	for b.Loop() {
		for range 100 {
			for _, l := range lookups {
				target, header := l.request(c, n)
				invokeFor(b, q, newEvent(b, target, header), l.status)
			}
			n++
		}
	}
	note("lookups")
	goal := memoryBase + memoryTimes*float64(c.contentBytes())
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(peakBytes(b, process))/1e6, "peak-MB")
	b.ReportMetric(float64(residentBytes(b, process))/1e6, "rss-MB")
	fmt.Printf("\n%s, memory: goal %.1f MB, resident %s MB (%s of it the program's file), peak %s MB (%s)\n\n", c.name,
		goal/1e6, megabytes(residentBytes(b, process)), megabytes(processStatus(b, process, "RssFile:")),
		megabytes(peakBytes(b, process)), strings.Join(steps, ", "))
}

func megabytes(n int) string { return strconv.FormatFloat(math.Round(float64(n)/1e5)/10, 'f', 1, 64) }

func residentBytes(tb testing.TB, p *os.Process) int { return processStatus(tb, p, "VmRSS:") }
func peakBytes(tb testing.TB, p *os.Process) int     { return processStatus(tb, p, "VmHWM:") }

// processStatus is a size in bytes out of /proc/<pid>/status.
func processStatus(tb testing.TB, p *os.Process, name string) int {
	tb.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		tb.Skip("memory is read from /proc: runs on Linux, as CI does: ", err)
	}
	fields := strings.Fields(string(data))
	n, err := strconv.Atoi(fields[slices.Index(fields, name)+1])
	if err != nil {
		tb.Fatal(err)
	}
	return n << 10
}
