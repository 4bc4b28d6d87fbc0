package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// faultsLong selects the long forms of the fault tests.
var faultsLong = flag.Bool("faults.long", false, "try faults for minutes instead of seconds")

var tiny = regionSize{"3x5", 3, 5, 10}

// outageKind is a way in which the store is not there. slow is one that answers
// late, but within the time that a lookup waits.
type outageKind struct {
	name  string
	fault osstest.Fault
	slow  bool
}

var breakdowns = []outageKind{
	{"connections are refused", osstest.Fault{}, false}, // the door is shut
	{"connections are reset", osstest.Fault{Reset: true}, false},
	{"no byte comes", osstest.Fault{Delay: time.Hour}, false},
	{"half a body comes", osstest.Fault{Stall: true}, false},
	{"access is denied", osstest.Fault{Status: 403, Code: "AccessDenied"}, false},
	{"the service is unavailable", osstest.Fault{Status: 503, Code: "ServiceUnavailable"}, false},
	{"a proxy answers with a page", osstest.Fault{Status: 502, Body: "<html>Bad Gateway</html>"}, false},
	{"answers take 100 ms", osstest.Fault{Delay: 100 * time.Millisecond}, true},
}

// outageTimes is how long the store is away, and how often it is asked about.
type outageTimes struct{ lasts, ttl, every time.Duration }

func newOutageTimes() outageTimes {
	if *faultsLong {
		return outageTimes{lasts: 10 * time.Minute, ttl: 5 * time.Second, every: 5 * time.Millisecond}
	}
	return outageTimes{lasts: 1200 * time.Millisecond, ttl: time.Second, every: 10 * time.Millisecond}
}

// TestOutageWhileServing takes the store away from an instance that has its
// data at hand. Every lookup is answered from memory, with its age, and marked
// stale once the head would have been read again; the store is asked by one at
// a time and with pauses; what was committed meanwhile shows soon after.
func TestOutageWhileServing(t *testing.T) {
	t.Parallel()
	runInParallel(t, breakdowns, func(t *testing.T, b outageKind) {
		o := newOutageTimes()
		c := newTestRegion(t, tiny)
		front := openProxy(t, c)
		q := c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url, "QUERY_HEAD_TTL="+o.ttl.String())
		targets := outageTargets(c)
		before := map[string]string{}
		for _, target := range targets {
			before[target] = stripTimes(t, invokeFor(t, q, newEvent(t, target, nil), 200))
		}

		front.injectFault(b.fault)
		var normal, during timedAnswers
		var asked int64
		fctest.InTime(t, func() (late error) {
			front.resetCounts()
			began := time.Now()
			// An instance that has the store is what the times are compared with.
			var group sync.WaitGroup
			group.Go(func() {
				normal = lookUpUntil(t, c.startFunction(t, buildQuery(t)), targets, before, o.every,
					began.Add(o.ttl+o.lasts))
			})
			during = lookUpUntil(t, q, targets, before, o.every, began.Add(o.ttl+o.lasts))
			group.Wait()
			for _, l := range during {
				if !b.slow && !l.stale && l.began.After(began.Add(o.ttl)) {
					t.Fatalf("%s after the store went away %s is not answered as stale", l.began.Sub(began), l.target)
				}
				if b.slow && l.stale { // a second was not enough
					late = fmt.Errorf("%s is answered as stale after %s", l.target, l.took)
				}
			}
			var most int64
			asked, most = front.requestCounts()
			tries := int64(2 + (o.lasts+o.ttl)/(o.ttl/2)) // pauses are at least half an interval
			if most > 1 || asked > tries*maxTries && !b.slow {
				t.Errorf("the store got %d requests, %d at once; at most %d and 1 were due", asked, most,
					tries*maxTries)
			}
			return late
		})

		if p, most := during.quantile(0.99), normal.quantile(0.99)*3/2; *faultsLong && p > most {
			t.Errorf("p99 is %s, at most %s is allowed", p, most)
		}

		var fresh time.Duration
		fctest.InTime(t, func() error {
			front.injectFault(b.fault)
			if fresh > 0 {
				time.Sleep(o.ttl) // another, shorter outage
			}
			fresh = waitUntilFresh(t, c, front, q, o)
			if most := o.ttl + time.Second; fresh > most {
				return fmt.Errorf("it is fresh %s after the store came back, at most %s is allowed", fresh, most)
			}
			return nil
		})
		t.Logf("p99 %s of %d lookups with the store, %s of %d without it, which got %d requests; fresh after %s",
			normal.quantile(0.99), len(normal), during.quantile(0.99), len(during), asked, fresh)
	})
}

// waitUntilFresh changes a list, ends the outage, and is the time until that shows.
func waitUntilFresh(t *testing.T, c *testRegion, front *proxy, q *fctest.Function, o outageTimes) time.Duration {
	t.Helper()
	ask := newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil)
	was := stripTimes(t, invokeFor(t, q, ask, 200))
	c.lists[0] = c.lists[0][1:]
	c.commitLists(t)
	front.clearFaults()
	for began := time.Now(); ; time.Sleep(o.every) {
		out, took := invokeFor(t, q, ask, 200), time.Since(began)
		if out.Headers["Warning"] == "" && stripTimes(t, out) != was {
			return took
		}
		if took > time.Minute {
			t.Fatalf("%s after the store came back the answer is %.300s", took, out.Body)
		}
	}
}

// runInParallel runs a test for each way at the same time, however few processors
// there are: such tests wait rather than work.
func runInParallel(t *testing.T, ways []outageKind, test func(*testing.T, outageKind)) {
	var group sync.WaitGroup
	defer group.Wait()
	for _, b := range ways {
		group.Go(func() { t.Run(b.name, func(t *testing.T) { test(t, b) }) })
	}
}

// maxTries is how many requests one read of the head may become: it is tried
// three times, and net/http tries a connection that was idle once more.
const maxTries = 3 + 2

func outageTargets(c *testRegion) []string {
	return []string{
		"/v1/images?ClusterId=" + c.clusters[0], "/v1/images?ClusterId=*&sort=-Size&format=csv",
		"/v1/images?ClusterId=" + c.clusters[1] + "&Status=Available&format=ids",
		"/v1/images/" + c.lists[2][0].ImageID, "/v1/clusters", "/v1/status", "/v1/matrix?ClusterId=*", "/v1/changes",
		"/healthz",
	}
}

// stripTimes is the part of an answer that must not change while the data does
// not: in json all but ids, times and ages.
func stripTimes(t *testing.T, out fctest.HTTPResponse) string {
	t.Helper()
	var all map[string]json.RawMessage
	if json.Unmarshal(out.Body, &all) != nil {
		return string(out.Body)
	}
	delete(all, "RequestId")
	delete(all, "Snapshot")
	delete(all, "Regions")
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// timedAnswer is one lookup and how it was answered.
type timedAnswer struct {
	target string
	began  time.Time
	took   time.Duration
	stale  bool
}

type timedAnswers []timedAnswer

func (l timedAnswers) quantile(q float64) time.Duration {
	took := make([]time.Duration, len(l))
	for i, s := range l {
		took[i] = s.took
	}
	return quantile(took, q)
}

// lookUpUntil asks one lookup after the other and demands what it had before.
func lookUpUntil(t *testing.T, q *fctest.Function, targets []string, before map[string]string, every time.Duration,
	until time.Time) timedAnswers {
	t.Helper()
	var all timedAnswers
	for n := 0; time.Now().Before(until); n++ {
		s := timedAnswer{target: targets[n%len(targets)], began: time.Now()}
		out := invokeFor(t, q, newEvent(t, s.target, nil), 200)
		s.took = time.Since(s.began)
		if got := stripTimes(t, out); got != before[s.target] {
			t.Fatalf("%s is answered %.300s, was %.300s", s.target, got, before[s.target])
		}
		if s.target != "/healthz" {
			s.stale = checkAge(t, out)
			all = append(all, s)
		}
		time.Sleep(every - s.took)
	}
	return all
}

// checkAge demands that an answer tells its age and that all its places agree
// on whether it is stale.
func checkAge(t *testing.T, out fctest.HTTPResponse) (stale bool) {
	t.Helper()
	stale = out.Headers["Warning"] == `110 - "Response is Stale"`
	if age, err := strconv.Atoi(out.Headers["X-Snapshot-Age"]); err != nil || age < 0 || age > 3600 {
		t.Fatalf("headers %v do not tell the age", out.Headers)
	}
	var body struct {
		Snapshot *struct {
			AgeSeconds  *int
			Stale       bool
			StaleScopes []struct{ Scope, Since, Reason string }
		}
	}
	if !strings.HasPrefix(out.Headers["Content-Type"], "application/json") {
		return stale
	}
	if err := json.Unmarshal(out.Body, &body); err != nil || body.Snapshot == nil || body.Snapshot.AgeSeconds == nil {
		t.Fatalf("%.300s does not tell the age: %v", out.Body, err)
	}
	s := body.Snapshot
	if s.Stale != stale || s.Stale != (len(s.StaleScopes) > 0) {
		t.Fatalf("%v and %+v do not agree", out.Headers, s)
	}
	if stale && (s.StaleScopes[0].Scope != "*" || s.StaleScopes[0].Since == "" ||
		!strings.Contains(s.StaleScopes[0].Reason, "storage cannot be reached")) {
		t.Fatalf("the reason is %+v", s.StaleScopes)
	}
	return stale
}

// TestOutageAtTheStart starts an instance while the store is away: it is told
// so in time, and answers with the first request after the store is back.
func TestOutageAtTheStart(t *testing.T) {
	t.Parallel()
	runInParallel(t, breakdowns, func(t *testing.T, b outageKind) {
		c := newTestRegion(t, tiny)
		front := openProxy(t, c)
		front.injectFault(b.fault)
		ask := newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil)
		status := map[bool]int{false: 503, true: 200}[b.slow]
		var q *fctest.Function
		fctest.InTime(t, func() error {
			q = c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url)
			began := time.Now()
			out := invokeFor(t, q, ask, status)
			took := time.Since(began)
			if !b.slow && (out.Headers["Retry-After"] == "" || out.Headers["Cache-Control"] != "no-store" ||
				!strings.Contains(string(out.Body), `"Code":"StorageUnavailable"`)) {
				t.Errorf("answered with %v and %s", out.Headers, out.Body)
			}
			if took > 3*time.Second {
				return fmt.Errorf("answered after %s", took)
			}
			return nil
		})
		front.clearFaults()
		if out := invokeFor(t, q, ask, 200); out.Headers["Warning"] != "" {
			t.Errorf("the first answer has %v", out.Headers)
		}
	})
}

// slowHead is less than a request to the store may take, and with the time for
// the next reading alone it would be more than a lookup may take.
const slowHead = 1500 * time.Millisecond

// TestSlowHeadAndNothingMore starts an instance while the store takes its time
// for the head and does not give what comes next at all: the lookup is told in
// the same time as if nothing came.
func TestSlowHeadAndNothingMore(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/v1/images?ClusterId=ehpc-hz-00000000", "/v1/images?ClusterId=*",
		"/v1/images/{id}/history", "/v1/changes",
		"/?Action=ListCommunityImages&Version=2018-04-12&RegionId=cn-hangzhou&ClusterId=ehpc-hz-00000000"} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			c := newTestRegion(t, tiny)
			target := strings.ReplaceAll(target, "{id}", c.lists[0][0].ImageID)
			front := openProxy(t, c)
			var q *fctest.Function
			fctest.InTime(t, func() error {
				var more atomic.Bool // is asked for than the head
				var logs atomic.Int64
				front.setFault(func(r osstest.Request) *osstest.Fault {
					switch {
					case strings.HasSuffix(r.Key, "/head.json"):
						return &osstest.Fault{Delay: slowHead}
					case strings.Contains(r.Key, "/log/") && logs.Add(1) == 1: // what follows the head there
						return nil
					}
					more.Store(true)
					return &osstest.Fault{Delay: time.Hour}
				})
				q = c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url)
				began := time.Now()
				invokeFor(t, q, newEvent(t, target, nil), 503)
				if took := time.Since(began); took > 3*time.Second || !more.Load() {
					return fmt.Errorf("answered after %s; asked for more than the head: %t", took, more.Load())
				}
				return nil
			})
			front.clearFaults()
			for range 3 { // the first may share a read that began before
				if r, err := q.Invoke(t.Context(), newEvent(t, target, nil)); err != nil || r.Error != nil {
					t.Fatal(err, r.Error)
				} else if out, err := fctest.ParseHTTPResponse(r.Payload); err == nil && out.Status == 200 {
					return
				}
			}
			t.Error("after the store came back three lookups are not answered")
		})
	}
}

// TestDataThatIsTooOld asks an instance whose data has not been checked for
// longer than it may be, with and without the store.
func TestDataThatIsTooOld(t *testing.T) {
	t.Parallel()
	c := newTestRegion(t, tiny)
	front := openProxy(t, c)
	q := c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url, "QUERY_MAX_STALE=1s", "QUERY_HEAD_TTL=0s")
	ask := newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil)
	invokeFor(t, q, ask, 200)
	time.Sleep(1100 * time.Millisecond) // past the second that it may be old
	for _, row := range []struct {
		away bool
		want []string
	}{{false, []string{"not checked for more than 1s"}},
		{true, []string{"storage cannot be reached", "not checked for more than 1s"}}} {
		if row.away {
			front.injectFault(osstest.Fault{Status: 503, Code: "ServiceUnavailable"})
		}
		out := invokeFor(t, q, ask, 200)
		for _, want := range row.want {
			if out.Headers["Warning"] == "" || !strings.Contains(string(out.Body), want) {
				t.Errorf("without the store %t: %v %.400s, want %q", row.away, out.Headers, out.Body, want)
			}
		}
		out = invokeFor(t, q, newEvent(t, "/v1/images?maxAge=1s&ClusterId="+c.clusters[0], nil), 503)
		if !strings.Contains(string(out.Body), "SnapshotTooOld") || out.Headers["Retry-After"] == "" {
			t.Errorf("maxAge is answered %v %s", out.Headers, out.Body)
		}
	}
}
