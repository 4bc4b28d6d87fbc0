package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/ossbucket/osstest"
)

// benchHistory is the environment variable that says how large the history of
// BenchmarkHistory is, in place of these values:
//
//	HISTORY="clusters=200 types=0 images=200 months=13 commits=4 latency=10ms"
//
// types is the number of instance types of each cluster, commits that of a day, and
// latency that of each request to the store.
const benchHistory = "HISTORY"

// readHistorySize reads benchHistory.
func readHistorySize(tb testing.TB) historySize {
	tb.Helper()
	s := historySize{clusters: 200, images: 200, months: 13, commits: 4, latency: 10 * time.Millisecond}
	for setting := range strings.FieldsSeq(os.Getenv(benchHistory)) {
		name, value, _ := strings.Cut(setting, "=")
		into := map[string]*int{"clusters": &s.clusters, "types": &s.types, "images": &s.images, "months": &s.months,
			"commits": &s.commits}[name]
		var err error
		switch {
		case name == "latency":
			s.latency, err = time.ParseDuration(value)
		case into != nil:
			*into, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("there is no setting %q", name)
		}
		if err != nil {
			tb.Fatalf("reading %s: %v", benchHistory, err)
		}
	}
	return s
}

// historyLookup is a lookup whose cost should not grow with the history.
type historyLookup struct {
	name    string
	limited bool // the caller is limited to one cluster
	target  func(c *historyRegion) string
}

var historyLookups = []historyLookup{
	{"one cluster's list", false, func(c *historyRegion) string { return "/v1/images?ClusterId=" + c.clusters[0] }},
	{"the same 200 days ago", false, func(c *historyRegion) string {
		return "/v1/images?at=-200d&ClusterId=" + c.clusters[0]
	}},
	{"changes of a day", false, func(*historyRegion) string { return "/v1/changes?since=-24h&limit=100" }},
	{"changes of one cluster", false, func(c *historyRegion) string {
		return "/v1/changes?since=-24h&limit=100&ClusterId=" + c.clusters[0]
	}},
	{"first page of the feed", false, func(*historyRegion) string { return "/v1/changes?since=0&limit=100" }},
	{"history of one image", false, historyOfAnImage},
	{"limited: a cluster's list", true, func(c *historyRegion) string { return "/v1/images?ClusterId=" + c.clusters[0] }},
	{"limited: 200 days ago", true, func(c *historyRegion) string {
		return "/v1/images?at=-200d&ClusterId=" + c.clusters[0]
	}},
	{"limited: changes of a day", true, func(*historyRegion) string { return "/v1/changes?since=-24h&limit=100" }},
	{"limited: the feed", true, func(*historyRegion) string { return "/v1/changes?since=0&limit=100" }},
	{"limited: an image", true, historyOfAnImage},
}

// historyOfAnImage asks for the history of an image that the first cluster lists.
func historyOfAnImage(c *historyRegion) string {
	return "/v1/images/" + c.lists[0][0].ImageID + "/history"
}

// event returns the event of a lookup.
func (l historyLookup) event(tb testing.TB, c *historyRegion) []byte {
	header := http.Header{}
	if l.limited {
		header.Set("Authorization", "Bearer "+limitedToken)
	}
	return newEvent(tb, l.target(c), header)
}

// env returns the environment of the function that answers a lookup.
func (l historyLookup) env(c *historyRegion) []string {
	if !l.limited {
		return nil
	}
	return []string{fmt.Sprintf(`QUERY_TOKENS=[{"name":"limited","sha256":"%x","clusters":[%q]}]`,
		sha256.Sum256([]byte(limitedToken)), c.clusters[0])}
}

// BenchmarkHistory measures lookups of a region with a long history, each as the
// first of a cold instance, in turns with the function that has the same SDKs. It
// prints the time from exec, CPU time, memory, and the requests to the store, and how
// large the log is, once at full speed and once with half a vCPU. In the last line one
// process has answered all lookups. BENCH_CPU sets the number of vCPU instead.
func BenchmarkHistory(b *testing.B) {
	c := newHistoryRegion(b, readHistorySize(b))
	trips := c.recordTrips()
	fmt.Printf("\n%s:\n", c.describe())
	for _, cpu := range readCPUs(b) {
		c.cpu = cpu
		name := "full speed"
		if cpu > 0 {
			name = fmt.Sprint(cpu, " vCPU")
		}
		b.Run(name, func(b *testing.B) { c.measureLookups(b, name, trips) })
	}
}

// readCPUs returns the numbers of vCPU with which to measure, 0 for the whole machine.
func readCPUs(tb testing.TB) []float64 {
	tb.Helper()
	text := os.Getenv(benchCPU)
	if text == "" {
		return []float64{0, 0.5}
	}
	cpu, err := strconv.ParseFloat(text, 64)
	if err != nil {
		tb.Fatalf("reading %s: %v", benchCPU, err)
	}
	return []float64{cpu}
}

// measureLookups measures each lookup and prints a table.
func (c *historyRegion) measureLookups(b *testing.B, cpu string, trips *tripRecorder) {
	hello, query := buildConstant(b), buildQuery(b)
	rows := make([]historyRow, 1+len(historyLookups))
	measure := func() {
		rows[0].measure(b, c, trips, hello, historyLookup{target: func(*historyRegion) string { return "/" }})
		for i, l := range historyLookups {
			rows[i+1].measure(b, c, trips, query, l)
		}
	}
	for b.Loop() {
		measure()
	}
	for len(rows[0].took) < 5 {
		measure()
	}
	b.ReportMetric(0, "ns/op")
	fmt.Printf("\n%-26s %6s %9s %9s %9s %9s %6s\n", "first answer, "+cpu, "status", "ms", "CPU ms",
		"MB", "requests", "trips")
	for i, row := range rows {
		name := "the same SDKs alone"
		if i > 0 {
			name = historyLookups[i-1].name
		}
		fmt.Printf("%-26s %6d %9.1f %9.1f %9s %9d %6d\n", name, row.status, milliseconds(median(row.took)),
			milliseconds(median(row.cpu)), megabytes(row.memory), row.requests, row.trips)
	}
	resident, peak := c.measureAll(b, query)
	fmt.Printf("%-26s %36s, peak %s\n\n", "all of them, one process", megabytes(resident), megabytes(peak))
}

// measureAll sends all lookups to one process, several times, and returns its memory.
func (c *historyRegion) measureAll(b *testing.B, binary string) (resident, peak int) {
	b.Helper()
	f := c.startFunction(b, binary)
	defer f.Stop()
	for range 5 {
		for _, l := range historyLookups {
			if response, err := f.Invoke(b.Context(), l.event(b, c)); err != nil || response.Error != nil {
				b.Fatal(err, response.Error)
			}
		}
	}
	process, _ := f.Process()
	return residentBytes(b, process), peakBytes(b, process)
}

// historyRow is what was measured of one lookup.
type historyRow struct {
	coldStarts
	status          int
	memory          int // resident bytes after the answer, of the last start
	requests, trips int // to the store, of the last start
}

// measure starts a function and sends it one request.
func (r *historyRow) measure(b *testing.B, c *historyRegion, trips *tripRecorder, binary string, l historyLookup) {
	b.Helper()
	trips.reset()
	event, env := l.event(b, c), l.env(c)
	began := time.Now()
	f := c.startFunction(b, binary, env...)
	defer f.Stop()
	response, err := f.Invoke(b.Context(), event)
	took := time.Since(began)
	if err != nil || response.Error != nil {
		b.Fatal(err, response.Error)
	}
	process, _ := f.Process()
	r.add(took, cpuTime(process))
	r.memory = residentBytes(b, process)
	r.requests, r.trips = trips.counts()
	r.status = responseStatus(b, response.Payload)
}

// tripRecorder counts the requests to the store, and the round trips: requests that
// begin while another is under way belong to the same.
type tripRecorder struct {
	latency time.Duration

	mu     sync.Mutex
	starts []time.Time
}

// recordTrips delays each request to the store, and records it.
func (c *historyRegion) recordTrips() *tripRecorder {
	r := &tripRecorder{latency: c.size.latency}
	c.oss.SetFault(func(osstest.Request) *osstest.Fault {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.starts = append(r.starts, time.Now())
		return &osstest.Fault{Delay: r.latency}
	})
	return r
}

// reset forgets all requests.
func (r *tripRecorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.starts = nil
}

// counts returns the number of requests and of round trips.
func (r *tripRecorder) counts() (requests, trips int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.starts, time.Time.Compare)
	var tripEnd time.Time
	for _, start := range r.starts {
		if !start.Before(tripEnd) {
			trips++
			tripEnd = start.Add(r.latency)
		}
	}
	return len(r.starts), trips
}
