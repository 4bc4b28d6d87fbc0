package capture_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/capture"
	"community-images/shared/ehpc"
)

// E-HPC refuses everything from some call on. Each worker finds out at most once. What
// was not asked is left, keeps its state, and is asked first by the next run.
func TestCredentialsThatExpireInARun(t *testing.T) {
	for _, at := range []int{1, 2, 20, 60} {
		synctest.Test(t, func(t *testing.T) {
			const scopes = 100
			b := newFixture(t, "hz")
			b.settings.Unscoped = false
			for i := range scopes {
				b.up.cluster("hz", "hz", fmt.Sprintf("c%03d", i))
			}
			b.mustRun(capture.Request{})
			good := b.state("hz")
			n, failed := 0, 0
			b.up.decide = func(string) error {
				if n++; n < at {
					return nil
				}
				failed++
				return &ehpc.Error{Class: ehpc.NotAuthorized, Code: "InvalidSecurityToken.Expired"}
			}
			r := b.mustRun(capture.Request{})
			if failed > b.settings.Concurrency+1 { // each worker, and the listing
				t.Errorf("dead at call %d: %d calls were refused", at, failed)
			}
			if c := r.Counts; c.Failed > failed || c.Failed+c.Left+c.Unchanged != scopes || c.Ended > 0 || at < 60 &&
				c.Left < scopes/3 {
				t.Errorf("dead at call %d: counts are %+v", at, c)
			}
			if got := strings.ReplaceAll(b.state("hz"), " failed", " ok"); got != good {
				t.Errorf("dead at call %d: the state is\n%s", at, got)
			}
			for _, p := range r.Regions[0].Problems {
				if !strings.Contains(p, "InvalidSecurityToken.Expired") {
					t.Errorf("a problem is told as %q", p)
				}
			}
			b.up.decide = nil
			if c := b.mustRun(capture.Request{}).Counts; c.Failed+c.Left > 0 {
				t.Errorf("the next run ends with %+v", c)
			}
			checkText(t, "in the end", b.state("hz"), good)
		})
	}
}

// One of two regions finds out that the credentials are refused. The other is not
// listed any more, and its state says when and why.
func TestListingIsNotAskedWithRefusedCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz", "sh")
		b.settings.Concurrency = 1
		b.up.cluster("hz", "hz", "c-hz")
		b.up.cluster("sh", "sh", "c-sh")
		b.mustRun(capture.Request{})
		time.Sleep(time.Minute)
		began := time.Now()
		b.up.decide = func(string) error {
			return &ehpc.Error{Class: ehpc.NotAuthorized, Code: "InvalidSecurityToken.Expired"}
		}
		b.mustRun(capture.Request{})
		for _, region := range []string{"hz", "sh"} {
			r, err := b.writer.Now(t.Context(), region, nil)
			if err != nil {
				t.Fatal(err)
			}
			if d := r.Discovery; d.TriedAt.Before(began) || d.Problem == nil ||
				d.Problem.Code != "InvalidSecurityToken.Expired" || d.CheckedAt.IsZero() {
				t.Errorf("%s: %+v, %+v", region, d, d.Problem)
			}
		}
		b.up.decide = nil
		if c := b.mustRun(capture.Request{}).Counts; c.Failed+c.Left+c.Ended > 0 {
			t.Errorf("the next run ends with %+v", c)
		}
	})
}

func TestRetriesOnlyWhereTheyCanHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Unscoped = false
		for _, id := range []string{"c1", "c2", "c3"} {
			b.up.cluster("hz", "hz", id)
		}
		b.up.faults["clusters hz"] = []error{broken}
		b.up.faults["hz/c1/_any"] = []error{throttled, broken, errors.New("reset")}
		b.up.faults["hz/c2/_any"] = []error{throttled, throttled, throttled, throttled}
		b.up.faults["hz/c3/_any"] = []error{refused}
		report := b.mustRun(capture.Request{})
		checkText(t, "hz", b.state("hz"), "c1/_any ok\nc2/_any failed\nc3/_any failed")
		checkText(t, "asked", b.up.questions(), strings.Join([]string{"clusters hz", "clusters hz",
			"hz/c1/_any", "hz/c1/_any", "hz/c1/_any", "hz/c1/_any", "hz/c2/_any", "hz/c2/_any", "hz/c2/_any",
			"hz/c2/_any", "hz/c3/_any"}, "\n"))
		if report.Counts.Failed != 2 {
			t.Errorf("counts are %+v", report.Counts)
		}
	})
}

func TestDemandedWaitIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.up.faults["hz/_any/_any"] = []error{&ehpc.Error{Class: ehpc.Throttled, RetryAfter: 30 * time.Second}}
		began := time.Now()
		b.mustRun(capture.Request{})
		if took := time.Since(began); took < 30*time.Second || took > 40*time.Second {
			t.Errorf("a call that was to wait 30 s took %v", took)
		}
	})
}

// A call that must wait longer than the run has is not retried, and delays no other
// call.
func TestDemandedWaitBeyondTheDeadlineIsNotWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Unscoped = false
		for i := range 20 {
			b.up.cluster("hz", "hz", fmt.Sprintf("c%02d", i))
		}
		b.mustRun(capture.Request{})
		b.up.delay = 100 * time.Millisecond
		b.up.decide = func(name string) error {
			if name == "clusters hz" || strings.HasPrefix(name, "hz/c0") {
				return &ehpc.Error{Class: ehpc.Temporary, Code: "ServiceUnavailable", RetryAfter: time.Hour}
			}
			return nil
		}
		r := b.runWithin(time.Minute)
		if c := r.Counts; c.Failed != 10 || c.Unchanged != 10 || r.Calls != 21 {
			t.Errorf("%d calls, counts are %+v", r.Calls, c)
		}
		if took := r.FinishedAt.Sub(r.StartedAt.Time); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
