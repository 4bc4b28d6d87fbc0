package archive_test

import (
	"encoding/json"
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

// TestEndedScopeNamesItsCluster: the next listing no longer has the name.
func TestEndedScopeNamesItsCluster(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
	base := b.loadBase()
	run := b.newRun(b.newCheck(base, none, "v1"), b.newCheck(base, c1, "a"))
	run.Discovery = b.newListing("ehpc-1")
	run.Discovery.Clusters[0].Name = "genomics"
	b.commit(base, run)
	b.now = b.now.Add(time.Hour)
	run = b.newRun()
	run.Discovery, run.Ended = b.newListing(""), []catalog.Scope{c1}
	ended := b.commit(b.loadBase(), run).Commit.Ended
	if len(ended) != 1 || ended[0].ClusterID != "ehpc-1" || ended[0].ClusterName != "genomics" {
		t.Errorf("ended are %+v", ended)
	}
}

// TestEndedScopeNamesItsImages: the commit that ends a scope says which images it
// had, also if their snapshot is lost, because the index has the list too.
func TestEndedScopeNamesItsImages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lost []string // objects that are lost before the scope ends
		want string
	}{
		"all is well":            {nil, `{"ImageId":"a","ImageName":"","Removed":[1]}`},
		"the snapshot is lost":   {[]string{"snapshot"}, `{"ImageId":"a","ImageName":"","Removed":[1]}`},
		"the index is lost":      {[]string{indexKey}, `{"ImageId":"a","ImageName":"","Removed":[1]}`},
		"the snapshot and index": {[]string{"snapshot", indexKey}, `"Ended":[{"ClusterId":"ehpc-1","PreviousLost":true}]`},
	} {
		b := newFixture(t)
		none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, none, "v1"), b.newCheck(base, c1, "a", "b")))
		base = b.loadBase()
		run := b.newRun(b.newCheck(base, none, "v1", "b"))
		run.Ended = []catalog.Scope{c1}
		for _, key := range tc.lost {
			if key == "snapshot" {
				held, _ := base.Scope(c1)
				var err error
				if key, err = b.keys.Snapshot(c1, held.Digest); err != nil {
					t.Fatal(err)
				}
			}
			b.mem.Spoil(key, nil)
		}
		res := b.commit(base, run)
		line, err := json.Marshal(res.Commit)
		if err != nil || !strings.Contains(string(line), tc.want) {
			t.Errorf("%s: %v, the commit is %s", name, err, line)
		}
	}
}

func TestContentOfAnEndedScopeGoesWithItsMonth(t *testing.T) {
	t.Parallel()
	b, key := newFixtureWithEndedScope(t)
	b.now = time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	// Twice: what a removed month referred to goes a grace period later.
	for range 2 {
		b.collectGarbage(1)
		b.now = b.now.Add(archive.Grace + time.Hour)
	}
	if got := b.listObjects(); got != "2026-07 to 2026-08, 2 months, 2 snapshots" || b.mem.Objects()[key] != nil {
		t.Errorf("a sweep leaves %s, and of the cluster that ended %q", got, b.mem.Objects()[key])
	}
	b.checkSound()
}

func TestVerifyComparesEndedScopesWithTheirContent(t *testing.T) {
	t.Parallel()
	b, key := newFixtureWithEndedScope(t)
	if audit := b.verifyRegion(); len(audit.Findings)+len(audit.Orphans) > 0 {
		t.Fatalf("audit is %+v", audit)
	}
	b.mem.Spoil(key, nil)
	if audit := b.verifyRegion(); len(audit.Findings) != 1 || audit.Findings[0].Key != key ||
		!strings.Contains(audit.Findings[0].Reason, "it is missing, and a commit refers to it") {
		t.Errorf("what an ended scope held is missing, and audit is %+v", audit)
	}
}
