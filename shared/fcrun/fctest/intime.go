package fctest

import (
	"testing"
	"time"
)

// heldUp is more than a machine that is not busy with other things holds up a
// goroutine that only sleeps: 7 ms on two cores with these tests alone, 46 ms
// with the race detector. On one with five times as many processes as cores it
// was 150 to 770 ms.
const heldUp = 50 * time.Millisecond

// InTime tries what depends on time and reports its error. Where meanwhile the
// machine held up this process, it may have held up the one that is tested as
// well: that is tried again, five times at the most. On a calm machine one error
// is enough, so that a program that is wrong now and then is not taken for a
// good one. A try begins anew, and fails the test itself for whatever no delay
// explains.
func InTime(t testing.TB, try func() error) {
	t.Helper()
	inTime(t, watchMachine, try)
}

func inTime(t testing.TB, watch func() (stop func() time.Duration), try func() error) {
	t.Helper()
	for n := 1; ; n++ {
		most, err := watched(watch, try)
		if err == nil {
			return
		}
		if n == 5 || most < heldUp {
			t.Errorf("try %d: %v; meanwhile the machine was late by %s at most", n, err, most)
			return
		}
		t.Logf("trying again, for the machine was late by %s: %v", most, err)
	}
}

// watched is a try, and by how much the machine was late meanwhile.
func watched(watch func() (stop func() time.Duration), try func() error) (most time.Duration, err error) {
	stop := watch()
	defer func() { most = stop() }() // a try may end the test
	return 0, try()
}

// watchMachine sleeps again and again; what it returns ends that and is the
// longest time by which a sleep was too long.
func watchMachine() (stop func() time.Duration) {
	ended, most := make(chan struct{}), make(chan time.Duration)
	go func() {
		const nap = 2 * time.Millisecond
		var late time.Duration
		for {
			began := time.Now()
			select {
			case <-time.After(nap):
				late = max(late, time.Since(began)-nap)
			case <-ended: // which may have been held up as well
				most <- max(late, time.Since(began)-nap)
				return
			}
		}
	}()
	return func() time.Duration { close(ended); return <-most }
}
