package capture_test

import (
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/capture"
	"community-images/shared/ehpc"
)

// An entry without an id may stand for any missing cluster, but not for one that is
// listed in another region.
func TestUnusableEntryKeepsClustersThatAreListedNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.settings.ShrinkGuard = 50
		for _, id := range []string{"c1", "c2", "c3", "c4"} {
			b.up.cluster("hz", "hz", id)
		}
		b.mustRun(capture.Request{})
		b.up.clusters["hz"] = append(b.up.clusters["hz"][:1], ehpc.Cluster{Problem: "it is null"})
		b.up.cluster("hz", "sh", "c2")
		b.up.questions()
		time.Sleep(time.Minute)

		r := b.mustRun(capture.Request{Events: []capture.Event{eventNow("hz", "c3")}})
		checkText(t, "an event of a cluster that is not listed", outcomes(r)+"\n"+b.up.questions(),
			"hz/c3 taken\nclusters hz\nhz/c3/_any")
		checkText(t, "after it", b.state("hz"), "_any/_any ok\nc1/_any ok\nc3/_any ok\nc4/_any ok")
		for range 4 {
			time.Sleep(time.Minute)
			b.mustRun(capture.Request{})
		}
		checkText(t, "after four runs", b.state("hz"), "_any/_any ok\nc1/_any ok\nc3/_any ok\nc4/_any ok")
		if d := r.Regions[0].State.Discovery; d.Problem != nil || len(r.Regions[0].State.Clusters()) != 3 {
			t.Errorf("discovery is %+v, of %d clusters", d, len(r.Regions[0].State.Clusters()))
		}
		b.up.clusters["hz"] = b.up.clusters["hz"][:1]
		for range 3 {
			b.mustRun(capture.Request{})
		}
		checkText(t, "after three listings without such an entry", b.state("hz"), "_any/_any ok\nc1/_any ok")
	})
}
