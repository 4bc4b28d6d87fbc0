package archive_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
)

func (b *bench) repair() *archive.Region {
	b.t.Helper()
	r, err := b.writer.Repair(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// TestRepairKeepsWhatOnlyTheHeadKnows: a head that is behind is brought level
// and keeps its candidate; the time of the last check is the later one.
func TestRepairKeepsWhatOnlyTheHeadKnows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.step("a")
	base := b.load()
	held := b.saw(base, scopeOf("", ""), "suspicious")
	held.State, held.Problem = archive.Held, &archive.Problem{Class: "suspicious"}
	held.Candidate = &archive.Candidate{Digest: held.Snapshot.Digest, ImageCount: 1, Seen: 1}
	b.now = b.now.Add(time.Minute)
	b.commit(base, b.run(held))
	behind := b.object(headKey)
	base = b.load()
	b.commit(base, b.run(b.saw(base, scopeOf("ehpc-1", ""), "x")))
	b.put(headKey, behind)

	r := b.repair()
	s, _ := r.Scope(scopeOf("", ""))
	if s.Candidate == nil || s.Candidate.Digest != held.Snapshot.Digest || r.Sequence != 3 || r.Run.RunID == "" {
		t.Errorf("the head is rebuilt as %+v, the scope as %+v", r, s)
	}
	if audit := b.verify(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Errorf("audit is %+v", audit)
	}
}

func TestRepairRefuses(t *testing.T) {
	t.Parallel()
	sound, _ := longHistory(t, 2)
	cut := func(data []byte) []byte { return data[:len(data)/2] }
	log := "community-images/v1/" + region + "/log/2026-08.ndjson"
	for name, tc := range map[string]struct {
		key  string
		with func([]byte) []byte
		want string
	}{
		"a log that is shorter than its head": {log, cut, "remove"},
		"a log that is gone":                  {log, func([]byte) []byte { return nil }, "remove"},
		"a line that was altered":             {log, func(d []byte) []byte { return []byte(strings.Replace(string(d), `"v39"`, `"v38"`, 1)) }, "its digest does not fit"},
	} {
		b := sound.copy()
		b.mem.Spoil(tc.key, tc.with(b.mem.Objects()[tc.key]))
		before := string(b.mem.Objects()[headKey])
		_, err := b.writer.Repair(context.Background(), region)
		var damaged *archive.DamagedError
		if !errors.As(err, &damaged) || !strings.Contains(err.Error(), tc.want) || string(b.mem.Objects()[headKey]) != before {
			t.Errorf("%s: %v; want an error with %q and the head untouched", name, err, tc.want)
		}
	}
	if _, err := newBench(t).writer.Repair(context.Background(), region); !errors.Is(err, archive.ErrNoData) {
		t.Errorf("an empty region: %v", err)
	}
}

// TestRepairBrokenAtEveryCall breaks each call both ways; trying again is
// enough.
func TestRepairBrokenAtEveryCall(t *testing.T) {
	t.Parallel()
	sound, moments := longHistory(t, 2)
	for _, applied := range []bool{false, true} {
		for k := 1; ; k++ {
			b := sound.copy()
			b.mem.Spoil(headKey, []byte("{"))
			hit := false
			faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
				if op.N != k {
					return nil
				}
				hit = true
				return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied}
			})
			_, err := archive.NewWriter(faulty, b.keys, func() time.Time { return b.now }).Repair(context.Background(), region)
			if !hit {
				break
			}
			if !errors.Is(err, buckettest.ErrInjected) {
				t.Errorf("broken at call %d: %v", k, err)
			}
			b.repair()
			b.checkSound(moments)
		}
	}
}

// TestRepairWhileARunCommits: a run that commits before any call of a repair
// makes the log look no shorter than its head, and loses nothing.
func TestRepairWhileARunCommits(t *testing.T) {
	t.Parallel()
	for k, hit := 1, true; hit; k++ {
		b := history(t)
		hit = false
		r, err := archive.NewWriter(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.N != k {
				return nil
			}
			hit = true
			return &buckettest.Fault{Before: func() {
				b.now = b.now.Add(time.Hour)
				base := b.load()
				b.commit(base, b.run(b.saw(base, scopeOf("", ""), "new"), b.saw(base, scopeOf("ehpc-2", ""), "more")))
			}}
		}), b.keys, func() time.Time { return b.now }).Repair(context.Background(), region)
		if err != nil || r.Sequence < 5 {
			t.Errorf("a run before call %d: %v", k, err)
		}
		if now, audit := b.read(), b.verify(); hit && now.Sequence != 6 || len(audit.Findings) > 0 {
			t.Errorf("a run before call %d: commit %d, %v", k, now.Sequence, audit.Findings)
		}
	}
}
