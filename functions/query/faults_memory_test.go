package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// What the process may hold of the 256 MB that FC gives it: for lookups while
// the old state and the new one are both in memory; and when the history of
// all of it has been read on top.
const (
	maxPeak    = 160 << 20
	maxHistory = 224 << 20
)

// TestMemory reads a region in every way, lets a run replace every list,
// and touches it again, then as it was before, and its history. The clusters
// are listed in between, by runs and by callers of the replica.
func TestMemory(t *testing.T) {
	t.Parallel()
	s := regionSize{"100x400", 100, 400, 2000}
	if *faultsLong {
		s = largeRegion
	}
	c := newTestRegion(t, s)
	q, err := fctest.Start(t.Context(), buildQuery(t),
		fctest.Options{Env: c.functionEnv("QUERY_HEAD_TTL=0s", "QUERY_GZIP=true"), Credentials: c.credentials(),
			Memory: 256})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Stop)
	process, _ := q.Process()
	ask := func(target string) { invokeFor(t, q, newEvent(t, target, nil), 200) }
	touch := func(at string) {
		for _, target := range []string{"/v1/images?ClusterId=*&limit=1000",
			"/v1/images?ClusterId=*&q=gromacs&sort=-OsTag.Version",
			"/v1/images?ClusterId=*&format=csv&limit=1000", "/v1/images?ClusterId=*&limit=1000&facets=Status",
			"/v1/matrix?ClusterId=*&limit=100"} {
			ask(target + at)
		}
		for i, id := range c.clusters {
			if i%10 == 0 {
				ask("/v1/images?limit=1000&sort=Size&ClusterId=" + id + at)
			}
		}
	}
	bounded := func(what string, most int) {
		t.Logf("%s, %s MB, %s: peak %s MB, resident %s MB", s.name, megabytes(c.contentBytes()), what,
			megabytes(peakBytes(t, process)), megabytes(residentBytes(t, process)))
		if got := peakBytes(t, process); got > most {
			t.Errorf("%s: the process held %s MB, at most %s are allowed", what, megabytes(got), megabytes(most))
		}
	}
	touch("")
	bounded("one state", maxPeak)
	relist := func() { // ten runs, and who asks what they listed
		for n := range 10 {
			c.commitClusterList(t, n)
			if got := stripTimes(t, invokeFor(t, q, newEvent(t, "/?Action=ListClusters&Version=2018-04-12&PageSize=50",
				nil), 200)); !strings.Contains(got, fmt.Sprintf(`"Count":%d,`, n)) {
				t.Fatalf("ListClusters does not tell of the last run: %.300s", got)
			}
		}
	}
	relist()
	bounded("and its clusters, listed anew", maxPeak)
	for i := range c.lists { // every list is another one now
		c.lists[i] = c.lists[i][1:]
	}
	c.commitLists(t)
	touch("")
	relist()
	bounded("old and new", maxPeak)
	touch("&at=1")
	bounded("and as it was", maxHistory)
	ask("/v1/images/" + c.lists[0][0].ImageID)
	ask("/v1/changes?since=1&limit=1000")
	ask("/v1/diff?from=1&to=2&ClusterId=" + c.clusters[0])
	bounded("and its history", maxHistory)
}

// TestInstanceIsLost kills the process while 16 lookups are in flight: those
// fail, and no other.
func TestInstanceIsLost(t *testing.T) {
	t.Parallel()
	rounds := 6
	if *faultsLong {
		rounds = 500
	}
	const inFlight = 16
	c := newTestRegion(t, tiny)
	front := openProxy(t, c)
	binary := buildQuery(t)
	q, err := fctest.Start(t.Context(), binary,
		fctest.Options{Env: append(c.functionEnv("QUERY_HEAD_TTL=0s"), "OSS_ENDPOINT="+front.url),
			Credentials: c.credentials(), Concurrency: inFlight})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Stop)
	ask := newEvent(t, "/v1/images?ClusterId=*", nil)
	want := stripTimes(t, invokeFor(t, q, ask, 200))
	var lost, answered atomic.Int64
	for round := range rounds {
		before, _ := q.Process()
		arrived := make(chan struct{}, 1)
		front.setFault(func(osstest.Request) *osstest.Fault {
			select {
			case arrived <- struct{}{}:
			default:
			}
			return &osstest.Fault{Delay: 10 * time.Second} // keeps the lookups in flight
		})
		var group sync.WaitGroup
		for range inFlight {
			group.Go(func() {
				r, err := q.Invoke(t.Context(), ask)
				switch {
				case err != nil:
					t.Error(err)
				case r.Error == nil: // it came too late to be killed
					if out, err := fctest.ParseHTTPResponse(r.Payload); err != nil || out.Status != 200 {
						t.Errorf("answered %d, %v", out.Status, err)
					}
					answered.Add(1)
				case r.Error.Type == fctest.ProcessExited:
					lost.Add(1)
				default:
					t.Error(r.Error)
				}
			})
		}
		<-arrived
		time.Sleep(time.Duration(round*37%50) * time.Millisecond) // somewhere in the middle
		front.clearFaults()                                       // for those that come late; the others wait on
		q.Kill()
		group.Wait()
		for range inFlight {
			if got := stripTimes(t, invokeFor(t, q, ask, 200)); got != want {
				t.Fatalf("after the loss: %.300s", got)
			}
		}
		after, _ := q.Process()
		if after.Pid == before.Pid {
			t.Error("the process is the same")
		}
	}
	if lost.Load()+answered.Load() != int64(rounds*inFlight) || lost.Load() == 0 {
		t.Errorf("of %d lookups %d were lost and %d answered", rounds*inFlight, lost.Load(), answered.Load())
	}
	t.Logf("%d instances killed: %d lookups in flight lost, %d after that answered", rounds, lost.Load(),
		int64(rounds*inFlight)+answered.Load())
}
