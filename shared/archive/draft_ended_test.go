package archive_test

import (
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// newFixtureWithEndedScope returns a region whose cluster ends in the first commit of
// its second month, and the key of what the cluster held last.
func newFixtureWithEndedScope(t *testing.T) (b *fixture, key string) {
	b = newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
	b.now = time.Date(2026, 6, 10, 0, 0, 0, 0, time.UTC)
	base := b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, none, "v1"), b.newCheck(base, c1, "a", "b")))
	held, _ := b.readNow().Scope(c1)
	key, err := b.keys.Snapshot(c1, held.Digest)
	if err != nil {
		t.Fatal(err)
	}
	for _, month := range []time.Month{7, 8} {
		b.now = time.Date(2026, month, 10, 0, 0, 0, 0, time.UTC)
		base = b.loadBase()
		run := b.newRun(b.newCheck(base, none, "v"+month.String()))
		if month == 7 {
			run.Ended = []catalog.Scope{c1}
		}
		b.commit(base, run)
	}
	return b, key
}

func TestContentOfAnEndedScopeIsKept(t *testing.T) {
	t.Parallel()
	b, key := newFixtureWithEndedScope(t)
	b.now = time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	// Twice: what a removed month referred to goes a grace period later.
	for range 2 {
		b.collectGarbage(1)
		b.now = b.now.Add(archive.Grace + time.Hour)
	}
	if got := b.listObjects(); got != "2026-07 to 2026-08, 2 months, 4 snapshots" || b.mem.Objects()[key] == nil {
		t.Errorf("a sweep leaves %s, and of the cluster that ended %q", got, b.mem.Objects()[key])
	}
	if audit := b.verifyRegion(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Errorf("audit is %+v", audit)
	}
	b.now = time.Date(2026, 9, 25, 0, 0, 0, 0, time.UTC)
	for range 2 {
		b.collectGarbage(1)
		b.now = b.now.Add(archive.Grace + time.Hour)
	}
	if got := b.listObjects(); got != "2026-08 to 2026-08, 1 months, 2 snapshots" || b.mem.Objects()[key] != nil {
		t.Errorf("a month later a sweep leaves %s, and of the cluster that ended %q", got, b.mem.Objects()[key])
	}
}

func TestVerifyLooksAtEndedScopes(t *testing.T) {
	t.Parallel()
	b, key := newFixtureWithEndedScope(t)
	if audit := b.verifyRegion(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Fatalf("audit is %+v", audit)
	}
	log, err := b.keys.Log(region, "2026-06")
	if err != nil {
		t.Fatal(err)
	}
	b.mem.Spoil(log, nil)
	b.mem.Spoil(key, nil)
	if audit := b.verifyRegion(); len(audit.Findings) != 1 || audit.Findings[0].Key != key ||
		!strings.Contains(audit.Findings[0].Reason, "it is missing, and a commit refers to it") {
		t.Errorf("what an ended scope held is missing, and audit is %+v", audit)
	}
}

// TestEndedWithoutDigest: lines of programs that did not note what an ended
// scope held are read as they were.
func TestEndedWithoutDigest(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
	base := b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, none, "v1"), b.newCheck(base, c1, "a")))
	base = b.loadBase()
	held, _ := base.Scope(c1)
	run := b.newRun(b.newCheck(base, none, "v2"))
	run.Ended = []catalog.Scope{c1}
	res := b.commit(base, run)
	log, err := b.keys.Log(region, res.Commit.CommittedAt.UTC().Format("2006-01"))
	if err != nil {
		t.Fatal(err)
	}
	// As such a line stands there, without a digest of its own as well.
	old := strings.NewReplacer(`{"ClusterId":"ehpc-1","Digest":"`+held.Digest+`",`, `{"ClusterId":"ehpc-1",`,
		`"Digest":"`+res.Commit.Digest+`"`, `"Digest":""`).Replace(string(b.mem.Objects()[log]))
	if strings.Count(old, held.Digest) != strings.Count(string(b.mem.Objects()[log]), held.Digest)-1 {
		t.Fatalf("the line was not made old: %s", old)
	}
	b.mem.Spoil(log, []byte(old))
	b.mem.Spoil(headKey, nil)
	b.wantContents(b.readNow(), "_any/_any ok v2=\n")
	b.repairRegion()
	if audit := b.verifyRegion(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Errorf("audit is %+v", audit)
	}
}
