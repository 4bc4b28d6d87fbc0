package main

import (
	"sync"
	"testing"

	"community-images/shared/fcrun/fctest"
)

// TestDuplicateEvents delivers each timer event two to eight times at once. To
// one instance, which FC is told to keep to, they come one after the other:
// E-HPC is asked once. To an instance each, which nothing but that setting
// prevents, it is asked by each, and still there is one commit.
func TestDuplicateEvents(t *testing.T) {
	t.Parallel()
	rounds := 30
	if *faultsLong {
		rounds = 1000
	}
	for name, instances := range map[string]int{"one instance": 1, "an instance each": 8} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, fleet := newFixture(t), newFleetState(6, 3)
			fleet.cycle = 1000
			w.ehpc.SetData(fleet.upstreamData())
			functions := make([]*fctest.Function, instances)
			for i := range functions {
				functions[i] = w.startFunction("snapshot")
			}
			w.runSnapshot(functions[0])
			one, q := w.ehpc.Calls(), w.startFunction("query")
			deliveries, calls, most := 0, 0, 0
			for round := range rounds {
				fleet.changeSomeLists()
				w.ehpc.SetData(fleet.upstreamData())
				before := w.ehpc.Calls()
				event, copies := []byte(timerEventNow()), 2+round%7
				stop := w.watchLookups(q)
				var group sync.WaitGroup
				for i := range copies {
					group.Go(func() {
						response, err := functions[i%instances].Invoke(t.Context(), event)
						if err != nil || response.Error != nil {
							t.Error(err, response.Error)
						}
					})
				}
				group.Wait()
				stop()
				for v, want := range fleet.expectedViews(t) {
					if text, sequence := w.readView(q, v, ""); text != want || sequence != round+2 {
						t.Fatalf("%d copies of event %d end at commit %d, %s shows %s, want %s", copies, round,
							sequence, views[v], text, want)
					}
				}
				n := w.ehpc.Calls() - before
				deliveries, calls, most = deliveries+copies, calls+n, max(most, n)
				if n < one || instances == 1 && n > one || n > copies*one {
					t.Errorf("%d copies make %d calls, one run makes %d", copies, n, one)
				}
			}
			if audit := w.auditArchive(); len(audit.Findings)+len(audit.Orphans) > 0 || audit.Commits != rounds+1 {
				t.Errorf("audit is %+v", audit)
			}
			t.Logf("%d events, delivered %d times: %d commits; %.2f times the calls of one run each, at most %.2f",
				rounds, deliveries, rounds, float64(calls)/float64(rounds*one), float64(most)/float64(one))
		})
	}
}
