package archive_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/fsck"
	"community-images/shared/catalog"
)

var (
	soakRuns = flag.Int("soak.runs", 150, "runs of the soak test")
	soakSeed = flag.Uint64("soak.seed", 1, "seed of the soak test")
)

// soak drives one region through random runs: sound ones, ones whose calls
// fail at random, with or without effect, ones that die in the middle, and
// several at once, with sweeps in between and at the same time, on an index
// that drifts and a clock that stumbles.
type soak struct {
	*fixture
	rand     *rand.Rand
	upstream map[string]int               // scope path -> version of its content
	claims   map[string]map[string]string // run id -> scope path -> digest that it saw
	logs     map[string][]byte            // what was in each log file after the last run
	last     *archive.Region              // what a reader saw last
	reader   *archive.Archive
	piece    int64 // bytes of the log that are read at a time
	faults   int
	deaths   int
	removed  int // objects, by sweeps
	ended    int // scopes, by commits of the last log that was read
}

// TestSoak: after every run the log has only grown, every commit is one that
// its run really saw, a reader never goes back, and verify is clean but for
// what a dead run may leave.
func TestSoak(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	s := &soak{
		fixture: b, rand: rand.New(rand.NewPCG(*soakSeed, 0)), upstream: map[string]int{},
		claims: map[string]map[string]string{},
		logs:   map[string][]byte{},
	}
	s.piece = 300 + s.rand.Int64N(5000)
	s.reader = newPiecedArchive(b.bucket, b.keys, s.piece)
	setPieceSize(b.writer.Archive, s.piece)
	for i := range 6 {
		s.upstream[fmt.Sprintf("ehpc-%d/_any", i)] = 0
	}
	for i := range *soakRuns {
		s.changeUpstream()
		clean := true
		switch s.rand.IntN(5) {
		case 0:
			s.checkFindings()
		case 1:
			clean = s.runFaulty(0.15)
		case 2:
			clean = s.runDying()
		case 3:
			s.runConcurrently(2 + s.rand.IntN(4))
		case 4:
			clean = s.runSweep()
		}
		s.checkState(i, clean)
		if t.Failed() {
			t.Fatalf("seed %d, run %d", *soakSeed, i)
		}
	}
	s.checkFindings()
	s.checkState(*soakRuns, true)
	if *soakRuns >= 600 && s.removed == 0 {
		t.Error("nothing was collected")
	}
	if s.ended == 0 {
		t.Error("no scope has ended")
	}
	t.Logf("%d runs, %d faults, %d deaths, %d commits, %d objects collected, the log read in pieces of %d bytes: "+
		"lost or wrong 0", *soakRuns, s.faults, s.deaths, s.last.Sequence, s.removed, s.piece)
}

// changeUpstream moves the clock, now and then back or into another month, and changes
// some content.
func (s *soak) changeUpstream() {
	switch step := s.rand.IntN(20); step {
	case 0:
		s.now = s.now.Add(-time.Hour)
	case 1:
		s.now = s.now.Add(20 * 24 * time.Hour)
	default:
		s.now = s.now.Add(time.Duration(step) * time.Minute)
	}
	for path := range s.upstream {
		if s.rand.IntN(3) == 0 {
			s.upstream[path]++
		}
	}
}

// newSoakRun asks about some scopes and remembers what was seen.
func (s *soak) newSoakRun(base *archive.Region, share int) archive.Run {
	run := s.newRun()
	claim := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(s.upstream)) {
		scope, err := catalog.ParseScopePath(region, path)
		if err != nil {
			s.t.Fatal(err)
		}
		switch n := s.rand.IntN(10); {
		case n >= share:
		case n == 0:
			run.Checks = append(run.Checks, s.newFailedCheck(scope, "ServiceUnavailable"))
		case n == 1 && s.rand.IntN(3) == 0: // it begins again with a later run
			if _, known := base.Scope(scope); known {
				run.Ended = append(run.Ended, scope)
			}
		default:
			// One image changes in all scopes, as often as the first scope does.
			shared := fmt.Sprint("shared=", s.upstream["ehpc-0/_any"]/2)
			c := s.newCheck(base, scope, "stays", shared, fmt.Sprint("v", s.upstream[path]))
			if c.Snapshot != nil {
				claim[path] = c.Snapshot.Digest
			}
			run.Checks = append(run.Checks, c)
		}
	}
	s.claims[run.RunID] = claim
	return run
}

func (s *soak) checkFindings() {
	base := s.loadBase()
	s.commit(base, s.newSoakRun(base, 10))
}

// runThrough makes a run whose every call goes through a hook, and reports
// whether it went well.
func (s *soak) runThrough(ctx context.Context, hook func(buckettest.Op) *buckettest.Fault) bool {
	now := s.now
	w := s.newWriterAt(buckettest.NewFaulty(s.mem, hook), now)
	base, err := w.Load(ctx, region)
	if err != nil {
		return false
	}
	res, err := w.Commit(ctx, base, s.newSoakRun(base, 8))
	return err == nil && res.HeadError == nil
}

// newWriterAt returns a writer by a clock that stands still.
func (s *soak) newWriterAt(bucket archive.Bucket, now time.Time) *archive.Writer {
	w := archive.NewWriter(bucket, s.keys, func() time.Time { return now })
	setPieceSize(w.Archive, s.piece)
	return w
}

// runFaulty breaks a share of the calls, half of them after they took place.
func (s *soak) runFaulty(share float64) bool {
	return s.runThrough(context.Background(), func(buckettest.Op) *buckettest.Fault {
		if s.rand.Float64() >= share {
			return nil
		}
		s.faults++
		return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: s.rand.IntN(2) == 0}
	})
}

// runDying ends a run for good at one of its calls.
func (s *soak) runDying() bool {
	ctx, die := context.WithCancel(context.Background())
	defer die()
	at, applied := 1+s.rand.IntN(14), s.rand.IntN(2) == 0
	return s.runThrough(ctx, func(op buckettest.Op) *buckettest.Fault {
		if op.N < at {
			return nil
		}
		if op.N == at {
			s.deaths++
			die()
		}
		return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied && op.N == at}
	})
}

// runConcurrently commits several runs at once that were planned on one state.
func (s *soak) runConcurrently(n int) {
	base, now := s.loadBase(), s.now
	var runs []archive.Run
	for range n {
		runs = append(runs, s.newSoakRun(base, 8))
		s.changeUpstream()
	}
	var group sync.WaitGroup
	for _, run := range runs {
		group.Go(func() {
			w := s.newWriterAt(s.mem, now)
			if _, err := w.Commit(context.Background(), base, run); err != nil {
				s.t.Error(err)
			}
		})
	}
	group.Wait()
}

// runSweep lets retention look after the region, alone with calls that fail or
// end it, or sound and at the same time as a run.
func (s *soak) runSweep() (clean bool) {
	if s.rand.IntN(2) == 0 {
		base, now := s.loadBase(), s.now
		run := s.newSoakRun(base, 8)
		var group sync.WaitGroup
		group.Go(func() {
			w := s.newWriterAt(s.mem, now)
			if _, err := w.Commit(context.Background(), base, run); err != nil {
				s.t.Error(err)
			}
		})
		s.runCollector(s.mem, true)
		group.Wait()
		return true
	}
	dies := 0
	if s.rand.IntN(2) == 0 {
		dies = 1 + s.rand.IntN(20)
		s.deaths++
	}
	return s.runCollector(buckettest.NewFaulty(s.mem, func(op buckettest.Op) *buckettest.Fault {
		dead := dies > 0 && op.N > dies
		if !dead && op.N != dies && s.rand.IntN(10) > 0 {
			return nil
		}
		s.faults++
		return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: !dead && s.rand.IntN(2) == 0}
	}), false)
}

func (s *soak) runCollector(bucket archive.Sweeper, sound bool) bool {
	c := s.newCollector(bucket, 3)
	sweep, err := c.Collect(context.Background(), region)
	if sound && err != nil && s.last != nil {
		s.t.Errorf("sweeping: %v", err)
	}
	s.removed += sweep.Removed
	return err == nil
}

func (s *soak) checkState(i int, clean bool) {
	now, err := s.reader.Now(context.Background(), region, s.last)
	if err != nil {
		if s.last != nil || !strings.Contains(err.Error(), archive.ErrNoData.Error()) {
			s.t.Errorf("reading: %v", err)
		}
		return
	}
	if s.last != nil && now.Sequence < s.last.Sequence {
		s.t.Errorf("a reader saw commit %d after %d", now.Sequence, s.last.Sequence)
	}
	s.last = now
	for _, state := range now.Scopes() {
		if state.Digest == "" {
			continue
		}
		if _, err := s.reader.Snapshot(context.Background(), state.Scope(region), state.Digest); err != nil {
			s.t.Errorf("reading what stands: %v", err)
		}
	}
	gone := ""
	for key := range s.logs {
		if s.mem.Objects()[key] == nil { // retention may have taken it, with all before it
			delete(s.logs, key)
			gone = max(gone, key)
		}
	}
	for key, data := range s.mem.Objects() {
		if strings.Contains(key, "/log/") {
			if key < gone {
				s.t.Errorf("log %q is gone, and not %q before it", gone, key)
			}
			if !bytes.HasPrefix(data, s.logs[key]) {
				s.t.Errorf("log %q is not what it was and more", key)
			}
			s.logs[key] = data
		}
	}
	s.ended = 0
	for l, err := range s.reader.Commits(context.Background(), now, 1) {
		if err != nil {
			s.t.Errorf("reading the log: %v", err)
			return
		}
		s.ended += len(l.Ended)
		for _, c := range l.Scopes {
			if s.claims[l.RunID][c.ClusterID+"/_any"] != c.Digest {
				s.t.Errorf("commit %d of run %q publishes what the run never saw of %s", l.Sequence, l.RunID,
					c.ClusterID)
			}
		}
	}
	if i%10 != 0 && i != *soakRuns {
		return // verify reads everything there ever was
	}
	audit, err := fsck.Verify(context.Background(), s.reader, region)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range audit.Findings {
		if clean || f.Key != headKey {
			s.t.Errorf("verify: %s", f)
		}
	}
}
