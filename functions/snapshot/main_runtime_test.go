package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// TestInvalidEventsOfTheRealBinary: each costs one error reply and asks nobody anything.
func TestInvalidEventsOfTheRealBinary(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	f := w.startFunction("snapshot")
	w.runSnapshot(f)
	first, _ := f.Process()
	calls := w.ehpc.Calls()
	w.oss.Requests()
	deep := strings.Repeat(`{"a":`, 20000)
	for _, event := range []string{
		"0", `"x"`, "[]", "{", `{"clusters":1}`, `{"cluster":[]}`, `{"clusters":["../x"]}`, `{"clusters":["a\u0000b"]}`,
		`{"regions":["cn-nowhere"]}`, `{"shard":"0/4"}`, `{"shard":"1/99999999999999999999"}`,
		`{"accept":["a"]}`, `{"accept":["cn-hangzhou/../.."]}`, `{"instanceTypes":["%00"]}`, `{"triggerTime":1}`,
		`{"triggerName":"t","payload":"awesome"}`, `{"triggerName":"t","payload":"{\"x\":1}"}`,
		`{"triggerName":"t","payload":7}`, deep, "\xff\xfe\x00", "<html>", strings.Repeat("x", 300<<10),
		`{"clusters":[` + strings.Repeat(`"a",`, 100000) + `"a"]}x`,
	} {
		response, err := f.Invoke(t.Context(), []byte(event))
		if err != nil || response.Error == nil || response.Error.Type != "InvocationFailed" ||
			len(response.Error.Message) > 2<<10 {
			t.Errorf("%.80q is answered %.300s, %v, %v", event, response.Payload, response.Error, err)
		}
	}
	if n := w.ehpc.Calls() - calls; n > 0 || w.oss.Requests() != "" {
		t.Errorf("%d calls were made for them", n)
	}
	if last, _ := f.Process(); last.Pid != first.Pid {
		t.Error("the process has ended")
	}
	w.runSnapshot(f)
}

// TestNothingIsCommittedAfterTheDeadline tells the function a deadline that has
// passed, and ones that half of E-HPC or all writes of OSS outlast by half. It
// answers in time, what arrives at OSS arrives in time, and the next run goes
// on.
func TestNothingIsCommittedAfterTheDeadline(t *testing.T) {
	t.Parallel()
	const (
		limit  = 2 * time.Second
		travel = 250 * time.Millisecond // of a request, on a busy machine
	)
	for name, tc := range map[string]struct {
		left      time.Duration
		ehpc      time.Duration // for the scopes of one cluster
		oss       string        // requests of this method take 1.5 times the limit
		committed bool
	}{
		"a deadline that has passed":       {left: -time.Hour},
		"a deadline that is now":           {left: 0},
		"a cluster that outlasts the rest": {left: limit, ehpc: limit * 3 / 2, committed: true},
		"snapshots that outlast it":        {left: limit, oss: "PUT"},
		"a log that outlasts it":           {left: limit, oss: "POST"},
		"a state that outlasts it":         {left: limit, oss: "GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, fleet := newFixture(t), newFleetState(6, 14)
			w.ehpc.SetData(fleet.upstreamData())
			f := w.startFunction("snapshot")
			w.runSnapshot(f)
			fctest.InTime(t, func() error {
				fleet.changeSomeLists()
				w.ehpc.SetData(fleet.upstreamData())
				deadline := time.Now().Add(tc.left)
				var late atomic.Int64
				w.oss.SetFault(func(r osstest.Request) *osstest.Fault {
					if r.Method != "GET" && time.Now().After(deadline.Add(travel)) {
						late.Add(1)
					}
					if r.Method == tc.oss {
						return &osstest.Fault{Delay: limit * 3 / 2, Status: 503, Code: "ServiceUnavailable"}
					}
					return nil
				})
				w.fault.Store(func(c ehpctest.Call) *ehpctest.Fault {
					if c.ClusterID == "ehpc-hz-01" {
						return &ehpctest.Fault{Delay: tc.ehpc}
					}
					return nil
				})
				began := time.Now()
				response, err := f.Do(t.Context(), fctest.Call{Event: []byte(timerEventNow()), Deadline: deadline})
				took := time.Since(began)
				if err != nil || response.Error != nil && response.Error.Type != "InvocationFailed" {
					t.Fatal(err, response.Error)
				}
				if response.Error == nil && !tc.committed {
					t.Errorf("answered %.300s", response.Payload)
				}
				time.Sleep(time.Until(deadline.Add(limit / 4))) // whoever would be late
				w.oss.SetFault(nil)
				w.fault.Store(func(ehpctest.Call) *ehpctest.Fault { return nil })
				if c := w.runSnapshot(f).Regions[0].Counts; c.Failed+c.Left+c.Lost > 0 {
					t.Errorf("the next run ends with %+v", c)
				}
				if audit := w.auditArchive(); len(audit.Findings) > 0 {
					t.Errorf("audit is %+v", audit)
				}
				if most := max(tc.left, 0) + time.Second; took > most || late.Load() > 0 || tc.committed &&
					response.Error != nil {
					return fmt.Errorf("answered after %s, at most %s is allowed; %d requests that write arrived "+
						"after the deadline; %v", took, most, late.Load(), response.Error)
				}
				return nil
			})
		})
	}
}

// TestBucketThatRefuses: no access, no bucket, and more than it grants, for
// every request of a run or for its writes alone. The run fails, so that FC
// tries again, nothing is changed, and the next run goes on.
func TestBucketThatRefuses(t *testing.T) {
	t.Parallel()
	w, fleet := newFixture(t), newFleetState(4, 15)
	w.ehpc.SetData(fleet.upstreamData())
	f, q := w.startFunction("snapshot"), w.startFunction("query")
	w.runSnapshot(f)
	was := fleet.expectedViews(t)
	fleet.changeSomeLists()
	w.ehpc.SetData(fleet.upstreamData())
	for _, fault := range []osstest.Fault{
		{Status: 403, Code: "AccessDenied"}, {Status: 404, Code: "NoSuchBucket"},
		{Status: 503, Code: "ServiceUnavailable"}, {Status: 503, Code: "QpsLimitExceeded"},
		{Status: 409, Code: "FileImmutable"},
	} {
		for _, writes := range []bool{false, true} {
			w.oss.SetFault(func(r osstest.Request) *osstest.Fault {
				if writes && r.Method == "GET" {
					return nil
				}
				return &fault
			})
			response, err := f.Invoke(t.Context(), []byte(timerEventNow()))
			w.oss.SetFault(nil)
			if err != nil || response.Error == nil ||
				!strings.Contains(response.Error.Message, "nothing could be committed") {
				t.Errorf("%s, writes alone %t: %.300s, %v, %v", fault.Code, writes, response.Payload, response.Error,
					err)
			}
			for v, want := range was {
				if text, _ := w.readView(q, v, ""); text != want {
					t.Errorf("%s: %s shows %s, want %s", fault.Code, views[v], text, want)
				}
			}
			if audit := w.auditArchive(); len(audit.Findings)+len(audit.Orphans) > 0 {
				t.Errorf("%s: %+v", fault.Code, audit)
			}
		}
	}
	if c := w.runSnapshot(f).Regions[0].Counts; c.Changed != 3 || c.Failed+c.Left > 0 {
		t.Errorf("then: %+v", c)
	}
}
