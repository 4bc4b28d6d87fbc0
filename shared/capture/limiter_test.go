package capture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/capture"
	"community-images/shared/ehpc"
)

// throttleKinds are the errors with which E-HPC demands fewer calls.
var throttleKinds = []error{
	throttled,
	&ehpc.Error{Class: ehpc.Throttled, Code: "Throttling", Message: "slow down"},
	&ehpc.Error{Class: ehpc.Throttled, Code: "Throttling.Api", Message: "slow down"},
	&ehpc.Error{Class: ehpc.Throttled, Code: "Throttling.UserApi", Message: "slow down"},
	&ehpc.Error{Class: ehpc.Throttled, Code: "TooManyRequests", Message: "429 with TimeLeft", RetryAfter: time.Second},
	broken, // 503 ServiceUnavailable
}

// E-HPC throttles a share of the calls for 30 seconds, and refuses a fifth of the
// scopes for good.
func TestThrottlingOfManyCalls(t *testing.T) {
	for _, share := range []float64{0.2, 0.5, 1} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const scopes, qps, timeout = 300, 10, 10 * time.Minute
				b := newFixture(t, "hz")
				b.qps, b.settings.Concurrency, b.settings.Unscoped = qps, 16, false
				for i := range scopes {
					b.up.cluster("hz", "hz", fmt.Sprintf("c%03d", i))
				}
				b.mustRun(capture.Request{})
				b.up.questions()

				random := rand.New(rand.NewPCG(1, 1))
				began := time.Now()
				var after []time.Time // calls since the storm
				b.up.decide = func(name string) error {
					if since := time.Since(began); since > 30*time.Second {
						after = append(after, time.Now())
					} else if random.Float64() < share {
						return throttleKinds[random.IntN(len(throttleKinds))]
					}
					// a fifth of the clusters, by their last digit
					if name != "clusters hz" && name[len("hz/c")+2] < '2' {
						return refused
					}
					return nil
				}
				ctx, cancel := context.WithTimeout(context.Background(), timeout)
				defer cancel()
				report, err := b.run(ctx, capture.Request{})
				if err != nil {
					t.Fatal(err)
				}
				tries := map[string]int{}
				for _, q := range b.up.asked {
					if tries[q]++; tries[q] > 4 {
						t.Errorf("%s was asked %d times", q, tries[q])
					}
				}
				if share <= 0.2 && len(b.up.asked) > scopes*13/10 {
					t.Errorf("%d calls for %d scopes", len(b.up.asked), scopes)
				}
				if took := report.FinishedAt.Sub(report.StartedAt.Time); took > timeout-5*time.Second {
					t.Errorf("the run took %v of %v", took, timeout)
				}
				c := report.Counts
				if c.Left > 0 || c.Failed < scopes/5 || c.Failed+c.Unchanged != scopes {
					t.Errorf("counts are %+v", c)
				}
				recent := 0
				for _, at := range after {
					if s := at.Sub(began) - 30*time.Second; s > 10*time.Second && s <= 15*time.Second {
						recent++
					}
				}
				if recent < qps*5*8/10 {
					t.Errorf("%d calls in the five seconds that begin 10 s after the storm, at a budget of %d a second",
						recent, qps)
				}
				t.Logf("share %.1f: %d calls, %d failed, %v", share, len(b.up.asked), c.Failed,
					report.FinishedAt.Sub(report.StartedAt.Time))
			})
		})
	}
}

// E-HPC throttles a third of the pages of a long listing while scopes are asked. Pages
// and their retries wait for the rate limit as every call does, and the report counts
// them.
func TestListingKeepsToTheRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pages, qps = 40, 10
		b := newFixture(t, "hz")
		b.qps, b.settings.Concurrency, b.up.pages = qps, 16, pages
		for i := range 50 {
			b.up.cluster("hz", "hz", fmt.Sprintf("c%02d", i))
		}
		b.mustRun(capture.Request{})
		b.up.questions()
		time.Sleep(time.Minute)

		tries := map[string]int{}
		var began []time.Time
		b.up.decide = func(name string) error {
			began = append(began, time.Now())
			if tries[name]++; strings.HasPrefix(name, "clusters") && (len(name)+tries[name])%3 == 0 {
				return throttled
			}
			return nil
		}
		report := b.mustRun(capture.Request{})
		if c := report.Counts; c.Failed+c.Left > 0 || len(report.Regions[0].Problems) > 0 {
			t.Errorf("counts are %+v, problems %v", c, report.Regions[0].Problems)
		}
		if len(began) < pages*4/3+51 || report.Calls != int64(len(began)) {
			t.Errorf("%d calls, the report counts %d", len(began), report.Calls)
		}
		for i := range began {
			// One more may come while the rate recovers: who waits does so by the rate of before.
			if i > qps && began[i].Sub(began[i-qps-1]) < time.Second-time.Millisecond {
				t.Fatalf("%d calls within %v", qps+2, began[i].Sub(began[i-qps-1]))
			}
		}
		if d := report.Regions[0].State.Discovery; d.CheckedAt.Before(report.StartedAt.Time) ||
			d.CheckedAt.After(began[len(began)-1]) {
			t.Errorf("the listing is dated %v", d.CheckedAt)
		}
	})
}

// E-HPC throttles everything until long after the deadline of the run. The run ends in
// time, every scope keeps its content, and the next run is not slower.
func TestThrottlingLongerThanTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const scopes, timeout = 300, 40 * time.Second
		b := newFixture(t, "hz")
		b.qps, b.settings.Concurrency, b.settings.Unscoped = 10, 16, false
		for i := range scopes {
			id := fmt.Sprintf("c%03d", i)
			b.up.cluster("hz", "hz", id)
			b.up.images["hz/"+id+"/_any"] = []string{"m-1"}
		}
		b.mustRun(capture.Request{})
		good := b.state("hz")
		random := rand.New(rand.NewPCG(2, 2))
		b.up.decide = func(string) error { return throttleKinds[random.IntN(len(throttleKinds))] }
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		report, err := b.run(ctx, capture.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if took := report.FinishedAt.Sub(report.StartedAt.Time); took > timeout-5*time.Second {
			t.Errorf("the run took %v of %v", took, timeout)
		}
		c := report.Counts
		if c.Left == 0 || c.Left+c.Failed != scopes || c.Ended > 0 {
			t.Errorf("counts are %+v", c)
		}
		if got := strings.ReplaceAll(b.state("hz"), " failed ", " ok "); got != good ||
			strings.Count(b.state("hz"), " failed ") != c.Failed {
			t.Errorf("after the storm the state is\n%s", b.state("hz"))
		}
		b.up.decide = nil
		b.up.questions()
		time.Sleep(time.Minute)
		ctx, cancel = context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if report, err = b.run(ctx, capture.Request{}); err != nil || report.Counts.Failed > 0 ||
			report.Counts.Left > scopes/3 {
			t.Errorf("the next run ends with %+v, %v", report.Counts, err)
		}
	})
}
