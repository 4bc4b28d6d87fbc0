package capture_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// The fleet is too large for one run. Four shards run side by side, and each is cut
// short by its deadline, again and again.
func TestTenThousandClusters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clusters, shards, timeout = 10_000, 4, 2 * time.Minute
		b := newFixture(t, "hz")
		b.up.delay = 200 * time.Millisecond
		b.settings.Margin = 15 * time.Second
		for i := range clusters {
			b.up.cluster("hz", "hz", fmt.Sprintf("c%05d", i))
		}
		ticks := 0
		for left := 1; left > 0; ticks++ {
			if ticks == 10 {
				t.Fatalf("%d scopes are left after %d ticks", left, ticks)
			}
			left = 0
			reports := make([]*capture.Report, shards)
			var group sync.WaitGroup
			for i := range shards {
				group.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), timeout)
					defer cancel()
					// an instance of its own
					c := capture.New(b.settings, b.up, capture.NewRateLimiter(10, time.Now), b.writer, time.Now)
					report, err := c.Run(ctx, capture.Request{RunID: fmt.Sprintf("%d-%d", ticks, i), Trigger: "timer",
						Shard: capture.Shard{Index: i + 1, Count: shards}})
					if err != nil || len(report.Unreadable) > 0 {
						t.Error(err, report.Unreadable)
					}
					reports[i] = report
				})
			}
			group.Wait()
			for _, r := range reports {
				if took := r.FinishedAt.Sub(r.StartedAt.Time); took > timeout-5*time.Second {
					t.Errorf("a run took %v of %v", took, timeout)
				}
				if r.Counts.Failed+r.Counts.Lost > 0 {
					t.Errorf("counts are %+v", r.Counts)
				}
			}
			state, err := b.writer.Now(context.Background(), "hz", nil)
			if err != nil {
				t.Fatal(err)
			}
			left = clusters + 1 - len(state.Scopes())
		}
		audit, err := fsck.Verify(context.Background(), b.writer.Archive, "hz")
		if err != nil || len(audit.Findings) > 0 {
			t.Errorf("audit %+v, %v", audit, err)
		}
		if ticks < 2 {
			t.Error("the fleet fits a single run")
		}
		t.Logf("%d clusters, %d shards of %d calls a second, runs of %v: whole after %d ticks", clusters, shards, 10,
			timeout, ticks)
	})
}

func sorted(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

// One call in ten fails, of E-HPC and of the bucket, while readers are at work. After
// one run without faults the stored state equals that of a run that never had any, and
// nothing has grown.
func TestHundredsOfRunsWithFaults(t *testing.T) {
	runs := 500
	if testing.Short() {
		runs = 50
	}
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(t, "hz")
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(17, 17))
		chance := func(n int) bool {
			mu.Lock()
			defer mu.Unlock()
			return random.IntN(n) == 0
		}
		for i := range 5 {
			b.up.cluster("hz", "hz", fmt.Sprint("c", i))
		}
		faults := true
		b.up.decide = func(string) error {
			if faults && chance(10) {
				return broken
			}
			return nil
		}
		keys, err := archive.NewKeys("p")
		if err != nil {
			t.Fatal(err)
		}
		faulty := buckettest.NewFaulty(b.mem, func(buckettest.Op) *buckettest.Fault {
			if faults && chance(10) {
				return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: chance(2)}
			}
			return nil
		})
		b.writer = archive.NewWriter(faulty, keys, time.Now)
		capturer := capture.New(b.settings, b.up, capture.NewRateLimiter(1e6, time.Now), b.writer, time.Now)

		var readers sync.WaitGroup
		ctx, stop := context.WithCancel(context.Background())
		for range 16 {
			readers.Go(func() {
				a := archive.New(b.mem, keys)
				var known *archive.Region
				for ctx.Err() == nil {
					time.Sleep(time.Minute)
					now, err := a.Now(ctx, "hz", known)
					switch {
					case errors.Is(err, archive.ErrNoData) && known == nil || ctx.Err() != nil:
						continue
					case err != nil:
						t.Error(err)
						return
					case known != nil && now.Sequence < known.Sequence:
						t.Errorf("a reader saw commit %d after %d", now.Sequence, known.Sequence)
					}
					known = now
				}
			})
		}
		one := func(i int) error {
			for path := range 6 {
				if chance(4) {
					scope := catalog.Scope{RegionID: "hz"}
					if path > 0 {
						scope.ClusterID = fmt.Sprint("c", path-1)
					}
					b.up.mu.Lock()
					b.up.images[scope.String()] = []string{"stays", fmt.Sprint("m-", i)}
					b.up.mu.Unlock()
				}
			}
			_, err := capturer.Run(context.Background(), capture.Request{RunID: fmt.Sprint(i), Trigger: "timer"})
			time.Sleep(10 * time.Minute)
			return err
		}
		failed, before := 0, 0
		for i := range runs {
			if one(i) != nil {
				failed++
			}
			if i == runs/10 {
				before = runtime.NumGoroutine()
			}
		}
		if after := runtime.NumGoroutine(); after > before+2 {
			t.Errorf("%d goroutines after a tenth of the runs, %d at the end", before, after)
		}
		stop()
		readers.Wait()
		faults = false
		if err := one(runs); err != nil {
			t.Fatal(err)
		}
		state, err := b.writer.Now(context.Background(), "hz", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range state.Scopes() {
			scope := s.Scope("hz")
			snap, err := b.writer.Snapshot(context.Background(), scope, s.Digest)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, im := range snap.Images {
				ids = append(ids, im.ImageID)
			}
			if s.State != format.StateOK || fmt.Sprint(ids) != fmt.Sprint(sorted(b.up.images[scope.String()])) {
				t.Errorf("%s is %s with %q, upstream has %q", scope, s.State, ids, b.up.images[scope.String()])
			}
		}
		audit, err := fsck.Verify(context.Background(), b.writer.Archive, "hz")
		if err != nil || len(audit.Findings) > 0 {
			t.Errorf("audit %+v, %v", audit, err)
		}
		t.Logf("%d runs, %d ended with an error, %d commits, %d orphans: lost or wrong 0", runs, failed, audit.Commits,
			len(audit.Orphans))
	})
}
