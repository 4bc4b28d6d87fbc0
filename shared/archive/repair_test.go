package archive_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
)

func (b *fixture) repairRegion() *archive.Region {
	b.t.Helper()
	r, err := fsck.Repair(context.Background(), b.writer, region)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// TestRepairKeepsWhatOnlyTheHeadKnows: a head that is behind is brought level
// and keeps its candidate; the time of the last check is the later one.
func TestRepairKeepsWhatOnlyTheHeadKnows(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	base := b.loadBase()
	held := b.newCheck(base, scopeOf("", ""), "suspicious")
	held.State, held.Problem = format.StateHeld, &format.Problem{Class: "suspicious"}
	held.Candidate = &format.Candidate{Digest: held.Snapshot.Digest, ImageCount: 1, Seen: 1}
	b.now = b.now.Add(time.Minute)
	b.commit(base, b.newRun(held))
	behind := b.readObject(headKey)
	base = b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, scopeOf("ehpc-1", ""), "x")))
	b.putObject(headKey, behind)

	r := b.repairRegion()
	s, _ := r.Scope(scopeOf("", ""))
	if s.Candidate == nil || s.Candidate.Digest != held.Snapshot.Digest || r.Sequence != 3 || r.Run.RunID == "" {
		t.Errorf("the head is rebuilt as %+v, the scope as %+v", r, s)
	}
	b.checkSound()
}

func TestRepairRefuses(t *testing.T) {
	t.Parallel()
	sound, _ := newLongHistory(t, 2)
	cut := func(data []byte) []byte { return data[:len(data)/2] }
	log := "community-images/v1/" + region + "/log/2026-08.ndjson"
	for name, tc := range map[string]struct {
		key  string
		with func([]byte) []byte
		want string
	}{
		"a log that is shorter than its head": {log, cut, "remove"},
		"a log that is gone":                  {log, func([]byte) []byte { return nil }, "remove"},
		"a line that was altered": {log, func(d []byte) []byte {
			return []byte(strings.Replace(string(d), `"v39"`, `"v38"`, 1))
		}, "its digest does not fit"},
	} {
		b := sound.clone()
		b.mem.Spoil(tc.key, tc.with(b.mem.Objects()[tc.key]))
		before := string(b.mem.Objects()[headKey])
		_, err := fsck.Repair(context.Background(), b.writer, region)
		var damaged *format.DamagedError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), tc.want) ||
			string(b.mem.Objects()[headKey]) != before {
			t.Errorf("%s: %v; want an error with %q and the head untouched", name, err, tc.want)
		}
	}
	if _, err := fsck.Repair(context.Background(), newFixture(t).writer, region); !errors.Is(err, archive.ErrNoData) {
		t.Errorf("an empty region: %v", err)
	}
}

// TestRepairBrokenAtEveryCall breaks each call both ways; trying again is
// enough.
func TestRepairBrokenAtEveryCall(t *testing.T) {
	t.Parallel()
	sound, moments := newLongHistory(t, 2)
	for _, applied := range []bool{false, true} {
		for k := 1; ; k++ {
			b := sound.clone()
			b.mem.Spoil(headKey, []byte("{"))
			hit := false
			faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if op.N != k {
					return nil
				}
				hit = true
				return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied}
			})
			_, err := fsck.Repair(context.Background(), archive.NewWriter(faulty, b.keys, func() time.Time {
				return b.now
			}), region)
			if !hit {
				break
			}
			if !errors.Is(err, buckettest.ErrInjected) {
				t.Errorf("broken at call %d: %v", k, err)
			}
			b.repairRegion()
			b.checkHistory(moments)
		}
	}
}

// TestRepairWhileARunCommits: a run that commits before any call of a repair
// makes the log look no shorter than its head, and loses nothing.
func TestRepairWhileARunCommits(t *testing.T) {
	t.Parallel()
	for k, hit := 1, true; hit; k++ {
		b := newHistory(t)
		hit = false
		faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.N != k {
				return nil
			}
			hit = true
			return &buckettest.Fault{Before: func() {
				b.now = b.now.Add(time.Hour)
				base := b.loadBase()
				b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), "new"),
					b.newCheck(base, scopeOf("ehpc-2", ""), "more")))
			}}
		})
		w := archive.NewWriter(faulty, b.keys, func() time.Time { return b.now })
		r, err := fsck.Repair(context.Background(), w, region)
		if err != nil || r.Sequence < 5 {
			t.Errorf("a run before call %d: %v", k, err)
		}
		if now, audit := b.readNow(), b.verifyRegion(); hit && now.Sequence != 6 || len(audit.Findings) > 0 {
			t.Errorf("a run before call %d: commit %d, %v", k, now.Sequence, audit.Findings)
		}
	}
}
