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

// now is an event of a region's cluster at this moment.
func now(region, cluster string) capture.Event {
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

// TestEventsOfTwoRegions: each region is asked what its events are about, and
// an event that names no region is looked for in all of them.
func TestEventsOfTwoRegions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz", "bj")
		b.up.cluster("hz", "hz", "h1")
		b.up.cluster("hz", "hz", "h2")
		b.up.cluster("bj", "bj", "b1", "small")
		b.mustRun(capture.Request{})
		b.up.questions()
		time.Sleep(time.Minute)

		r := b.mustRun(capture.Request{Events: []capture.Event{now("bj", "b1")}})
		want(t, "an event of one region", outcomes(r)+"\n"+b.up.questions(),
			"bj/b1 taken\nbj/b1/_any\nbj/b1/small\nclusters bj")
		if len(r.Regions) != 1 || r.Counts.Planned != 2 {
			t.Errorf("the report has %d regions and %d scopes", len(r.Regions), r.Counts.Planned)
		}

		time.Sleep(time.Minute)
		r = b.mustRun(capture.Request{Events: []capture.Event{now("", "h2")}})
		want(t, "an event that names no region", outcomes(r)+"\n"+b.up.questions(),
			"/h2 taken\nclusters bj\nclusters hz\nhz/h2/_any")

		time.Sleep(time.Minute)
		e := now("hz", "h1")
		time.Sleep(time.Second)
		r = b.mustRun(capture.Request{Events: []capture.Event{e, e, now("us", "u1"), now("", ""),
			{Type: "t", Outcome: "ignored", Reason: "for a test"}}})
		want(t, "a batch", outcomes(r)+"\n"+b.up.questions(), strings.Join([]string{
			"hz/h1 taken", "hz/h1 taken",
			`us/u1 ignored region "us" is not captured here (setting EHPC_REGIONS: hz, bj)`, "/ taken",
			"/ ignored for a test",
			"clusters bj", "clusters hz", "hz/h1/_any"}, "\n"))

		r = b.mustRun(capture.Request{Events: []capture.Event{e, {Type: "t", RegionID: "hz", ClusterID: "h2", At: e.At},
			{Type: "t", At: e.At}}})
		want(t, "what is known", outcomes(r)+"\n"+b.up.questions(), strings.Join([]string{
			"hz/h1 skipped a check that began later knows already", "hz/h2 taken",
			"/ skipped a check that began later knows already",
			"clusters hz", "hz/h2/_any"}, "\n"))
		r = b.mustRun(capture.Request{Events: []capture.Event{now("us", "")}})
		if b.up.questions() != "" || len(r.Regions) != 0 {
			t.Errorf("an event of another region: %+v", r)
		}
	})
}

// TestEventsEndWhatIsGone: an event that names one cluster ends the scopes of
// every cluster that is listed no more, for the listing says so, and none of
// the question without a cluster.
func TestEventsEndWhatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		for _, id := range []string{"c1", "c2", "c3"} {
			b.up.cluster("hz", "hz", id)
		}
		b.mustRun(capture.Request{})
		b.up.clusters["hz"] = b.up.clusters["hz"][:1]
		time.Sleep(time.Minute)
		r := b.mustRun(capture.Request{Events: []capture.Event{now("hz", "c1"), now("hz", "c3")}})
		want(t, "events of a fleet that shrank", outcomes(r)+"\n"+b.state("hz"),
			"hz/c1 taken\nhz/c3 taken the cluster is not listed any more; its scopes ended\n_any/_any ok\nc1/_any ok")
		if r.Counts.Ended != 2 {
			t.Errorf("%d scopes ended", r.Counts.Ended)
		}
		time.Sleep(time.Minute)
		r = b.mustRun(capture.Request{Events: []capture.Event{now("hz", "c3")}})
		want(t, "a later event of it", outcomes(r),
			"hz/c3 taken the cluster is not listed; if it is new, another event or the next run finds it")
	})
}

// TestEventsWithoutAStore: where the state of a region cannot be read, the
// event fails, and if that is all, so does the run: it is sent again.
func TestEventsWithoutAStore(t *testing.T) {
	t.Parallel()
	b := newBench(t, "hz", "bj")
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
	r, err := b.run(context.Background(), capture.Request{Events: []capture.Event{now("hz", "h1")}})
	if err == nil || !strings.HasPrefix(outcomes(r), "hz/h1 failed reading the state of region") {
		t.Errorf("%v: %s", err, outcomes(r))
	}
	r, err = b.run(context.Background(), capture.Request{Events: []capture.Event{now("hz", "h1"), now("bj", "")}})
	if err != nil || !strings.HasPrefix(outcomes(r), "hz/h1 failed") || !strings.HasSuffix(outcomes(r), "bj/ taken") {
		t.Errorf("%v: %s", err, outcomes(r))
	}
}

// TestEventsReportWhatIsThere: a region of which nothing is asked has its
// clusters and images all the same, and no region is a list of none.
func TestEventsReportWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "hz")
		b.up.cluster("hz", "hz", "c1")
		b.up.images["hz/_any/_any"], b.up.images["hz/c1/_any"] = many(3), many(2)
		e := now("hz", "c1")
		time.Sleep(time.Minute)
		b.mustRun(capture.Request{})
		r := b.mustRun(capture.Request{Events: []capture.Event{e}})
		want(t, "an event that is known", outcomes(r), "hz/c1 skipped a check that began later knows already")
		if got := r.Regions[0]; got.Sequence != 1 || got.Clusters != 1 || got.Images != 5 || got.Committed {
			t.Errorf("its region is %+v", got)
		}
		r = b.mustRun(capture.Request{Events: []capture.Event{now("us", "u1")}})
		text, err := json.Marshal(r)
		if err != nil || !strings.Contains(string(text), `"Regions":[]`) {
			t.Errorf("an event of another region: %s, %v", text, err)
		}
	})
}
