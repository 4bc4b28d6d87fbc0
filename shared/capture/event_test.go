package capture_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// eventNow returns an event of this moment about a cluster of a region.
func eventNow(region, cluster string) capture.Event {
	return capture.Event{Type: "t", RegionID: region, ClusterID: cluster, At: catalog.At(time.Now())}
}

func outcomes(r *capture.Report) string {
	var lines []string
	for _, e := range r.Events {
		lines = append(lines, strings.TrimSpace(
			fmt.Sprintf("%s/%s %s %s", e.RegionID, e.ClusterID, e.Outcome, e.Reason)))
	}
	return strings.Join(lines, "\n")
}

// Each region is asked about its own events. The cluster of an event without a region
// is looked for in all of them.
func TestEventsOfTwoRegions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz", "bj")
		b.up.cluster("hz", "hz", "h1")
		b.up.cluster("hz", "hz", "h2")
		b.up.cluster("bj", "bj", "b1", "small")
		b.mustRun(capture.Request{})
		b.up.questions()
		time.Sleep(time.Minute)

		r := b.mustRun(capture.Request{Events: []capture.Event{eventNow("bj", "b1")}})
		checkText(t, "an event of one region", outcomes(r)+"\n"+b.up.questions(),
			"bj/b1 taken\nbj/b1/_any\nbj/b1/small\nclusters bj")
		if len(r.Regions) != 1 || r.Counts.Planned != 2 {
			t.Errorf("the report has %d regions and %d scopes", len(r.Regions), r.Counts.Planned)
		}

		time.Sleep(time.Minute)
		r = b.mustRun(capture.Request{Events: []capture.Event{eventNow("", "h2")}})
		checkText(t, "an event that names no region", outcomes(r)+"\n"+b.up.questions(),
			"/h2 taken\nclusters bj\nclusters hz\nhz/h2/_any")

		time.Sleep(time.Minute)
		e := eventNow("hz", "h1")
		time.Sleep(time.Second)
		r = b.mustRun(capture.Request{Events: []capture.Event{e, e, eventNow("us", "u1"), eventNow("", ""),
			{Type: "t", Outcome: "ignored", Reason: "for a test"}}})
		checkText(t, "a batch", outcomes(r)+"\n"+b.up.questions(), strings.Join([]string{
			"hz/h1 taken", "hz/h1 taken",
			`us/u1 ignored region "us" is not captured here (setting EHPC_REGIONS: hz, bj)`, "/ taken",
			"/ ignored for a test",
			"clusters bj", "clusters hz", "hz/h1/_any"}, "\n"))

		r = b.mustRun(capture.Request{Events: []capture.Event{e, {Type: "t", RegionID: "hz", ClusterID: "h2", At: e.At},
			{Type: "t", At: e.At}}})
		checkText(t, "what is known", outcomes(r)+"\n"+b.up.questions(), strings.Join([]string{
			"hz/h1 skipped a check that began later knows already", "hz/h2 taken",
			"/ skipped a check that began later knows already",
			"clusters hz", "hz/h2/_any"}, "\n"))
		r = b.mustRun(capture.Request{Events: []capture.Event{eventNow("us", "")}})
		if b.up.questions() != "" || len(r.Regions) != 0 {
			t.Errorf("an event of another region: %+v", r)
		}
	})
}

// An event that names one cluster ends the scopes of every cluster that is not listed
// any more, and none of the scopes without a cluster.
func TestEventEndsClustersThatAreNotListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		for _, id := range []string{"c1", "c2", "c3"} {
			b.up.cluster("hz", "hz", id)
		}
		b.mustRun(capture.Request{})
		b.up.clusters["hz"] = b.up.clusters["hz"][:1]
		time.Sleep(time.Minute)
		r := b.mustRun(capture.Request{Events: []capture.Event{eventNow("hz", "c1"), eventNow("hz", "c3")}})
		checkText(t, "events of a fleet that shrank", outcomes(r)+"\n"+b.state("hz"),
			"hz/c1 taken\nhz/c3 taken the cluster is not listed any more; its scopes ended\n_any/_any ok\nc1/_any ok")
		if r.Counts.Ended != 2 {
			t.Errorf("%d scopes ended", r.Counts.Ended)
		}
		time.Sleep(time.Minute)
		r = b.mustRun(capture.Request{Events: []capture.Event{eventNow("hz", "c3")}})
		checkText(t, "a later event of it", outcomes(r),
			"hz/c3 taken the cluster is not listed; if it is new, another event or the next run finds it")
	})
}

// If that is so in all regions, the run fails, and the event is sent again.
func TestEventFailsIfTheStateCannotBeRead(t *testing.T) {
	t.Parallel()
	b := newFixture(t, "hz", "bj")
	b.mustRun(capture.Request{})
	faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if strings.Contains(op.Key, "/hz/") {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	})
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	b.writer = archive.NewWriter(faulty, keys, time.Now)
	r, err := b.run(context.Background(), capture.Request{Events: []capture.Event{eventNow("hz", "h1")}})
	if err == nil || !strings.HasPrefix(outcomes(r), "hz/h1 failed reading the state of region") {
		t.Errorf("%v: %s", err, outcomes(r))
	}
	events := []capture.Event{eventNow("hz", "h1"), eventNow("bj", "")}
	r, err = b.run(context.Background(), capture.Request{Events: events})
	if err != nil || !strings.HasPrefix(outcomes(r), "hz/h1 failed") || !strings.HasSuffix(outcomes(r), "bj/ taken") {
		t.Errorf("%v: %s", err, outcomes(r))
	}
}

// A region in which nothing is asked still reports its clusters and images. A report
// without regions has an empty list.
func TestReportOfAnEventShowsTheStoredState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		b.up.cluster("hz", "hz", "c1")
		b.up.images["hz/_any/_any"], b.up.images["hz/c1/_any"] = imageIDs(3), imageIDs(2)
		e := eventNow("hz", "c1")
		time.Sleep(time.Minute)
		b.mustRun(capture.Request{})
		r := b.mustRun(capture.Request{Events: []capture.Event{e}})
		checkText(t, "an event that is known", outcomes(r), "hz/c1 skipped a check that began later knows already")
		if got := r.Regions[0]; got.Sequence != 1 || got.Clusters != 1 || got.Images != 5 || got.Committed {
			t.Errorf("its region is %+v", got)
		}
		r = b.mustRun(capture.Request{Events: []capture.Event{eventNow("us", "u1")}})
		text, err := json.Marshal(r)
		if err != nil || !strings.Contains(string(text), `"Regions":[]`) {
			t.Errorf("an event of another region: %s, %v", text, err)
		}
	})
}
