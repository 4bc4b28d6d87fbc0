package main

import (
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"community-images/shared/fcrun/fctest"
)

// TestFrozenThroughAnOutage keeps the process stopped between lookups, as FC
// does with an instance: nothing that a lookup left behind gets anywhere. The
// first lookup after the store is back, and after the pause between two tries,
// has the truth all the same.
func TestFrozenThroughAnOutage(t *testing.T) {
	t.Parallel()
	runInParallel(t, breakdowns, func(t *testing.T, b outageKind) {
		if b.slow || b.fault.Stall || b.fault.Delay > 0 {
			return // not an outage, or a try that runs on while frozen: the lookup after that is the first
		}
		c := newTestRegion(t, tiny)
		front := openProxy(t, c)
		ask := newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil)
		fctest.InTime(t, func() error {
			q := c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url, "QUERY_HEAD_TTL=1s")
			process, _ := q.Process()
			lookup := func(frozen time.Duration) fctest.HTTPResponse {
				sendSignal(t, process, syscall.SIGSTOP)
				time.Sleep(frozen)
				sendSignal(t, process, syscall.SIGCONT)
				return invokeFor(t, q, ask, 200)
			}
			lookup(0)
			front.injectFault(b.fault)
			if out := lookup(1100 * time.Millisecond); !checkAge(t, out) {
				t.Errorf("without the store the answer is not stale: %v", out.Headers)
			}
			front.clearFaults()
			return checkStale(t, lookup(1100*time.Millisecond))
		})
	})
}

// checkStale is the error of a lookup after an outage that has not read the
// head in the half second that it has for it.
func checkStale(t *testing.T, out fctest.HTTPResponse) error {
	t.Helper()
	if checkAge(t, out) {
		return fmt.Errorf("after the outage the answer is stale: %.400s", out.Body)
	}
	return nil
}

// TestFrozenDuringARefresh stops the process while a try to read the head of a store
// that hangs is under way, until the store is back and the try's time is over.
// The first lookup after the thaw has the truth.
func TestFrozenDuringARefresh(t *testing.T) {
	t.Parallel()
	hangs := slices.DeleteFunc(slices.Clone(breakdowns), func(b outageKind) bool {
		return b.slow || !b.fault.Stall && b.fault.Delay == 0
	})
	if len(hangs) != 2 {
		t.Errorf("of the breakdowns %d hang", len(hangs))
	}
	runInParallel(t, hangs, func(t *testing.T, b outageKind) {
		c := newTestRegion(t, tiny)
		front := openProxy(t, c)
		ask := newEvent(t, "/v1/images?ClusterId="+c.clusters[0], nil)
		fctest.InTime(t, func() error {
			q := c.startFunction(t, buildQuery(t), "OSS_ENDPOINT="+front.url, "QUERY_HEAD_TTL=100ms")
			process, _ := q.Process()
			invokeFor(t, q, ask, 200)
			front.injectFault(b.fault)
			time.Sleep(150 * time.Millisecond)
			if out := invokeFor(t, q, ask, 200); !checkAge(t, out) {
				t.Errorf("without the store the answer is not stale: %v", out.Headers)
			}
			sendSignal(t, process, syscall.SIGSTOP)
			front.clearFaults()
			time.Sleep(3 * time.Second)
			sendSignal(t, process, syscall.SIGCONT)
			return checkStale(t, invokeFor(t, q, ask, 200))
		})
	})
}

func sendSignal(t *testing.T, p *os.Process, s os.Signal) {
	t.Helper()
	if err := p.Signal(s); err != nil {
		t.Fatal(err)
	}
}
