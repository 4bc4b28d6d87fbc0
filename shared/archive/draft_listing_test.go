package archive_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// newListing returns a listing of now; "!" makes one that failed.
func (b *fixture) newListing(clusters string) *archive.Listing {
	l := &archive.Listing{At: catalog.At(b.now)}
	if clusters == "!" {
		l.Problem = &format.Problem{Class: "temporary"}
		return l
	}
	for id := range strings.FieldsSeq(clusters) {
		l.Clusters = append(l.Clusters, catalog.Cluster{ClusterID: id, RegionID: region, InstanceTypes: []string{}})
	}
	l.Upstream = fmt.Appendf(nil, "[%q]", clusters)
	return l
}

// TestListingsOfOverlappingRuns: of two runs that overlap, one has listed later and is
// committed first; what it saw stands, whatever the other one does.
func TestListingsOfOverlappingRuns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		early string // what the run lists that is committed second
		ends  bool   // whether it ends the scope of c2
		late  string // what the run lists that is committed first
		asks  bool   // whether that one asks about c2
		quiet bool   // whether it changes nothing, so that the log does not tell of it
		want  string // clusters; when a listing succeeded and what it said, when one was tried; the scope of c2
	}{
		"the later one has found a cluster": {early: "c1", late: "c1 c2",
			want: `c1 c2; 10:10 ["c1 c2"], 10:10 true; true`},
		"the later one has lost a cluster": {early: "c1 c2", late: "c1",
			want: `c1; 10:10 ["c1"], 10:10 true; true`},
		"the later one knows of a cluster that the older ends": {early: "c1", ends: true, late: "c1 c2",
			want: `c1 c2; 10:10 ["c1 c2"], 10:10 true; true`},
		"the later one has asked about what the older ends": {early: "c1", ends: true, late: "!", asks: true,
			want: `c1; 10:00 ["c1"], 10:10 false; true`},
		"the later one failed": {early: "c1 c2 c3", late: "!", want: `c1 c2 c3; 10:00 ["c1 c2 c3"], 10:10 false; true`},
		"the later one failed and has nothing against the ending": {early: "c1", ends: true, late: "!",
			want: `c1; 10:00 ["c1"], 10:10 false; false`},
		"the later one changed nothing and knows of the cluster": {early: "c1", ends: true, late: "c1 c2", quiet: true,
			want: `c1 c2; 10:10 ["c1 c2"], 10:10 true; true`},
		"the later one changed nothing and has asked": {early: "c1", ends: true, late: "!", asks: true, quiet: true,
			want: `c1; 10:00 ["c1"], 10:10 false; true`},
		"the older one failed": {early: "!", late: "c1 c2", want: `c1 c2; 10:10 ["c1 c2"], 10:10 true; true`},
		"both failed":          {early: "!", late: "!", want: `c1 c2; 09:00 ["c1 c2"], 10:10 false; true`},
	} {
		b := newFixture(t)
		none, c2 := scopeOf("", ""), scopeOf("c2", "")
		base := b.loadBase()
		run := b.newRun(b.newCheck(base, none, "a"), b.newCheck(base, c2, "a"))
		run.Discovery = b.newListing("c1 c2")
		b.commit(base, run)

		b.now = b.now.Add(time.Hour)
		base = b.loadBase()
		earlier := b.newRun(b.newCheck(base, none, "a", "mine"))
		earlier.Discovery = b.newListing(tc.early)
		if tc.ends {
			earlier.Ended = []catalog.Scope{c2}
		}
		b.now = b.now.Add(10 * time.Minute)
		later := b.newRun()
		if !tc.quiet {
			later.Checks = append(later.Checks, b.newCheck(base, none, "a", "theirs"))
		}
		if tc.asks {
			later.Checks = append(later.Checks, b.newCheck(base, c2, "a"))
		}
		later.Discovery = b.newListing(tc.late)
		b.commit(base, later)
		b.now = b.now.Add(time.Minute)
		b.commit(base, earlier)

		now := b.readNow()
		var ids []string
		for _, c := range now.Clusters() {
			ids = append(ids, c.ClusterID)
		}
		_, there := now.Scope(c2)
		d := now.Discovery
		got := fmt.Sprintf("%s; %s %s, %s %t; %t", strings.Join(ids, " "), d.CheckedAt.Format("15:04"), now.Upstream,
			d.TriedAt.Format("15:04"), d.Problem == nil, there)
		if got != tc.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, tc.want)
		}
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: %v", name, audit.Findings)
		}
	}
}

// TestListingAfterTheClockWasSetBack: nobody else has listed since the run
// began, so its listing counts although the clock says it is the older one.
func TestListingAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for _, clusters := range []string{"c1 c2", "c1"} {
		base := b.loadBase()
		run := b.newRun()
		run.Discovery = b.newListing(clusters)
		b.commit(base, run)
		if now := b.readNow(); now.Discovery.CheckedAt != catalog.At(b.now) ||
			string(now.Upstream) != fmt.Sprintf("[%q]", clusters) ||
			len(now.Clusters()) != len(strings.Fields(clusters)) {
			t.Errorf("the listing of %s is not noted: %+v", b.now, now)
		}
		b.now = b.now.Add(-time.Hour)
	}
}

// TestAnotherImageOfAClusterIsInTheLog: readers without the head learn of it, too.
func TestAnotherImageOfAClusterIsInTheLog(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	list := func(image string) *format.Commit {
		b.now = b.now.Add(time.Hour)
		run := b.newRun()
		run.Discovery = b.newListing("c1")
		run.Discovery.Clusters[0].ImageID, run.Discovery.Clusters[0].ImageOwnerAlias = image, "self"
		return b.commit(b.loadBase(), run).Commit
	}
	list("m-1")
	c := list("m-2")
	if c == nil || len(c.Clusters) != 1 || c.Clusters[0].After.ImageID != "m-2" {
		t.Fatalf("the commit says %+v", c)
	}
	fromHead := b.readNow()
	key, _ := b.keys.Head(region)
	b.putObject(key, nil)
	for source, r := range map[string]*archive.Region{"head": fromHead, "log": b.readNow()} {
		if c, _ := r.Cluster("c1"); c.ImageID != "m-2" || c.ImageOwnerAlias != "self" {
			t.Errorf("the %s has %+v", source, c)
		}
	}
}
