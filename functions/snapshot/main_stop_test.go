package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
)

// stallingProxy is a way to OSS on which something happens before the n-th request.
type stallingProxy struct {
	next   http.Handler
	at     int64
	before func()
	count  atomic.Int64
}

// ServeHTTP implements http.Handler.
func (s *stallingProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.count.Add(1) == s.at {
		s.before()
	}
	s.next.ServeHTTP(w, r)
}

// TestStoppedAtEveryRequest stops the real binary with SIGSTOP at each of its
// requests to OSS until another run has committed newer lists of all scopes
// but one. Nothing newer is replaced, and the run ends with what it has lost.
func TestStoppedAtEveryRequest(t *testing.T) {
	t.Parallel()
	scopes := 3
	if *faultsLong {
		scopes = 20
	}
	w, fleet := newFixture(t), newFleetState(scopes, 4)
	w.setFleet(fleet)
	s := &stallingProxy{next: w.oss}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	slow, fast, q := w.startFunction("snapshot", "OSS_ENDPOINT="+
		server.URL), w.startFunction("snapshot"), w.startFunction("query")
	w.runSnapshot(slow)
	process, _ := slow.Process()
	signal := func(sig syscall.Signal) {
		if err := process.Signal(sig); err != nil {
			t.Error(err)
		}
	}
	stops, lost := 0, 0
	for at := int64(1); ; at++ {
		fleet.changeSomeLists()
		w.setFleet(fleet)
		struck := false
		s.before = func() {
			struck = true
			signal(syscall.SIGSTOP)
			fleet.changeSomeLists()
			w.setFleet(fleet)
			w.runSnapshot(fast)
			signal(syscall.SIGCONT)
		}
		s.at = at
		s.count.Store(0)
		stop := w.watchLookups(q)
		response, err := slow.Invoke(t.Context(), []byte(timerEventNow()))
		stop()
		var r report
		if err != nil || response.Error != nil || json.Unmarshal(response.Payload, &r) != nil {
			t.Fatalf("stopped at request %d: %v, %v", at, err, response.Error)
		}
		c := r.Regions[0].Counts
		if c.Failed+c.Left+c.Ended > 0 {
			t.Errorf("stopped at request %d: it ends with %+v", at, c)
		}
		if !struck {
			break
		}
		stops, lost = stops+1, lost+c.Lost
		w.runSnapshot(fast) // what the first one was too late for
		for v, want := range fleet.expectedViews(t) {
			if text, _ := w.readView(q, v, ""); text != want {
				t.Fatalf("stopped at request %d: %s shows %s, want %s", at, w.views[v], text, want)
			}
		}
		if audit := w.auditArchive(); len(audit.Findings) > 0 {
			t.Errorf("stopped at request %d: %v", at, audit.Findings)
		}
	}
	if stops < scopes+4 || lost < scopes {
		t.Errorf("%d stops, %d scopes lost", stops, lost)
	}
	t.Logf("%d scopes: %d stops, %d scopes lost to the other run, nothing newer replaced", scopes, stops, lost)
}
