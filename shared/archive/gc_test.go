package archive_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/gc"
)

// keepMonths returns a retention of some months; the default is 13.
func keepMonths(months int) func(time.Time) time.Time {
	return func(now time.Time) time.Time { return now.AddDate(0, -months, 0) }
}

// newCollector returns a collector by the fixture's clock.
func (b *fixture) newCollector(bucket archive.Sweeper, months int) *gc.Collector {
	return gc.NewCollector(bucket, b.keys, keepMonths(months), func() time.Time { return b.now })
}

func (b *fixture) collectGarbage(months int) *gc.Sweep {
	b.t.Helper()
	sweep, err := b.newCollector(b.mem, months).Collect(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	return sweep
}

// stateAt is what a region showed after a commit.
type stateAt struct {
	at       time.Time
	sequence int64
	contents string
}

// newLongHistory commits on the 10th and the 20th of some months, the last of
// which is August 2026: one scope changes each time, one every fifth time. The
// clock is left at the end of August.
func newLongHistory(t *testing.T, months int) (*fixture, []stateAt) {
	t.Helper()
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	var moments []stateAt
	for i := 40 - 2*months; i < 40; i++ {
		b.now = time.Date(2025, time.Month(1+i/2), 10+10*(i%2), 0, 0, 0, 0, time.UTC)
		base := b.loadBase()
		r := b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), fmt.Sprint("v", i)),
			b.newCheck(base, scopeOf("ehpc-1", ""), fmt.Sprint("w", i/5)))).Region
		moments = append(moments, stateAt{b.now, r.Sequence, b.renderContents(r)})
	}
	b.now = time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	return b, moments
}

// clone returns a fixture that stores the same, last written a grace period ago.
func (b *fixture) clone() *fixture {
	c := &fixture{t: b.t, mem: buckettest.NewMemory(b.t), keys: b.keys, now: b.now.Add(-archive.Grace), runs: b.runs}
	c.bucket = c.mem
	c.writer = archive.NewWriter(c.mem, c.keys, func() time.Time { return c.now })
	c.mem.SetNow(func() time.Time { return c.now })
	c.mem.Restore(b.mem.Objects())
	c.now = b.now
	return c
}

// listObjects renders the names of what is stored, snapshots as a count.
func (b *fixture) listObjects() string {
	var logs []string
	snapshots := 0
	for _, key := range slices.Sorted(maps.Keys(b.mem.Objects())) {
		if _, month, ok := strings.Cut(key, "/log/"); ok {
			logs = append(logs, strings.TrimSuffix(month, ".ndjson"))
		} else if strings.Contains(key, "/clusters/") {
			snapshots++
		}
	}
	return fmt.Sprintf("%s to %s, %d months, %d snapshots", logs[0], logs[len(logs)-1], len(logs), snapshots)
}

// checkHistory checks the archive and that every moment from the first kept one
// on is shown as it was.
func (b *fixture) checkHistory(moments []stateAt) {
	b.t.Helper()
	if audit := b.verifyRegion(); len(audit.Findings) > 0 {
		b.t.Errorf("audit finds %v", audit.Findings)
	}
	a, ctx := archive.New(b.mem, b.keys), context.Background()
	now := b.readNow()
	var first *archive.TooEarlyError
	for _, m := range moments {
		r, err := a.At(ctx, now, m.at)
		bySequence, err2 := a.AtSequence(ctx, now, m.sequence)
		if errors.As(err, &first) {
			if !errors.As(err2, &first) || !first.First.After(m.at) || !b.isKept(first.First.Time) {
				b.t.Errorf("at %s: %v and %v", m.at, err, err2)
			}
			continue
		}
		if err != nil || err2 != nil {
			b.t.Errorf("at %s: %v and %v", m.at, err, err2)
			continue
		}
		b.wantContents(r, m.contents)
		b.wantContents(bySequence, m.contents)
	}
	for l, err := range a.Commits(ctx, now, 1) {
		if err != nil || first != nil && l.Sequence < first.FirstSequence {
			b.t.Errorf("lines begin with %+v, %v", l, err)
		}
		break
	}
}

// isKept reports whether the log has the month of a time.
func (b *fixture) isKept(t time.Time) bool {
	key, _ := b.keys.Log(region, t.Format("2006-01"))
	return b.mem.Objects()[key] != nil
}

// TestRetentionLeavesThirteenMonths: the cutoff is 25 July 2025, for which
// July's file answers, so that July is the first month that stays.
func TestRetentionLeavesThirteenMonths(t *testing.T) {
	t.Parallel()
	b, moments := newLongHistory(t, 20)
	steps := []struct {
		after time.Duration
		want  string
		waits int
	}{
		{0, "2025-07 to 2026-08, 14 months, 48 snapshots", 0},
		{47 * time.Hour, "2025-07 to 2026-08, 14 months, 48 snapshots", 14},
		{time.Hour, "2025-07 to 2026-08, 14 months, 34 snapshots", 0},
		{time.Hour, "2025-07 to 2026-08, 14 months, 34 snapshots", 0},
	}
	for i, step := range steps {
		b.now = b.now.Add(step.after)
		sweep := b.collectGarbage(13)
		if got := b.listObjects(); got != step.want || sweep.Waiting != step.waits {
			t.Errorf("sweep %d leaves %s, %d wait; want %s, %d", i, got, sweep.Waiting, step.want, step.waits)
		}
		b.checkHistory(moments)
	}
	if audit := b.verifyRegion(); len(audit.Orphans) > 0 {
		t.Errorf("orphans are left: %q", audit.Orphans)
	}
	var early *archive.TooEarlyError
	_, err := archive.New(b.mem, b.keys).At(context.Background(), b.readNow(),
		time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC))
	if !errors.As(err, &early) || early.First.String() != "2025-07-10T00:00:00.000Z" || early.FirstSequence != 19 {
		t.Errorf("before the first month that is kept: %v", err)
	}
	if _, err := b.commitTwoScopes(b.writer, "next"); err != nil {
		t.Errorf("the next run: %v", err)
	}
}

// TestEveryDayOfTheRetentionIsAnswered sweeps every other day for four months.
func TestEveryDayOfTheRetentionIsAnswered(t *testing.T) {
	t.Parallel()
	b, _ := newLongHistory(t, 20)
	for range 60 {
		b.now = b.now.Add(48 * time.Hour)
		b.collectGarbage(13)
		if r, err := archive.New(b.mem, b.keys).At(context.Background(), b.readNow(),
			keepMonths(13)(b.now)); err != nil {
			t.Errorf("on %s, 13 months ago: %v", b.now, err)
		} else {
			b.renderContents(r)
		}
	}
	if got, want := b.listObjects(), "2025-11 to 2026-08, 10 months, 24 snapshots"; got != want {
		t.Errorf("four months later %s are left, want %s", got, want)
	}
}

func TestDryRunChangesNothingAndSaysWhatGoes(t *testing.T) {
	t.Parallel()
	b, _ := newLongHistory(t, 20)
	for _, after := range []time.Duration{0, archive.Grace} {
		b.now = b.now.Add(after)
		before := b.mem.Objects()
		b.mem.Requests()
		plan, err := b.newCollector(b.mem, 13).Plan(context.Background(), region)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(b.mem.Requests(), "\n") {
			if !strings.HasPrefix(line, "get ") && !strings.HasPrefix(line, "entries ") {
				t.Errorf("a dry run makes the request %q", line)
			}
		}
		if diff := cmp.Diff(before, b.mem.Objects()); diff != "" {
			t.Errorf("a dry run changes\n%s", diff)
		}
		sweep := b.collectGarbage(13)
		if diff := cmp.Diff(plan.Items, sweep.Items); diff != "" || sweep.Removed != len(plan.Items) ||
			plan.Removed != 0 || sweep.Removed == 0 {
			t.Errorf("planned and done differ:\n%s\n%+v", diff, sweep)
		}
		for _, item := range plan.Items {
			if b.mem.Objects()[item.Key] != nil || item.Why == "" || int(item.Size) != len(before[item.Key]) {
				t.Errorf("item %+v is not what was removed", item)
			}
		}
	}
}

// TestOrphansOfADeadRunGo: they stay for the grace period and go with the
// first sweep after it; so does a candidate that was dropped.
func TestOrphansOfADeadRunGo(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	b.commitStep("a")
	base := b.loadBase()
	held := b.newCheck(base, scopeOf("", ""), "suspicious")
	held.State, held.Problem = format.StateHeld, &format.Problem{Class: "suspicious"}
	held.Candidate = &format.Candidate{Digest: held.Snapshot.Digest, ImageCount: 1, Seen: 1}
	b.commit(base, b.newRun(held))
	dead := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Verb == "append" {
			return &buckettest.Fault{Err: buckettest.ErrInjected}
		}
		return nil
	})
	base = b.loadBase()
	if _, err := archive.NewWriter(dead, b.keys, func() time.Time {
		return b.now
	}).Commit(context.Background(), base, b.newRun(b.newCheck(base, scopeOf("ehpc-1", ""), "x"))); err == nil {
		t.Fatal("the run did not die")
	}
	b.now = b.now.Add(archive.Grace - time.Second)
	if sweep := b.collectGarbage(13); sweep.Removed != 0 || sweep.Waiting != 1 {
		t.Errorf("within the grace period: %+v", sweep)
	}
	b.now = b.now.Add(time.Second)
	if sweep := b.collectGarbage(13); sweep.Removed != 1 || sweep.Waiting != 0 ||
		!strings.Contains(sweep.Items[0].Key, "/ehpc-1/") {
		t.Errorf("after the grace period: %+v", sweep)
	}
	b.commitStep("b")
	if sweep := b.collectGarbage(13); sweep.Removed != 1 ||
		!strings.Contains(sweep.Items[0].Key, held.Snapshot.Digest) {
		t.Errorf("after the candidate was dropped: %+v", sweep)
	}
	b.checkSound()
}

// TestRequestsOfASweep pins what a sweep costs that finds nothing to do.
func TestRequestsOfASweep(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	b.commitStep("a")
	if swept := b.loadBase().Swept; swept.IsDue(b.now.Add(23*time.Hour)) || !swept.IsDue(b.now.Add(24*time.Hour)) {
		t.Error("a region is not due for the first time after a day")
	}
	b.now = b.now.Add(24 * time.Hour)
	b.mem.Requests()
	b.collectGarbage(13)
	want := strings.TrimPrefix(`
get HEAD
get LOG from end: 1 bytes
entries community-images/v1/cn-hangzhou/: 4 keys
get LOG from 0
get HEAD if changed: not modified
put HEAD
get LOG from end: 1 bytes`, "\n")
	if diff := cmp.Diff(want, withoutByteCounts(abbreviateRequests(b.mem.Requests()))); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if swept := b.loadBase().Swept; swept.IsDue(b.now.Add(23 * time.Hour)) {
		t.Error("a region is due again after 23 hours")
	}
	b.commitStep("a")
	if swept := b.loadBase().Swept; swept.IsDue(b.now) {
		t.Errorf("the next run forgets the sweep: %+v", swept)
	}
}

// withoutByteCounts drops the size of a whole log.
func withoutByteCounts(requests string) string {
	var out []string
	for line := range strings.SplitSeq(requests, "\n") {
		if strings.HasPrefix(line, "get LOG from 0: ") {
			line = "get LOG from 0"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
