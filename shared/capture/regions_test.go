package capture_test

import (
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/capture"
)

// TestRegionThatIsNamedTwiceIsCapturedOnce: with two plans for one region,
// one of them would find none of its clusters listed, and end their scopes.
func TestRegionThatIsNamedTwiceIsCapturedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz", "sh")
		b.up.cluster("hz", "hz", "c1")
		b.up.cluster("hz", "hz", "c2")
		b.mustRun(capture.Request{})
		for range 4 {
			time.Sleep(time.Minute)
			b.up.questions()
			r := b.mustRun(capture.Request{Regions: []string{"hz", "sh", "hz"}})
			want(t, "hz", b.state("hz"), "_any/_any ok\nc1/_any ok\nc2/_any ok")
			want(t, "asked", b.up.questions(), "clusters hz\nclusters sh\nhz/_any/_any\nhz/c1/_any\nhz/c2/_any\nsh/_any/_any")
			if len(r.Regions) != 2 || r.Counts.Ended != 0 || r.Counts.Lost != 0 {
				t.Errorf("the report has %d regions, its counts are %+v", len(r.Regions), r.Counts)
			}
		}
	})
}
