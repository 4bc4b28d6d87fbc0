package capture_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive/fsck"
	"community-images/shared/capture"
)

// One timer event is delivered several times. A scope that was answered is not asked
// again, a failed one is. A redelivery ends, confirms and commits nothing.
func TestRedeliveredEventAsksOnlyWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz", "sh")
		b.up.cluster("hz", "hz", "c1", "ecs.a")
		b.up.cluster("sh", "sh", "c2")
		b.up.images["hz/c1/_any"] = []string{"m-1"}
		tick := capture.Request{Due: time.Now()}
		time.Sleep(time.Second)
		b.up.faults["sh/c2/_any"] = []error{refused}
		if r := b.mustRun(tick); r.Calls != 7 || r.Counts.Failed != 1 {
			t.Fatalf("the first run makes %d calls and ends with %+v", r.Calls, r.Counts)
		}
		b.up.questions()

		b.up.images["hz/c1/_any"] = nil // nobody looks
		r := b.mustRun(tick)
		checkText(t, "the second delivery asks", b.up.questions(), "sh/c2/_any")
		if r.Counts.Ended > 0 || r.Regions[0].Committed || r.Regions[0].Answered != 3 || r.Regions[0].Sequence != 1 ||
			r.Counts.Left > 0 {
			t.Errorf("the second delivery ends with %+v in %+v", r.Counts, r.Regions[0])
		}
		b.mem.Requests()
		r = b.mustRun(tick)
		if asked := b.up.questions(); asked != "" || r.Calls != 0 || strings.Contains(b.mem.Requests(), "put") {
			t.Errorf("the third delivery asks %q and makes the requests\n%s", asked, b.mem.Requests())
		}
		checkText(t, "hz", b.state("hz"), "_any/_any ok\nc1/_any ok m-1\nc1/ecs.a ok")

		time.Sleep(time.Hour)
		tick.Due = time.Now()
		r = b.mustRun(tick)
		if r.Calls != 7 || r.Counts.Changed != 1 {
			t.Errorf("the next tick makes %d calls and ends with %+v", r.Calls, r.Counts)
		}
		b.up.questions()
		tick.Due = time.Now().Add(-2 * time.Hour) // late, and out of order
		if r = b.mustRun(tick); r.Calls != 0 {
			t.Errorf("an event of the past makes %d calls", r.Calls)
		}
		tick.Due = time.Now().Add(time.Hour) // by a clock that is ahead
		if r = b.mustRun(tick); r.Calls != 7 {
			t.Errorf("an event of the future makes %d calls", r.Calls)
		}
	})
}

// A held answer or listing is published when three runs have seen it, not when one
// event was delivered three times.
func TestRedeliveredEventConfirmsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.ShrinkGuard = 50
		b.up.cluster("hz", "hz", "c1")
		b.up.cluster("hz", "hz", "c2")
		b.up.images["hz/c1/_any"] = []string{"m-1", "m-2", "m-3"}
		b.mustRun(capture.Request{Due: time.Now()})
		b.up.images["hz/c1/_any"] = nil
		b.up.clusters["hz"] = nil
		for run := range 3 {
			time.Sleep(time.Hour)
			for delivery := range 5 {
				if got := b.state("hz"); run > 0 && got != "_any/_any ok\nc1/_any held m-1 m-2 m-3\nc2/_any ok" {
					t.Fatalf("run %d, delivery %d: %s", run, delivery, got)
				}
				b.mustRun(capture.Request{Due: time.Now()})
				if run == 2 {
					break
				}
			}
		}
		checkText(t, "after three runs", b.state("hz"), "_any/_any ok")
	})
}

// The first delivery died after the commit and before the head. The second puts the
// head.
func TestRedeliveredEventPutsTheMissingHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.up.cluster("hz", "hz", "c1")
		tick := capture.Request{Due: time.Now()}
		b.mustRun(tick)
		head := b.mem.Objects()["p/v1/hz/head.json"]
		time.Sleep(time.Hour)
		tick.Due = time.Now()
		b.up.images["hz/c1/_any"], b.up.images["hz/_any/_any"] = []string{"m-1"}, []string{"m-2"}
		b.mustRun(tick)
		objects := b.mem.Objects()
		objects["p/v1/hz/head.json"] = head
		b.mem.Restore(objects)
		b.up.questions()
		b.mustRun(tick)
		checkText(t, "asked", b.up.questions(), "clusters hz")
		if audit, err := fsck.Verify(context.Background(), b.writer.Archive, "hz"); err != nil || len(audit.Findings) > 0 {
			t.Errorf("audit is %+v, %v", audit, err)
		}
	})
}

// The second shard of a timer does not list again, and still ends its own scopes.
func TestSecondShardReusesTheListing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.Unscoped = false
		for i := range 8 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		tick := func() (listings, ended int) {
			time.Sleep(time.Hour)
			due := time.Now()
			for i := 1; i <= 3; i++ {
				time.Sleep(time.Second)
				r := b.mustRun(capture.Request{Due: due, Shard: capture.Shard{Index: i, Count: 3}})
				listings, ended = listings+strings.Count(b.up.questions(), "clusters hz"), ended+r.Counts.Ended
			}
			return listings, ended
		}
		if listings, ended := tick(); listings != 1 || ended != 0 {
			t.Errorf("the first tick lists %d times and ends %d scopes", listings, ended)
		}
		b.up.clusters["hz"] = b.up.clusters["hz"][:2]
		if listings, ended := tick(); listings != 1 || ended != 6 {
			t.Errorf("the second tick lists %d times and ends %d scopes", listings, ended)
		}
		checkText(t, "in the end", b.state("hz"), "c0/_any ok\nc1/_any ok")
	})
}
