package archive_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/fsck"
)

func (b *fixture) verifyRegion() *fsck.Audit {
	b.t.Helper()
	audit, err := fsck.Verify(context.Background(), archive.New(b.bucket, b.keys), region)
	if err != nil {
		b.t.Fatal(err)
	}
	return audit
}

// checkSound checks that nothing of the region is damaged or without use.
func (b *fixture) checkSound() {
	b.t.Helper()
	if audit := b.verifyRegion(); len(audit.Findings)+len(audit.Orphans) > 0 {
		b.t.Errorf("audit is %+v", audit)
	}
}

// newHistory commits to two scopes over two months.
func newHistory(t *testing.T, after ...func(*fixture)) *fixture {
	b := newFixture(t)
	for i, specs := range [][]string{{"a"}, {"a=x", "b"}, {"b"}, {"b", "c"}} {
		if i == 2 {
			b.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		}
		b.now = b.now.Add(time.Hour)
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), specs...),
			b.newCheck(base, scopeOf("ehpc-1", ""), specs[0])))
		for _, do := range after {
			do(b)
		}
	}
	return b
}

func TestVerifyFindsNothingInASoundArchive(t *testing.T) {
	t.Parallel()
	b := newHistory(t)
	audit := b.verifyRegion()
	if len(audit.Findings) > 0 || len(audit.Orphans) > 0 || audit.Commits != 5 || audit.Snapshots != 7 {
		t.Errorf("audit is %+v", audit)
	}
}

func TestVerifyFindsEveryFault(t *testing.T) {
	t.Parallel()
	sound := newHistory(t)
	snapshot := sound.readNow().ScopesOf("")[0].Digest
	key, _ := sound.keys.Snapshot(scopeOf("", ""), snapshot)
	orphan, _ := sound.keys.Snapshot(scopeOf("ehpc-9", ""), snapshot)
	for name, tc := range map[string]struct {
		key  string
		with func([]byte) []byte
		want string
	}{
		"a missing snapshot": {key, func([]byte) []byte {
			return nil
		}, "it is missing, and a commit refers to it"},
		"a flipped snapshot": {key, func(d []byte) []byte {
			return []byte(strings.Replace(string(d), `"c"`, `"d"`, 1))
		}, "has digest"},
		"a missing head": {headKey, func([]byte) []byte { return nil }, "missing"},
		"a torn head":    {headKey, func(d []byte) []byte { return d[:50] }, "head.json"},
		"a head of another content": {headKey, func(d []byte) []byte {
			return []byte(strings.Replace(string(d), snapshot, strings.Repeat("0", 64), 1))
		}, "head does not have the digest that it states"},
		"another commit of a number that the log has": {logKey11, func(d []byte) []byte {
			return append(d, strings.Replace(string(d[:strings.Index(string(d), "\n")+1]), `"run-1"`, `"run-9"`, 1)...)
		}, "is another commit 1"},
		"a missing month": {logKey11, func([]byte) []byte { return nil }, "" /* what retention does */},
		"an empty month":  {logKey11, func([]byte) []byte { return []byte{} }, "2026-11.ndjson: it has no commit"},
		"a month of torn lines alone": {logKey11, func(d []byte) []byte { return d[:100] },
			"2026-11.ndjson: it has no commit"},
		"a missing last month": {logKey12, func([]byte) []byte { return nil }, "the log ends with 3"},
		"a flipped line": {logKey11, func(d []byte) []byte {
			return []byte(strings.Replace(string(d), `"ImageId":"b"`, `"ImageId":"x"`, 1))
		}, "commit 2 was altered: its digest does not fit"},
		"a foreign object": {"community-images/v1/" + region + "/notes.txt", func([]byte) []byte {
			return []byte("x")
		}, "not an object of the archive"},
	} {
		b := newHistory(t)
		b.putObject(tc.key, tc.with(b.mem.Objects()[tc.key]))
		found := ""
		for _, f := range b.verifyRegion().Findings {
			found += f.String() + "\n"
		}
		if tc.want == "" && found != "" || !strings.Contains(found, tc.want) {
			t.Errorf("%s: found\n%swant %q", name, found, tc.want)
		}
	}
	b := newHistory(t)
	b.putObject(orphan, b.readObject(key))
	if got := b.verifyRegion().Orphans; len(got) != 1 || got[0] != orphan {
		t.Errorf("orphans are %q", got)
	}
}

// TestHarmlessLinesAreNotesAndNoFaults: a run that died within its line, and an append
// that was sent twice, are no faults. Retention goes on.
func TestHarmlessLinesAreNotesAndNoFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key  string
		with func([]byte) []byte
		want string
	}{
		"a torn line": {logKey12, func(d []byte) []byte { return append(d, "{"...) }, "line 3 is torn"},
		"a torn line before a seal": {logKey11, func(d []byte) []byte {
			return append([]byte("{\n"), d...)
		}, "line 1 is torn"},
		"a second copy of a whole month": {logKey11, func(d []byte) []byte {
			return append(d, d...)
		}, "line 4 is a second copy"},
	} {
		b := newHistory(t)
		b.putObject(c.key, c.with(b.mem.Objects()[c.key]))
		b.repairRegion() // the head names the end of the log
		audit := b.verifyRegion()
		if len(audit.Findings) > 0 || len(audit.Notes) == 0 || audit.Notes[0].Key != c.key ||
			!strings.HasPrefix(audit.Notes[0].Reason, c.want) {
			t.Errorf("%s: faults %v, notes %v", name, audit.Findings, audit.Notes)
		}
	}
}
