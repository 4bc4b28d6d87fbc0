package archive_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
)

// TestSweepBrokenAtEveryCall breaks each call of two sweeps in turn: not
// applied, applied but reported failed, and dead from then on. The archive is
// sound after each, and later sweeps leave what an unbroken one does.
func TestSweepBrokenAtEveryCall(t *testing.T) {
	t.Parallel()
	sound, moments := newLongHistory(t, 4)
	tries := 0
	for _, kind := range []struct{ applied, dies bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		for k := 1; ; k++ {
			b := sound.clone()
			ctx, die := context.WithCancel(context.Background())
			hit := false
			faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if op.N != k && (op.N < k || !kind.dies) {
					return nil
				}
				first := !hit
				if hit = true; kind.dies {
					die()
				}
				return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: kind.applied && first}
			})
			for range 2 {
				_, _ = b.newCollector(faulty, 1).Collect(ctx, region)
				b.now = b.now.Add(archive.Grace)
			}
			die()
			if !hit {
				break
			}
			tries++
			b.checkHistory(moments)
			for range 3 {
				b.now = b.now.Add(archive.Grace)
				b.collectGarbage(1)
			}
			if got, want := b.listObjects(), "2026-07 to 2026-08, 2 months, 5 snapshots"; got != want {
				t.Errorf("broken at call %d, %+v: later sweeps leave %s, want %s", k, kind, got, want)
			}
		}
	}
	t.Logf("%d broken sweeps", tries)
}

// TestSweepRefusesADamagedRegion: what is lost must not take along what could
// help to recover it.
func TestSweepRefusesADamagedRegion(t *testing.T) {
	t.Parallel()
	logOf := func(month string) string { return "community-images/v1/" + region + "/log/" + month + ".ndjson" }
	cut := func(data []byte) []byte { return data[:len(data)/2] }
	gone := func([]byte) []byte { return nil }
	sound, _ := newLongHistory(t, 20)
	for name, tc := range map[string]struct {
		key  string
		with func([]byte) []byte
		want string
	}{
		"a month in the middle is gone":         {logOf("2026-02"), gone, "retention has not removed it"},
		"an expired month is gone, not the 1st": {logOf("2025-03"), gone, "retention has not removed it"},
		"the last month is gone":                {logOf("2026-08"), gone, "is gone"},
		"a month is cut":                        {logOf("2026-02"), cut, "2026-0"},
		"the last month is cut":                 {logOf("2026-08"), cut, "shorter"},
		"the head is gone":                      {headKey, gone, "it is missing"},
		"the head is cut":                       {headKey, cut, "head.json"},
	} {
		b := sound.clone()
		b.mem.Spoil(tc.key, tc.with(b.mem.Objects()[tc.key]))
		before := b.mem.Objects()
		sweep, err := b.newCollector(b.mem, 13).Collect(context.Background(), region)
		var damaged *format.DamagedError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), tc.want) || sweep.Removed != 0 {
			t.Errorf("%s: %+v, %v; want an error with %q", name, sweep, err, tc.want)
		}
		if diff := cmp.Diff(before, b.mem.Objects()); diff != "" {
			t.Errorf("%s: the sweep changes\n%s", name, diff)
		}
	}
	b := sound.clone()
	for _, month := range []string{"2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06", "2025-07"} {
		b.mem.Spoil(logOf(month), nil)
	}
	if _, err := b.newCollector(b.mem, 13).Collect(context.Background(), region); err == nil ||
		!strings.Contains(err.Error(), "2025-07") {
		t.Errorf("the first month that retention keeps is gone: %v", err)
	}
	b.repairRegion()
	b.collectGarbage(13)
}
