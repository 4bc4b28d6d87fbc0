package archive_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/catalog"
)

// snapshotKeyOf returns the key of the present content of a scope.
func (b *fixture) snapshotKeyOf(scope catalog.Scope) string {
	b.t.Helper()
	s, _ := b.readNow().Scope(scope)
	key, err := b.keys.Snapshot(scope, s.Digest)
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

// TestLostContent: if the old content of a scope is lost, the index has its list, and the
// commit says what differs. Without the index all images count as added, the commit says
// that the content was lost, and their dates stay what they are.
func TestLostContent(t *testing.T) {
	t.Parallel()
	c1, c2 := scopeOf("c1", ""), scopeOf("c2", "")
	for name, tc := range map[string]struct {
		lost      []string // "c1", or the key of the index
		want      string
		isLost    bool
		wantDates string
	}{
		"it is there": {nil, "a \"\" (Status \"x\">\"y\" in c1)\nb \"\" -c1\nc \"\" +c1\n", false,
			"a ?~10:00, (b ?), c 10:00, z ?"},
		"the index has it": {[]string{"c1"}, "a \"\" (Status \"x\">\"y\" in c1)\nb \"\" -c1\nc \"\" +c1\n", false,
			"a ?~10:00, (b ?), c 10:00, z ?"},
		"the index is lost too": {[]string{"c1", indexKey}, "a \"\" +c1\nc \"\" +c1\n", true,
			"a ?, (b ?), c 10:00, z ?"},
	} {
		b := newFixture(t)
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, c1, "a=x", "b"), b.newCheck(base, c2, "z")))
		b.now = b.now.Add(time.Hour)
		base = b.loadBase()
		check := b.newCheck(base, c1, "a=y", "c")
		for _, key := range tc.lost {
			if key == "c1" {
				key, check.Before = b.snapshotKeyOf(c1), nil // as of a run that could not read it
			}
			b.mem.Spoil(key, nil)
		}
		c := b.commit(base, b.newRun(check)).Commit
		if got := renderImageChanges(c); got != tc.want ||
			c.Scopes[0].PreviousLost != tc.isLost {
			t.Errorf("%s: lost %t, the commit says\n%swant\n%s", name, c.Scopes[0].PreviousLost, got, tc.want)
		}
		if got := b.renderIndex(); got != tc.wantDates {
			t.Errorf("%s: the index has %s, want %s", name, got, tc.wantDates)
		}
		// The lost snapshot stays a fault while the log of commit 1 refers to it.
		for _, f := range b.verifyRegion().Findings {
			if len(tc.lost) == 0 || !strings.Contains(f.String(), "it is missing, and a commit refers to it") {
				t.Errorf("%s: verify finds %s", name, f)
			}
		}
	}
}

// TestFirstContentIsNotLost: a scope without content has nothing that could be lost.
func TestFirstContentIsNotLost(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	c1 := scopeOf("c1", "")
	base := b.loadBase()
	b.commit(base, b.newRun(b.newFailedCheck(c1, "Throttling")))
	base = b.loadBase()
	if c := b.commit(base, b.newRun(b.newCheck(base, c1, "a"))).Commit; c.Scopes[0].PreviousLost ||
		renderImageChanges(c) != "a \"\" +c1\n" {
		t.Errorf("the first content: lost %t, %s", c.Scopes[0].PreviousLost, renderImageChanges(c))
	}
	base = b.loadBase()
	b.commit(base, b.newRun(b.newFailedCheck(scopeOf("c2", ""), "Throttling")))
	base = b.loadBase()
	run := b.newRun()
	run.Ended = []catalog.Scope{scopeOf("c2", "")}
	if c := b.commit(base, run).Commit; len(c.Ended) != 1 || c.Ended[0].PreviousLost || len(c.Images) > 0 {
		t.Errorf("a scope ends that never had content: %+v", c)
	}
}

// TestScopeEndsWithTheNextRun: if the store does not give the content of a scope now, the
// run does not end the scope. The next run does.
func TestScopeEndsWithTheNextRun(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	c1, c2 := scopeOf("c1", ""), scopeOf("c2", "")
	base := b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, c1, "a"), b.newCheck(base, c2, "b")))
	unreadable := b.snapshotKeyOf(c1)
	faulty := buckettest.NewFaulty(b.mem, func(op buckettest.Op) *buckettest.Fault {
		if op.Key == unreadable {
			return &buckettest.Fault{Err: errors.New("store does not answer")}
		}
		return nil
	})
	base = b.loadBase()
	run := b.newRun()
	run.Ended = []catalog.Scope{c1, c2}
	w := archive.NewWriter(faulty, b.keys, func() time.Time { return b.now })
	res, err := w.Commit(t.Context(), base, run)
	if err != nil || renderImageChanges(res.Commit) != "b \"\" -c2\n" || len(res.Commit.Ended) != 1 {
		t.Fatalf("the run ends with %v, %+v", err, res.Commit)
	}
	run = b.newRun()
	run.Ended = []catalog.Scope{c1}
	if c := b.commit(b.loadBase(), run).Commit; renderImageChanges(c) != "a \"\" -c1\n" || c.Ended[0].PreviousLost {
		t.Errorf("the next run says %s", renderImageChanges(c))
	}
}
