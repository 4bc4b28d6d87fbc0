package capture_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/capture"
	"community-images/shared/ehpc"
)

// TestCredentialsThatDieInARun: from some call on everything is refused. Each
// worker finds out once, at most; what was not asked is left, keeps its state
// and is asked first by the next run.
func TestCredentialsThatDieInARun(t *testing.T) {
	for _, at := range []int{1, 2, 20, 60} {
		synctest.Test(t, func(t *testing.T) {
			const scopes = 100
			b := newBench(t, "hz")
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
			want(t, "in the end", b.state("hz"), good)
		})
	}
}

// TestListingThatIsNotAsked: of two regions one finds out that the credentials
// are refused. The other's listing is not asked for any more; when that was, and
// why, is known all the same.
func TestListingThatIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz", "sh")
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
