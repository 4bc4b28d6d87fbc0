package archive_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/fsck"
)

// lastLog is the last file of the log of newLongHistory(t, 2).
const lastLog = "community-images/v1/" + region + "/log/2026-08.ndjson"

// rewrite rewrites the log of the fixture's region through a bucket.
func (b *fixture) rewrite(bucket archive.Sweeper, quiet time.Duration) ([]string, error) {
	w := archive.NewWriter(bucket, b.keys, func() time.Time { return b.now })
	archive.InPieces(w.Archive, 3000, wholeFile)
	return fsck.NewRewriter(w, bucket, quiet).Rewrite(context.Background(), region)
}

// wantRewritten checks that the region is as it was before its log was copied by
// another tool, and that the next run commits.
func (b *fixture) wantRewritten(what string, moments []stateAt) {
	b.t.Helper()
	if audit := b.verifyRegion(); len(audit.Findings) > 0 {
		b.t.Errorf("%s: verify finds %v", what, audit.Findings)
	}
	b.checkHistory(moments)
	before := b.readNow().Sequence
	if res := b.commitStep("new"); res.Commit == nil || res.Commit.Sequence != before+1 {
		b.t.Errorf("%s: the next run commits %+v", what, res.Commit)
	}
}

func TestRunSaysWhatToDoAboutALogThatIsNotAppendable(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	b.mem.ReplaceByCopy(logKey11)
	base := b.loadBase()
	_, err := b.writer.Commit(t.Context(), base, b.newRun(b.newCheck(base, scopeOf("", ""), "b")))
	var refused *archive.NotAppendableError
	if !errors.As(err, &refused) || refused.Key != logKey11 || !strings.Contains(err.Error(), "verify -cloud -repair") {
		t.Errorf("a run ends with %v", err)
	}
	if n := strings.Count(b.mem.Requests(), "append "); n > 2 {
		t.Errorf("it appends %d times", n)
	}
	if audit := b.verifyRegion(); len(audit.Findings) != 1 || audit.Findings[0].Key != logKey11 ||
		!strings.Contains(audit.Findings[0].Reason, "not an appendable object") {
		t.Errorf("verify finds %v", audit.Findings)
	}
}

func TestOnlyTheLastMonthMustBeAppendable(t *testing.T) {
	t.Parallel()
	b, moments := newLongHistory(t, 2)
	b.mem.ReplaceByCopy(strings.Replace(lastLog, "2026-08", "2026-07", 1))
	if months, err := b.rewrite(b.mem, 0); err != nil || len(months) > 0 {
		t.Errorf("rewritten are %v, %v", months, err)
	}
	b.wantRewritten("a sealed month is a normal object", moments)
}

// TestRewriteKilledAtEveryRequest kills a rewriting at each request, before or after the
// request took effect. The next one finishes it.
func TestRewriteKilledAtEveryRequest(t *testing.T) {
	t.Parallel()
	sound, moments := newLongHistory(t, 2)
	behind := sound.clone()
	behind.mem.Spoil(headKey, nil)
	for name, start := range map[string]*fixture{"the head is level": sound, "the head is missing": behind} {
		for _, applied := range []bool{false, true} {
			k, died := 1, true
			for ; died; k++ {
				b := start.clone()
				b.mem.ReplaceByCopy(lastLog)
				died = false
				_, err := b.rewrite(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
					if op.N < k {
						return nil
					}
					died = true
					return &buckettest.Fault{Err: buckettest.ErrInjected, Applied: applied && op.N == k}
				}), 0)
				if died != (err != nil) {
					t.Errorf("%s: killed at request %d: %v", name, k, err)
				}
				if _, err := b.rewrite(b.mem, 0); err != nil {
					t.Errorf("%s: after request %d: %v", name, k, err)
				}
				if name == "the head is missing" {
					b.repairRegion()
				}
				b.wantRewritten(name, moments)
			}
			if k < 30 {
				t.Errorf("%s: a rewriting makes %d requests", name, k)
			}
		}
	}
}

// TestRunsDuringARewrite lets a whole run happen before each request of a rewriting. Each
// run commits or fails, and what was committed is in the log.
func TestRunsDuringARewrite(t *testing.T) {
	t.Parallel()
	sound, moments := newLongHistory(t, 2)
	committed, refused := 0, 0
	for k, hit := 1, true; hit; k++ {
		b := sound.clone()
		b.mem.ReplaceByCopy(lastLog)
		before, after := b.readNow().Sequence, int64(0)
		hit = false
		run := func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			base, err := b.writer.Load(ctx, region)
			if err == nil {
				var res archive.Result
				res, err = b.writer.Commit(ctx, base, b.newRun(b.newCheck(base, scopeOf("ehpc-9", ""), "late")))
				if err == nil {
					after = res.Region.Sequence
				}
			}
			if err == nil {
				committed++
			} else {
				refused++
			}
		}
		if _, err := b.rewrite(buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
			if op.N != k {
				return nil
			}
			hit = true
			return &buckettest.Fault{Before: run}
		}), 0); err != nil {
			t.Errorf("a run before request %d: %v", k, err)
		}
		if now := b.readNow(); now.Sequence != max(before, after) {
			t.Errorf("a run before request %d committed %d, the log ends with %d", k, after, now.Sequence)
		}
		b.wantRewritten("a run during a rewriting", moments)
	}
	if committed == 0 || refused == 0 {
		t.Errorf("%d runs committed, %d were refused", committed, refused)
	}
}

func TestRewriteRefuses(t *testing.T) {
	t.Parallel()
	sound, _ := newLongHistory(t, 2)
	sound.mem.ReplaceByCopy(lastLog)
	log := sound.mem.Objects()[lastLog]
	removed := map[string]bool{}
	for name, c := range map[string]struct {
		quiet  time.Duration
		change func(b *fixture)
		hook   func(op buckettest.Op) *buckettest.Fault
		says   string
	}{
		"a run ended a minute ago": {quiet: time.Hour, says: "wait until no run has ended for 1h"},
		"the log has a broken line": {change: func(b *fixture) { b.mem.Spoil(lastLog, log[:len(log)-10]) },
			says: "ends with commit"},
		"the copy is of other bytes": {change: func(b *fixture) { b.mem.Spoil(lastLog+".copy", []byte("{}\n")) },
			says: "does not begin with the same bytes"},
		"the bucket keeps versions": {hook: func(op buckettest.Op) *buckettest.Fault {
			if op.Verb == "append" && removed[op.Key] {
				return &buckettest.Fault{Err: errors.ErrUnsupported}
			}
			removed[op.Key] = removed[op.Key] || op.Verb == "delete"
			return nil
		}, says: "the bucket keeps versions"},
	} {
		b := sound.clone()
		b.mem.ReplaceByCopy(lastLog)
		b.now = b.readNow().CommittedAt.Add(time.Minute)
		if c.change != nil {
			c.change(b)
			if name != "the copy is of other bytes" {
				b.mem.ReplaceByCopy(lastLog)
			}
		}
		before := b.mem.Objects()
		if c.hook == nil {
			c.hook = func(buckettest.Op) *buckettest.Fault { return nil }
		}
		months, err := b.rewrite(buckettest.NewFaulty(b.mem, c.hook), c.quiet)
		if err == nil || len(months) > 0 || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want an error with %q", name, months, err, c.says)
		}
		after := b.mem.Objects()
		for _, objects := range []map[string][]byte{before, after} {
			maps.DeleteFunc(objects, func(key string, _ []byte) bool { // Repair may have put what is derived
				return key == headKey || key == indexKey || strings.Contains(key, "/history/")
			})
		}
		if !maps.EqualFunc(before, after, func(x, y []byte) bool { return string(x) == string(y) }) {
			t.Errorf("%s: the store has changed", name)
		}
	}
}
