package archive_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// commitAliases commits a run that found definitions in the file and nothing else.
func (b *fixture) commitAliases(defined ...alias.Definition) archive.Result {
	b.t.Helper()
	b.now = b.now.Add(time.Hour)
	run := b.newRun()
	run.Aliases = append([]alias.Definition{}, defined...) // not nil: the file was read
	return b.commit(b.loadBase(), run)
}

// TestAliasesOfEveryCommit: a state of the past has the aliases that it had, the rule of an
// alias dates from the commit that changed it, and the head can be rebuilt from the log.
func TestAliasesOfEveryCommit(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	newest := alias.Definition{Name: "newest", Lookup: "sort=-Size"}
	described, pinned := newest, newest
	described.Description = "for CI"
	pinned.Pin = &alias.Pin{ImageID: "m-1", Reason: "broken drivers", Until: catalog.At(b.now.AddDate(1, 0, 0))}
	other := alias.Definition{Name: "a", Lookup: "ClusterId=*"}

	want := map[int64]alias.List{}
	note := func(res archive.Result) catalog.Time {
		t.Helper()
		if res.Commit == nil {
			t.Fatal("nothing was committed")
		}
		want[res.Region.Sequence] = res.Region.Aliases
		return res.Commit.CommittedAt
	}
	b.commitStep("image")
	first := note(b.commitAliases(newest))
	note(b.commitAliases(described))
	b.now = b.now.AddDate(0, 1, 0) // the next month begins with a checkpoint
	third := note(b.commitAliases(pinned, other))
	note(b.commitStep("another image")) // a run that does not know the file
	if res := b.commitAliases(other, pinned); res.Commit != nil {
		t.Errorf("the same definitions made commit %d", res.Commit.Sequence)
	}
	note(b.commitAliases(other))
	note(b.commitAliases())

	for sequence, list := range map[int64]alias.List{
		2: {{Definition: newest, Sequence: 2, Since: first}},
		3: {{Definition: described, Sequence: 2, Since: first}},
		5: {{Definition: other, Sequence: 5, Since: third}, {Definition: pinned, Sequence: 5, Since: third}}, // 4: a seal
		6: {{Definition: other, Sequence: 5, Since: third}, {Definition: pinned, Sequence: 5, Since: third}},
		7: {{Definition: other, Sequence: 5, Since: third}},
		8: nil,
	} {
		past, err := archive.New(b.bucket, b.keys).AtSequence(context.Background(), b.readNow(), sequence)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(list, past.Aliases) + cmp.Diff(list, want[sequence]); diff != "" {
			t.Errorf("commit %d: %s", sequence, diff)
		}
	}
	b.checkSound()
	b.commitAliases(pinned)
	stored := b.readNow().Aliases
	b.putObject(headKey, nil)
	if diff := cmp.Diff(stored, b.repairRegion().Aliases); diff != "" {
		t.Errorf("the head is rebuilt with other aliases: %s", diff)
	}
	b.checkSound()
}

// TestAliasesOfRunsThatOverlap: the run that commits first read the file last, as far as the
// other can tell. The other commits the rest of what it found.
func TestAliasesOfRunsThatOverlap(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("image")
	base := b.loadBase()
	slow := b.newRun(b.newCheck(base, scopeOf("", ""), "other image"))
	slow.Aliases = []alias.Definition{{Name: "newest", Lookup: "sort=-Size"}}
	fast := alias.Definition{Name: "newest", Lookup: "sort=Size"}
	b.commitAliases(fast)
	res := b.commit(base, slow)
	if got := res.Region.Aliases; len(got) != 1 || !got[0].Definition.Equal(fast) || res.Counts.Changed != 1 {
		t.Errorf("aliases are %+v, counts %+v", got, res.Counts)
	}
}

// TestAliasProblemIsInTheHead: the last run says whether it could use the file.
func TestAliasProblemIsInTheHead(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	definition := alias.Definition{Name: "newest", Lookup: "sort=-Size"}
	b.commitAliases(definition)
	run := b.newRun()
	run.AliasProblem = "Aliases[0].Name is missing"
	b.commit(b.loadBase(), run)
	if now := b.readNow(); now.Run.AliasProblem != run.AliasProblem || len(now.Aliases) != 1 {
		t.Errorf("the head has %+v and %+v", now.Run, now.Aliases)
	}
	b.commitAliases(definition)
	if now := b.readNow(); now.Run.AliasProblem != "" {
		t.Errorf("the problem stays: %q", now.Run.AliasProblem)
	}
}

// TestVerifyComparesAliases: a head with other aliases than its log is a fault.
func TestVerifyComparesAliases(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("image")
	b.commitAliases(alias.Definition{Name: "newest", Lookup: "sort=-Size"})
	h, err := format.DecodeHead(region, b.readObject(headKey))
	if err != nil {
		t.Fatal(err)
	}
	h.Aliases = nil
	data, err := h.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b.putObject(headKey, data)
	if audit := b.verifyRegion(); len(audit.Findings) != 1 {
		t.Errorf("audit is %+v", audit)
	}
}
