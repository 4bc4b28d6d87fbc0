package archive_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// endsInItsSecondMonth is a region whose cluster ends in the first commit of
// its second month, and the key of what the cluster held last.
func endsInItsSecondMonth(t *testing.T) (b *bench, key string) {
	b = newBench(t)
	b.mem.SetNow(func() time.Time { return b.now })
	none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
	b.now = time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)
	base := b.load()
	b.commit(base, b.run(b.saw(base, none, "v1"), b.saw(base, c1, "a", "b")))
	held, _ := b.read().Scope(c1)
	key, err := b.keys.Snapshot(c1, held.Digest)
	if err != nil {
		t.Fatal(err)
	}
	for _, month := range []time.Month{7, 8} {
		b.now = time.Date(2026, month, 10, 0, 0, 0, 0, time.UTC)
		base = b.load()
		run := b.run(b.saw(base, none, "v"+month.String()))
		if month == 7 {
			run.Ended = []catalog.Scope{c1}
		}
		b.commit(base, run)
	}
	return b, key
}

func TestWhatAScopeHeldOutlivesItsMonths(t *testing.T) {
	t.Parallel()
	b, key := endsInItsSecondMonth(t)
	b.now = time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	// Twice: what a removed month referred to goes a grace period later.
	for range 2 {
		b.collect(1)
		b.now = b.now.Add(archive.Grace + time.Hour)
	}
	if got := b.rest(); got != "2026-07 to 2026-08, 2 months, 4 snapshots" || b.mem.Objects()[key] == nil {
		t.Errorf("a sweep leaves %s, and of the cluster that ended %q", got, b.mem.Objects()[key])
	}
	if audit := b.verify(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Errorf("audit is %+v", audit)
	}
	b.now = time.Date(2026, 9, 25, 0, 0, 0, 0, time.UTC)
	for range 2 {
		b.collect(1)
		b.now = b.now.Add(archive.Grace + time.Hour)
	}
	if got := b.rest(); got != "2026-08 to 2026-08, 1 months, 2 snapshots" || b.mem.Objects()[key] != nil {
		t.Errorf("a month later a sweep leaves %s, and of the cluster that ended %q", got, b.mem.Objects()[key])
	}
}

func TestVerifyLooksAtEndedScopes(t *testing.T) {
	t.Parallel()
	b, key := endsInItsSecondMonth(t)
	if audit := b.verify(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Fatalf("audit is %+v", audit)
	}
	log, err := b.keys.Log(region, "2026-06")
	if err != nil {
		t.Fatal(err)
	}
	b.mem.Spoil(log, nil)
	b.mem.Spoil(key, nil)
	if audit := b.verify(); len(audit.Findings) != 1 || audit.Findings[0].Key != key || !strings.Contains(audit.Findings[0].Reason, "it is missing, and a commit refers to it") {
		t.Errorf("what an ended scope held is missing, and audit is %+v", audit)
	}
}

// TestEndedWithoutDigest: lines of programs that did not note what an ended
// scope held are read as they were.
func TestEndedWithoutDigest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
	base := b.load()
	b.commit(base, b.run(b.saw(base, none, "v1"), b.saw(base, c1, "a")))
	base = b.load()
	held, _ := base.Scope(c1)
	run := b.run(b.saw(base, none, "v2"))
	run.Ended = []catalog.Scope{c1}
	res := b.commit(base, run)
	log, err := b.keys.Log(region, res.Commit.CommittedAt.UTC().Format("2006-01"))
	if err != nil {
		t.Fatal(err)
	}
	// As such a line stands there, without a digest of its own as well.
	old := strings.NewReplacer(`{"ClusterId":"ehpc-1","Digest":"`+held.Digest+`",`, `{"ClusterId":"ehpc-1",`, `"Digest":"`+res.Commit.Digest+`"`, `"Digest":""`).Replace(string(b.mem.Objects()[log]))
	if strings.Count(old, held.Digest) != strings.Count(string(b.mem.Objects()[log]), held.Digest)-1 {
		t.Fatalf("the line was not made old: %s", old)
	}
	b.mem.Spoil(log, []byte(old))
	b.mem.Spoil(headKey, nil)
	b.wantContents(b.read(), "_any/_any ok v2=\n")
	b.repair()
	if audit := b.verify(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Errorf("audit is %+v", audit)
	}
}
