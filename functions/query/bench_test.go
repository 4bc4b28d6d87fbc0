package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
)

// lookup is one kind of question. ask is the n-th of its kind; unless the kind
// is repetition, no two of a run are equal, so that every answer is worked out.
type lookup struct {
	name    string
	request func(c *testRegion, n int) (target string, header http.Header)
	status  int
	goal    float64 // times the constant function, CPU and p50
	large   float64 // the same for the large region
}

const p99Goal = 1.6 // goal for p99

func formatTarget(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func (c *testRegion) clusterID(n int) string { return c.clusters[n%len(c.clusters)] }

var lookups = []lookup{
	{"filtered", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget(
			"/v1/images?ClusterId=%s&OsTag.Platform=CentOS&Status=Available&Size__lt=%d&sort=-OsTag.Version&limit=1",
			c.clusterID(n), 1000+n), nil
	}, 200, 1.25, 1.5},
	{"page", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&Size__lt=%d&limit=100", c.clusterID(n), 1000+n), nil
	}, 200, 1.25, 1.5},
	{"image by id", func(c *testRegion, n int) (string, http.Header) {
		return "/v1/images/" + c.images[n*7%len(c.images)].ImageID, nil
	}, 200, 1.25, 1.5},
	{"whole list", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&limit=1000", c.clusterID(n)), nil
	}, 200, 1.25, 1.5},
	{"repeated", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget(
			"/v1/images?ClusterId=%s&OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version&limit=10",
			c.clusterID(0)), nil
	}, 200, 1.1, 1.5},
	{"repeated list", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&limit=1000", c.clusterID(0)), nil
	}, 200, 1.1, 1.5},
	{"304", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=%s&limit=1000", c.clusterID(0)), http.Header{"If-None-Match": {"*"}}
	}, 304, 1.1, 1.5},
	{"text", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=*&q=%s+%d", strings.ToLower(products[n%len(products)]), n%1000), nil
	}, 200, 1.4, 2},
	{"text, long answer", func(c *testRegion, n int) (string, http.Header) {
		return formatTarget("/v1/images?ClusterId=*&q=%s&Size__lt=%d", products[n%len(products)], 1000+n), nil
	}, 200, 1.4, 2},
}

func newEvent(tb testing.TB, target string, header http.Header) []byte {
	r, err := http.NewRequest(http.MethodGet, "http://function.example"+target, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	e, err := fctest.HTTPEvent(r, fctest.NewRequestID())
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// BenchmarkLookup measures the real binary over the runtime protocol, one
// request in flight, against a function with the same SDKs and a constant body
// of the same size, the two taking turns. The answers take the place of the
// figures that testing measures by itself.
func BenchmarkLookup(b *testing.B) {
	benchmarkLookups(b, smallRegion, func(l lookup) float64 { return l.goal })
}

// BenchmarkLookupOneCore is BenchmarkLookup with both functions on one core, as
// a small instance has it. The constant function gains more by that.
func BenchmarkLookupOneCore(b *testing.B) {
	benchmarkLookups(b, smallRegion, func(l lookup) float64 { return l.goal }, "GOMAXPROCS=1")
}

// BenchmarkLookupLarge is BenchmarkLookup on 2,000 clusters with 400 images
// each, out of 10,000.
func BenchmarkLookupLarge(b *testing.B) {
	benchmarkLookups(b, largeRegion, func(l lookup) float64 { return l.large })
}

func benchmarkLookups(b *testing.B, s regionSize, goal func(lookup) float64, env ...string) {
	c := newBenchRegion(b, s)
	q := c.startFunction(b, buildQuery(b), env...)
	readEveryList(b, c, q)
	var table []string
	for _, l := range lookups {
		b.Run(l.name, func(b *testing.B) {
			hello := c.startFunction(b, buildConstant(b),
				slices.Concat(env, []string{"CONSTANT_BODY=" + l.writeSampleBody(b, c, q)})...)
			row := l.compareWithConstant(b, c, q, hello)
			b.ReportMetric(0, "ns/op") // of both functions together: means nothing
			b.ReportMetric(row.p50, "x-p50")
			b.ReportMetric(row.cpu, "x-cpu")
			b.ReportMetric(row.mean, "x-mean")
			b.ReportMetric(row.p99, "x-p99")
			b.ReportMetric(row.micros, "cpu-µs/op")
			table = append(table, row.String(l.name, goal(l)))
			hello.Stop()
		})
	}
	if len(table) > 0 {
		fmt.Printf("\n%s, times the constant function:\n%-18s %5s %5s %5s %5s | %5s %5s | %8s %8s %7s\n%s\n\n", c.name,
			"lookup", "goal", "p50", "mean", "cpu", "goal", "p99", "p50", "cpu", "bytes", strings.Join(table, "\n"))
	}
}

// benchCPU is the environment variable that runs the functions of a benchmark
// with so many vCPU, as the deployment does: BENCH_CPU=0.5. Without it they use
// the whole machine. Where no quota can be set the benchmarks are skipped.
const benchCPU = "BENCH_CPU"

// newBenchRegion is newTestRegion whose functions run with the CPU that
// benchCPU asks for.
func newBenchRegion(b *testing.B, s regionSize) *testRegion {
	b.Helper()
	c := newTestRegion(b, s)
	text := os.Getenv(benchCPU)
	if text == "" {
		return c
	}
	var err error
	if c.cpu, err = strconv.ParseFloat(text, 64); err != nil || c.cpu < 0.05 || c.cpu > 16 {
		b.Fatalf("%s must be a number of vCPU from 0.05 to 16, got %q", benchCPU, text)
	}
	c.name += ", " + text + " vCPU"
	return c
}

// readEveryList touches every list once.
func readEveryList(tb testing.TB, c *testRegion, q *fctest.Function) {
	tb.Helper()
	for _, target := range []string{"/v1/images?ClusterId=*&limit=1", "/v1/images/" + c.images[0].ImageID} {
		invokeFor(tb, q, newEvent(tb, target, nil), 200)
	}
	for _, id := range c.clusters {
		invokeFor(tb, q, newEvent(tb, "/v1/images?limit=1&ClusterId="+id, nil), 200)
	}
}

// invokeFor invokes the function and checks the status.
func invokeFor(tb testing.TB, f *fctest.Function, event []byte, status int) fctest.HTTPResponse {
	tb.Helper()
	r, err := f.Invoke(tb.Context(), event)
	if err != nil || r.Error != nil {
		tb.Fatal(err, r.Error)
	}
	out, err := fctest.ParseHTTPResponse(r.Payload)
	if err != nil || out.Status != status {
		tb.Fatalf("%s is answered %d %.300s: %v", event, out.Status, out.Body, err)
	}
	return out
}

// writeSampleBody writes an answer's body to a file, and gives its name.
func (l lookup) writeSampleBody(b *testing.B, c *testRegion, q *fctest.Function) string {
	target, header := l.request(c, 0)
	body := invokeFor(b, q, newEvent(b, target, header), l.status).Body
	if len(body) == 0 {
		body = []byte{'\n'}
	}
	name := filepath.Join(b.TempDir(), "body")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		b.Fatal(err)
	}
	return name
}

// batchSize is how many invocations one function gets before it is the other's turn.
const batchSize = 100

// comparison is the outcome for one lookup.
type comparison struct {
	p50, mean, cpu, p99 float64       // times the constant function
	median              time.Duration // of the lookup itself
	micros              float64       // CPU of the lookup itself
	bytes               int
}

func (r comparison) String(name string, goal float64) string {
	return fmt.Sprintf("%-18s %5.2f %5.2f %5.2f %5.2f | %5.2f %5.2f | %6d µs %5.0f µs %7d", name, goal, r.p50, r.mean,
		r.cpu, p99Goal, r.p99, r.median.Microseconds(), r.micros, r.bytes)
}

// measurements is what was measured of one function.
type measurements struct {
	f     *fctest.Function
	took  []time.Duration
	cpu   time.Duration
	bytes int
}

func (s *measurements) measureBatch(b *testing.B, events [][]byte) time.Duration {
	process, _ := s.f.Process()
	before, from := cpuTime(process), len(s.took)
	for _, e := range events {
		began := time.Now()
		r, err := s.f.Invoke(b.Context(), e)
		s.took = append(s.took, time.Since(began))
		if err != nil || r.Error != nil {
			b.Fatal(err, r.Error)
		}
		s.bytes = len(r.Payload)
	}
	s.cpu += cpuTime(process) - before
	return quantile(s.took[from:], 0.5)
}

func quantile(took []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[int(q*float64(len(sorted)-1))]
}

func sumDurations(took []time.Duration) (total time.Duration) {
	for _, d := range took {
		total += d
	}
	return total
}

func (l lookup) compareWithConstant(b *testing.B, c *testRegion, q, hello *fctest.Function) comparison {
	ours, theirs := &measurements{f: q}, &measurements{f: hello}
	var ratios []float64
	n := 1
	round := func() {
		events := make([][]byte, batchSize)
		for i := range events {
			target, header := l.request(c, n)
			events[i] = newEvent(b, target, header)
			n++
		}
		base := theirs.measureBatch(b, events)
		ratios = append(ratios, float64(ours.measureBatch(b, events))/float64(base))
	}
	round()
	*ours, *theirs, ratios = measurements{f: q}, measurements{f: hello}, nil // that was for warmth
	for b.Loop() {
		round()
	}
	slices.Sort(ratios)
	return comparison{
		p50: ratios[len(ratios)/2], mean: float64(sumDurations(ours.took)) / float64(sumDurations(theirs.took)),
		cpu:    float64(ours.cpu) / float64(theirs.cpu),
		p99:    float64(quantile(ours.took, 0.99)) / float64(quantile(theirs.took, 0.99)),
		median: quantile(ours.took, 0.5), micros: float64(ours.cpu.Microseconds()) / float64(len(ours.took)),
		bytes: ours.bytes,
	}
}
