package capture_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/fsck"
	"community-images/shared/capture"
)

// The fleet is new, and no run has time to ask about all of it or to store all answers.
// Every run commits what it could store, and after a few runs everything is there.
func TestSlowStoreDelaysAndStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const scopes, timeout = 1200, 2 * time.Minute
		b := newFixture(t, "hz")
		b.settings.Margin, b.settings.Concurrency, b.qps = 15*time.Second, 16, 10
		for i := range scopes - 1 {
			b.up.cluster("hz", "hz", fmt.Sprintf("c%04d", i))
		}
		keys, err := archive.NewKeys("p")
		if err != nil {
			t.Fatal(err)
		}
		b.writer = archive.NewWriter(buckettest.NewFaulty(b.mem, func(buckettest.Op) *buckettest.Fault {
			return &buckettest.Fault{Before: func() { time.Sleep(300 * time.Millisecond) }}
		}), keys, time.Now)
		known, runs := 0, 0
		for ; known < scopes; runs++ {
			ctx, cancel := context.WithTimeout(context.Background(), timeout)
			report, err := b.run(ctx, capture.Request{})
			cancel()
			if err != nil || len(report.Regions[0].Problems) > 0 {
				t.Fatalf("run %d: %v, problems %q", runs+1, err, report.Regions[0].Problems)
			}
			n := report.Counts
			if known += n.Changed; n.Changed == 0 || n.Failed+n.Lost+n.Held > 0 || n.Changed+n.Unchanged+
				n.Left != n.Planned {
				t.Fatalf("run %d: %+v", runs+1, n)
			}
		}
		if runs < 2 || runs > 3 {
			t.Errorf("%d runs had everything", runs)
		}
		audit, err := fsck.Verify(context.Background(), b.writer.Archive, "hz")
		if err != nil || len(audit.Findings) > 0 {
			t.Errorf("audit %+v, %v", audit, err)
		}
	})
}
