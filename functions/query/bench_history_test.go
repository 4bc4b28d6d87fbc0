package main

import (
	"fmt"
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
	name   string
	target func(c *historyRegion) string
}

var historyLookups = []historyLookup{
	{"one cluster's list", func(c *historyRegion) string { return "/v1/images?ClusterId=" + c.clusters[0] }},
	{"the same 200 days ago", func(c *historyRegion) string { return "/v1/images?at=-200d&ClusterId=" + c.clusters[0] }},
	{"changes of a day", func(*historyRegion) string { return "/v1/changes?since=-24h&limit=100" }},
	{"changes of one cluster", func(c *historyRegion) string {
		return "/v1/changes?since=-24h&limit=100&ClusterId=" + c.clusters[0]
	}},
	{"first page of the feed", func(*historyRegion) string { return "/v1/changes?since=0&limit=100" }},
	{"history of one image", func(c *historyRegion) string { return "/v1/images/" + c.images[0].ImageID + "/history" }},
}

// BenchmarkHistory measures lookups of a region with a long history, each as the
// first of a cold instance, in turns with the function that has the same SDKs. It
// prints the time from exec, CPU time, memory, and the requests to the store. It also
// prints how large the log is. BENCH_CPU sets the number of vCPU.
func BenchmarkHistory(b *testing.B) {
	c := newHistoryRegion(b, readHistorySize(b))
	hello, query := buildConstant(b), buildQuery(b)
	trips := c.recordTrips()
	rows := make([]historyRow, 1+len(historyLookups))
	measure := func() {
		rows[0].measure(b, c, trips, hello, "/")
		for i, l := range historyLookups {
			rows[i+1].measure(b, c, trips, query, l.target(c))
		}
	}
	for b.Loop() {
		measure()
	}
	for len(rows[0].took) < 5 {
		measure()
	}
	b.ReportMetric(0, "ns/op")
	fmt.Printf("\n%s:\n%-24s %6s %9s %9s %9s %9s %6s\n", c.describe(), "first answer", "status", "ms", "CPU ms", "MB",
		"requests", "trips")
	for i, row := range rows {
		name := "the same SDKs alone"
		if i > 0 {
			name = historyLookups[i-1].name
		}
		fmt.Printf("%-24s %6d %9.1f %9.1f %9s %9d %6d\n", name, row.status, milliseconds(median(row.took)),
			milliseconds(median(row.cpu)), megabytes(row.memory), row.requests, row.trips)
	}
	fmt.Println()
}

// historyRow is what was measured of one lookup.
type historyRow struct {
	coldStarts
	status          int
	memory          int // resident bytes after the answer, of the last start
	requests, trips int // to the store, of the last start
}

// measure starts a function and sends it one request.
func (r *historyRow) measure(b *testing.B, c *historyRegion, trips *tripRecorder, binary, target string) {
	b.Helper()
	trips.reset()
	event := newEvent(b, target, nil)
	began := time.Now()
	f := c.startFunction(b, binary)
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
