package capture_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
)

func TestEveryClusterIsAskedOnceInItsOwnRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz", "sh")
		for _, endpoint := range []string{"hz", "sh"} { // each lists the clusters of all regions
			b.up.cluster(endpoint, "hz", "c-hz", "ecs.a", "ecs.b")
			b.up.cluster(endpoint, "sh", "c-sh")
			b.up.cluster(endpoint, "bj", "c-bj")
		}
		b.up.images["hz/c-hz/ecs.b"] = []string{"m-1"}
		report := b.mustRun(capture.Request{})
		checkText(t, "asked", b.up.questions(), strings.Join(
			[]string{"clusters hz", "clusters sh", "hz/_any/_any", "hz/c-hz/_any", "hz/c-hz/ecs.a", "hz/c-hz/ecs.b",
				"sh/_any/_any", "sh/c-sh/_any"}, "\n"))
		checkText(t, "hz", b.state("hz"), "_any/_any ok\nc-hz/_any ok\nc-hz/ecs.a ok\nc-hz/ecs.b ok m-1")
		if report.Counts.Planned != 6 || report.Counts.Changed != 6 || report.Calls != 8 {
			t.Errorf("report is %+v", report)
		}
	})
}

func TestFailureKeepsTheLastGoodData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.up.cluster("hz", "hz", "c1")
		b.up.images["hz/_any/_any"], b.up.images["hz/c1/_any"] = []string{"m-1"}, []string{"m-2"}
		b.mustRun(capture.Request{})
		b.up.images["hz/_any/_any"], b.up.images["hz/c1/_any"] = []string{"m-3"}, []string{"m-4"}
		b.up.faults["hz/c1/_any"] = []error{refused}
		report := b.mustRun(capture.Request{})
		checkText(t, "hz", b.state("hz"), "_any/_any ok m-3\nc1/_any failed m-2")
		if f := report.Regions[0].Failed; len(f) != 1 || f[0].Scope != "hz/c1/_any" || f[0].Code != "NotAuthorized" {
			t.Errorf("failed scopes are %+v", f)
		}
		b.mustRun(capture.Request{})
		checkText(t, "hz, after it recovered", b.state("hz"), "_any/_any ok m-3\nc1/_any ok m-4")
	})
}

func TestRateLimitAndConcurrencyBoundTheCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.qps, b.settings.Concurrency = 10, 3
		b.up.delay = 2 * time.Second
		for i := range 30 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		began := time.Now()
		b.mustRun(capture.Request{})
		if b.up.maxRunning > 3 {
			t.Errorf("%d calls at once", b.up.maxRunning)
		}
		if took, least := time.Since(began), 32*2*time.Second/3; took < least {
			t.Errorf("32 calls of 2 s, 3 at a time, took %v", took)
		}
		b.up.delay, b.settings.Concurrency = 0, 16
		began = time.Now()
		b.mustRun(capture.Request{})
		if took := time.Since(began); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("32 calls at 10 a second took %v", took)
		}
	})
}

// The pages of the listings of all regions and the scopes share one limit of concurrent
// calls.
func TestConcurrencyCoversAllCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const concurrency = 4
		regions := []string{"bj", "hz", "sh"}
		b := newFixture(t, regions...)
		b.settings.Concurrency, b.up.pages, b.up.delay = concurrency, 8, time.Second
		for _, region := range regions {
			for i := range 20 {
				b.up.cluster(region, region, fmt.Sprint(region, i))
			}
		}
		for run := range 2 { // the second asks what it knows while it lists
			report := b.mustRun(capture.Request{})
			took, ideal := report.FinishedAt.Sub(report.StartedAt.Time), time.Duration(
				report.Calls)*time.Second/concurrency
			if report.Calls != 3*(8+21) || b.up.maxRunning != concurrency || took > ideal+2*time.Second {
				t.Errorf("run %d: %d calls, %d at once, in %v of %v", run+1, report.Calls, b.up.maxRunning, took, ideal)
			}
		}
	})
}

// No call is granted while every call hangs, so the calls after it come at the allowed
// rate.
func TestSlowAnswersSaveUpNoBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const qps = 10
		b := newFixture(t, "hz")
		b.qps, b.settings.Concurrency, b.up.pages = qps, 4, 40
		b.up.cluster("hz", "hz", "c1")
		var calls []time.Time
		began := time.Now()
		b.up.decide = func(string) error {
			calls = append(calls, time.Now())
			if b.up.delay = 0; time.Since(began) < 10*time.Second {
				b.up.delay = 10 * time.Second
			}
			return nil
		}
		b.mustRun(capture.Request{})
		for i := range calls {
			if i >= qps && calls[i].Sub(calls[i-qps]) < time.Second-time.Millisecond {
				t.Fatalf("%d calls within %v, %v after the start", qps+1, calls[i].Sub(calls[i-qps]),
					calls[i].Sub(began))
			}
		}
		if len(calls) != 42 {
			t.Errorf("%d calls", len(calls))
		}
	})
}

// A run has 5.5 seconds for ten scopes and the listing, each of which takes a second.
// While the listing waits for the one slot and then for its answer, up to two known
// scopes are asked. The next run starts with the scopes that were not asked.
func TestRunThatIsCutShortIsContinuedByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Concurrency = 1
		b.up.delay = time.Second
		for i := range 9 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		seen := map[string]int{}
		for range 4 {
			ctx, cancel := context.WithTimeout(context.Background(), 10500*time.Millisecond)
			report, err := b.run(ctx, capture.Request{})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			if took := report.FinishedAt.Sub(report.StartedAt.Time); took > 6*time.Second {
				t.Errorf("a run with 5 s of margin before 10.5 s took %v", took)
			}
			if c := report.Counts; c.Left == 0 || c.Failed != 0 || c.Left+c.Changed+c.Unchanged != c.Planned {
				t.Errorf("counts are %+v", c)
			}
			for q := range strings.Lines(b.up.questions()) {
				seen[strings.TrimSpace(q)]++
			}
		}
		for i := range 9 {
			if n := seen[fmt.Sprintf("hz/c%d/_any", i)]; n < 1 || n > 3 {
				t.Errorf("c%d was asked %d times in four runs of four or five", i, n)
			}
		}
	})
}

func TestClustersThatGoEndTheirScopes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.up.cluster("hz", "hz", "c1", "ecs.a")
		b.up.cluster("hz", "hz", "c2")
		b.mustRun(capture.Request{})
		b.up.clusters["hz"] = b.up.clusters["hz"][:1]
		b.up.clusters["hz"][0].InstanceTypes = []string{"ecs.b"}

		b.up.faults["clusters hz"] = []error{refused}
		report := b.mustRun(capture.Request{})
		checkText(t, "after a failed discovery", b.state("hz"), "_any/_any ok\nc1/_any ok\nc1/ecs.a ok\nc2/_any ok")
		if p := report.Regions[0].Problems; len(p) != 1 || !strings.Contains(p[0], "NotAuthorized") {
			t.Errorf("problems are %q", p)
		}
		b.mustRun(capture.Request{Clusters: []string{"c1"}})
		checkText(t, "after a restricted run", b.state("hz"),
			"_any/_any ok\nc1/_any ok\nc1/ecs.a ok\nc1/ecs.b ok\nc2/_any ok")
		report = b.mustRun(capture.Request{})
		checkText(t, "after a whole run", b.state("hz"), "_any/_any ok\nc1/_any ok\nc1/ecs.b ok")
		if report.Counts.Ended != 2 {
			t.Errorf("counts are %+v", report.Counts)
		}
	})
}

func TestNamedClustersNeedNoListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Clusters, b.settings.InstanceTypes = []string{"c1",
			"c2"}, capture.InstanceTypes{List: []string{"ecs.a"}}
		b.mustRun(capture.Request{})
		checkText(t, "asked", b.up.questions(),
			"hz/_any/_any\nhz/_any/ecs.a\nhz/c1/_any\nhz/c1/ecs.a\nhz/c2/_any\nhz/c2/ecs.a")
	})
}

func TestNothingCommittedIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		keys, _ := archive.NewKeys("p")
		faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.Verb == "append" {
				return &buckettest.Fault{Err: errors.New("storage is down")}
			}
			return nil
		})
		b.writer = archive.NewWriter(faulty, keys, time.Now)
		report, err := b.run(context.Background(), capture.Request{})
		if err == nil || !strings.Contains(err.Error(), "storage is down") || report.Regions[0].Error == "" {
			t.Errorf("report %+v, error %v", report.Regions[0], err)
		}
	})
}
