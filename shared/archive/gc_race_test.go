package archive_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

// heldCall is a state that a reader has read and goes on using.
type heldCall struct {
	since  time.Time
	region *archive.Region
}

// TestReadersAgainstSweeps lets sweeps run while a run commits and readers use
// states, of now and of the past, that they have read up to a grace period
// ago. Every snapshot of such a state is there.
func TestReadersAgainstSweeps(t *testing.T) {
	t.Parallel()
	rounds := 1000
	if raceEnabled {
		rounds = 150
	}
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	random := rand.New(rand.NewPCG(16, 16))
	reader := archive.New(b.mem, b.keys)
	ctx := context.Background()
	var states []heldCall
	removed, read := 0, 0
	b.commitStep("first")
	for round := range rounds {
		b.now = b.now.Add(time.Duration(random.IntN(18*60)) * time.Minute)
		now := b.readNow()
		states = append(states, heldCall{b.now, now})
		if past, err := reader.At(ctx, now, b.now.AddDate(0, 0, -random.IntN(40))); err == nil {
			states = append(states, heldCall{b.now, past})
		}
		for b.now.Sub(states[0].since) >= archive.Grace {
			states = states[1:]
		}
		base := b.loadBase()
		run := b.newRun(b.newCheck(base, scopeOf("", ""), fmt.Sprint("v", random.IntN(20))),
			b.newCheck(base, scopeOf("ehpc-1", ""), fmt.Sprint("w", random.IntN(200))))
		var group sync.WaitGroup
		group.Go(func() {
			sweep, err := b.newCollector(b.mem, 1).Collect(ctx, region)
			if err != nil {
				t.Errorf("round %d: %v", round, err)
			}
			removed += sweep.Removed
		})
		group.Go(func() {
			if random.IntN(3) > 0 {
				b.commit(base, run)
			}
		})
		group.Go(func() {
			for _, h := range states {
				for _, s := range h.region.Scopes() {
					if s.Digest == "" {
						continue
					}
					read++
					if _, err := reader.Snapshot(ctx, s.Scope(region), s.Digest); err != nil {
						t.Errorf("round %d, a state of commit %d read at %s: %v", round, h.region.Sequence, h.since,
							err)
					}
				}
			}
		})
		group.Wait()
		if round%50 == 49 {
			if audit := b.verifyRegion(); len(audit.Findings) > 0 {
				t.Fatalf("round %d: %v", round, audit.Findings)
			}
		}
	}
	if removed == 0 {
		t.Errorf("%d rounds removed only %d objects", rounds, removed)
	}
	t.Logf("%d rounds, %d snapshots read, %d objects removed, 0 missed", rounds, read, removed)
}

// newFixtureWithOrphan returns a fixture with an old orphan, the content "x" of a scope, which
// the next run wants.
func newFixtureWithOrphan(t *testing.T) *fixture {
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	b.commitStep("a")
	dead := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Verb == "append" {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	})
	base := b.loadBase()
	if _, err := archive.NewWriter(dead, b.keys, func() time.Time {
		return b.now
	}).Commit(context.Background(), base, b.newRun(b.newCheck(base, scopeOf("", ""), "x"))); err == nil {
		t.Fatal("the run did not die")
	}
	b.now = b.now.Add(archive.Grace)
	return b
}

// commitImageX commits the orphan's content.
func (b *fixture) commitImageX(bucket archive.Bucket) error {
	w := archive.NewWriter(bucket, b.keys, func() time.Time { return b.now })
	base := b.loadBase()
	_, err := w.Commit(context.Background(), base, b.newRun(b.newCheck(base, scopeOf("", ""), "x")))
	return err
}

// holdCall runs other right before the k-th call; hit is true if there is one.
func holdCall(b *fixture, k int, other func()) (faulty *buckettest.Faulty, hit *bool) {
	hit = new(bool)
	return buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.N != k {
			return nil
		}
		*hit = true
		return &buckettest.Fault{Before: other}
	}), hit
}

// TestRunCommitsAnOrphanDuringItsSweep holds a sweep at each of its calls while a
// whole run commits the orphan's content, and the other way round.
func TestRunCommitsAnOrphanDuringItsSweep(t *testing.T) {
	t.Parallel()
	check := func(b *fixture, name string) {
		t.Helper()
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: %v", name, audit.Findings)
		}
		b.wantContents(b.readNow(), "_any/_any ok x=\n")
	}
	for k := 1; ; k++ {
		b := newFixtureWithOrphan(t)
		faulty, hit := holdCall(b, k, func() {
			if err := b.commitImageX(b.mem); err != nil {
				t.Errorf("a sweep held at call %d: the run: %v", k, err)
			}
		})
		sweep, err := b.newCollector(faulty, 13).Collect(context.Background(), region)
		if !*hit {
			if k < 12 || sweep.Removed != 1 {
				t.Errorf("an undisturbed sweep has %d calls and removes %d", k-1, sweep.Removed)
			}
			break
		}
		if err != nil {
			t.Errorf("a sweep held at call %d: %v", k, err)
		}
		check(b, fmt.Sprint("a sweep held at call ", k))
	}
	for k := 1; ; k++ {
		b := newFixtureWithOrphan(t)
		faulty, hit := holdCall(b, k, func() { b.collectGarbage(13) })
		if err := b.commitImageX(faulty); err != nil {
			t.Errorf("a run held at call %d: %v", k, err)
		}
		if !*hit {
			break
		}
		check(b, fmt.Sprint("a run held at call ", k))
	}
}

// TestSweepDiesAfterItsRemoval: a sweep that found the orphan old is held
// while a run writes it anew, removes it then and dies without looking again.
// The run, which is held before its append or its head in turn, looks again.
func TestSweepDiesAfterItsRemoval(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"append", "put HEAD"} {
		b := newFixtureWithOrphan(t)
		removing, gone := buckettest.NewGate(), make(chan struct{})
		sweeper := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.Verb == "delete" {
				return &buckettest.Fault{Before: removing.Wait}
			}
			select {
			case <-removing.Reached:
				return &buckettest.Fault{Err: buckettest.ErrInjected} // dead
			default:
				return nil
			}
		})
		go func() {
			defer close(gone)
			if _, err := b.newCollector(sweeper, 13).Collect(context.Background(), region); !errors.Is(err,
				buckettest.ErrInjected) {
				t.Errorf("the sweep did not die: %v", err)
			}
		}()
		<-removing.Reached
		runner := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.Verb == at || op.Verb == "put" && strings.HasSuffix(op.Key, "head.json") && at == "put HEAD" {
				return &buckettest.Fault{Before: func() { removing.Open(); <-gone }}
			}
			return nil
		})
		if err := b.commitImageX(runner); err != nil {
			t.Errorf("held at %s: %v", at, err)
		}
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("held at %s: %v", at, audit.Findings)
		}
		b.wantContents(b.readNow(), "_any/_any ok x=\n")
	}
}

// TestSweepPausesAndDies holds a sweep at each of its calls while a whole
// run commits the orphan's content. Then the sweep goes on, and dies after its
// first removal. The object is lost only if the sweep stood still in the
// removal itself, and for less time than a removal may come after the look
// that it goes by; verify says so.
func TestSweepPausesAndDies(t *testing.T) {
	t.Parallel()
	for still, want := range map[time.Duration]string{time.Second: "[delete]", 10 * time.Second: "[]"} {
		if lost := fmt.Sprint(stallSweep(t, still)); lost != want {
			t.Errorf("the object is lost when the sweep stands still for %s at %v, want %v", still, lost, want)
		}
	}
}

func stallSweep(t *testing.T, still time.Duration) (lost []string) {
	synctest.Test(t, func(t *testing.T) {
		for k := 1; ; k++ {
			b := newFixtureWithOrphan(t)
			held, removed := "", false
			sweeper := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if removed {
					return &buckettest.Fault{Err: buckettest.ErrInjected} // dead
				}
				removed = op.Verb == "delete"
				if op.N != k {
					return nil
				}
				held = op.Verb
				return &buckettest.Fault{Before: func() {
					if err := b.commitImageX(b.mem); err != nil {
						t.Errorf("held at call %d: the run: %v", k, err)
					}
					time.Sleep(still)
				}}
			})
			_, _ = b.newCollector(sweeper, 13).Collect(context.Background(), region)
			if held == "" {
				break
			}
			if len(b.verifyRegion().Findings) > 0 {
				lost = append(lost, held)
			} else {
				b.wantContents(b.readNow(), "_any/_any ok x=\n")
			}
		}
	})
	return lost
}

// TestMonthGoneOnThe31st: a month before 31 December is later in the day than
// one before 1 January. A month that went on the 31st, and whose removal
// another run's head has made forgotten, is not taken for lost on the 1st.
func TestMonthGoneOnThe31st(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	b.commitStep("a")
	for _, day := range []int{1, 4, 20, 25} {
		b.now = time.Date(2026, 12, day, 5, 0, 0, 0, time.UTC)
		b.commitStep("a", fmt.Sprint(day))
	}
	b.now = time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC)
	forgetful := b.readObject(headKey)
	if sweep := b.collectGarbage(1); sweep.Removed != 2 { // the log of November and its index
		t.Errorf("on 31 December: %+v", sweep)
	}
	b.putObject(headKey, forgetful)
	b.now = time.Date(2027, 1, 1, 3, 0, 0, 0, time.UTC)
	if sweep := b.collectGarbage(1); sweep.Removed != 0 {
		t.Errorf("on 1 January: %+v", sweep)
	}
}

// TestReadingCommitsWhileMonthsAreRemoved: a reader that is in the middle of the log when the
// rest of the expired months is removed is told, and begins anew.
func TestReadingCommitsWhileMonthsAreRemoved(t *testing.T) {
	t.Parallel()
	b, _ := newLongHistory(t, 20)
	a, now := archive.New(b.mem, b.keys), b.readNow()
	var early *archive.TooEarlyError
	n, swept := int64(0), false
	for l, err := range a.Commits(context.Background(), now, 1) {
		if err != nil {
			if !errors.As(err, &early) {
				t.Errorf("in the middle: %v", err)
			}
			break
		}
		if n = l.Sequence; !swept {
			b.collectGarbage(13)
			swept = true
		}
	}
	if early == nil || early.FirstSequence <= n+1 {
		t.Fatalf("commits end with %d and go on with %+v", n, early)
	}
	for l, err := range a.Commits(context.Background(), now, n+1) {
		if err != nil || l.Sequence < early.FirstSequence {
			t.Errorf("commits go on with %+v, %v", l, err)
		}
		break
	}
}
