package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/capture"
	"community-images/shared/ehpc/ehpctest"
)

// addClusters lists n clusters with one image each.
func (l *captureFixture) addClusters(n int) {
	l.data.ClusterLists[region] = nil
	for i := range n {
		id := fmt.Sprintf("c%04d", i)
		l.data.ClusterLists[region] = append(l.data.ClusterLists[region],
			json.RawMessage(fmt.Sprintf(`{"Id":%q,"RegionId":%q}`, id, region)))
		l.data.ImageLists[ehpctest.Question{RegionID: region, ClusterID: id}] = `[{"ImageId":"m"}]`
	}
}

// throttlePages refuses the page of a listing by its number and try, from 1.
// The returned function gives the tries of each page so far.
func (l *captureFixture) throttlePages(refuses func(page string, try int) bool) (tries func() map[string]int) {
	var mu sync.Mutex
	seen := map[string]int{}
	l.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.Action != "ListClusters" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if seen[c.Page]++; refuses(c.Page, seen[c.Page]) {
			return &ehpctest.Fault{Status: 429, Code: "Throttling.User"}
		}
		return nil
	})
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

// TestPagesAreRepeatedAlone throttles every page of a listing three times. The
// good pages are not read again, and the report counts every call.
func TestPagesAreRepeatedAlone(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	l.addClusters(500)
	tries := l.throttlePages(func(_ string, try int) bool { return try < 4 })
	r := l.runCapture()
	if r.Regions[0].Clusters != 500 || len(r.Regions[0].Problems) > 0 || r.Counts.Failed+r.Counts.Left > 0 {
		t.Errorf("%d clusters, problems %v, %+v", r.Regions[0].Clusters, r.Regions[0].Problems, r.Counts)
	}
	for page, n := range tries() {
		if n != 4 {
			t.Errorf("page %s was asked %d times, want 4", page, n)
		}
	}
	if want := l.ehpc.Calls(); len(tries()) != 10 || r.Calls != int64(want) || want != 10*4+501 {
		t.Errorf("%d pages; the report counts %d calls, the endpoint %d", len(tries()), r.Calls, want)
	}
}

// TestPageThatIsRefusedForGood: after four tries of one page the listing has
// failed; the clusters that are known stay.
func TestPageThatIsRefusedForGood(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	l.addClusters(120)
	l.runCapture()
	l.setImageVersion("v2")
	tries := l.throttlePages(func(page string, _ int) bool { return page == "2" })
	r := l.runCapture()
	if n := tries(); n["1"] != 1 || n["2"] != 4 || n["3"] != 1 {
		t.Errorf("pages were asked %v times", n)
	}
	if p := r.Regions[0].State.Discovery.Problem; p == nil || p.Class != "throttled" || p.Code != "Throttling.User" ||
		r.Counts.Ended > 0 || r.Regions[0].Clusters != 120 {
		t.Errorf("problem %v, %+v, %d clusters", p, r.Counts, r.Regions[0].Clusters)
	}
}

// TestListingWithoutTime: pages that are to wait for longer than the run has end
// the listing at once, and what is known is asked and committed. A page that
// ends with the listing is counted and may not have arrived.
func TestListingWithoutTime(t *testing.T) {
	t.Parallel()
	l := newCaptureFixture(t)
	l.runCapture()
	l.addClusters(500)
	l.setImageVersion("v2")
	l.capturer = capture.New(capture.Settings{
		Regions: []string{region}, Unscoped: true, InstanceTypes: capture.InstanceTypes{Auto: true}, Concurrency: 4,
		ShrinkGuard: 100, Margin: time.Minute,
	}, l.client, capture.NewRateLimiter(1e6, time.Now), l.writer, time.Now)
	calls := l.ehpc.Calls()
	l.setFault(func(c ehpctest.Call) *ehpctest.Fault {
		if c.Action != "ListClusters" || c.Page == "1" {
			return nil
		}
		return &ehpctest.Fault{Status: 429, Code: "Throttling.User", Header: http.Header{"Retry-After": {"60"}}}
	})
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	r, err := l.capturer.Run(ctx, capture.Request{RunID: "r", Trigger: "timer"})
	if err != nil || ctx.Err() != nil || len(r.Unreadable) > 0 {
		t.Fatal(err, ctx.Err(), r.Unreadable)
	}
	if got := l.describeState(); strings.Count(got, " ok m-v2") != 4 || r.Regions[0].State.Discovery.Problem == nil ||
		r.Counts.Ended > 0 {
		t.Errorf("published is %s, problem %v, %+v", got, r.Regions[0].State.Discovery.Problem, r.Counts)
	}
	if n := int64(l.ehpc.Calls() - calls); n > 4+10 || r.Calls < n || r.Calls > n+4 {
		t.Errorf("%d calls, the report counts %d", n, r.Calls)
	}
	if p := r.Regions[0].State.Discovery.Problem; p.Code != "Throttling.User" || r.FetchMs > 15_000 {
		t.Errorf("problem %+v after %d ms", p, r.FetchMs)
	}
}

// TestConcurrencyOverRegions counts at the endpoint what is under way while
// four regions are listed and asked.
func TestConcurrencyOverRegions(t *testing.T) {
	t.Parallel()
	const concurrency = 4
	regions := []string{"r-a", "r-b", "r-c", "r-d"}
	l := newCaptureFixture(t)
	l.data.RegionList = nil
	for _, r := range regions {
		l.data.RegionList = append(l.data.RegionList, ehpctest.Region{RegionID: r})
		l.data.ImageLists[ehpctest.Question{RegionID: r}] = `[{"ImageId":"m"}]`
		for i := range 200 {
			id := fmt.Sprintf("%s-c%03d", r, i)
			l.data.ClusterLists[r] = append(l.data.ClusterLists[r],
				json.RawMessage(fmt.Sprintf(`{"Id":%q,"RegionId":%q}`, id, r)))
			l.data.ImageLists[ehpctest.Question{RegionID: r, ClusterID: id}] = `[{"ImageId":"m"}]`
		}
	}
	l.setFault(func(ehpctest.Call) *ehpctest.Fault { return &ehpctest.Fault{Delay: time.Millisecond} })
	l.capturer = capture.New(capture.Settings{
		Regions: regions, Unscoped: true, InstanceTypes: capture.InstanceTypes{Auto: true}, Concurrency: concurrency,
		ShrinkGuard: 100,
	}, l.client, capture.NewRateLimiter(1e6, time.Now), l.writer, time.Now)
	for range 2 {
		if r := l.runCapture(); r.Counts.Unchanged+r.Counts.Changed != 4*201 {
			t.Errorf("%+v", r.Counts)
		}
	}
	if most := l.ehpc.MostInFlight(); most != concurrency {
		t.Errorf("%d calls were under way at once, want %d", most, concurrency)
	}
}
