package buckettest

import (
	"context"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"community-images/shared/archive"
)

// ConformanceSweep is what every archive.Sweeper passes beside Conformance,
// on the same terms.
func ConformanceSweep(t *testing.T, open func(t *testing.T) archive.Sweeper) {
	for _, c := range []struct {
		name string
		test func(*bench, archive.Sweeper)
	}{
		{"what was deleted is missing", testDelete},
		{"a missing object can be deleted", testDeleteMissing},
		{"an appendable object begins anew", testDeleteAppendable},
		{"entries are the list, dated", testEntries},
		{"entries have all pages", testEntriesPages},
		{"a write makes an entry younger", testEntriesFresh},
		{"an ended context ends the sweep", testSweepContext},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			c.test(&bench{t, b}, b)
		})
	}
}

func (t *bench) delete(s archive.Sweeper, key string) {
	t.Helper()
	if err := s.Delete(context.Background(), key); err != nil {
		t.Fatalf("Delete(%q): %v", key, err)
	}
}

// entry is one object as Entries shows it.
type entry struct {
	key      string
	size     int64
	modified time.Time
}

func (t *bench) entries(s archive.Sweeper, prefix string) (entries []entry) {
	t.Helper()
	err := s.Entries(context.Background(), prefix, func(key string, size int64, modified time.Time) {
		entries = append(entries, entry{key, size, modified})
	})
	if err != nil {
		t.Fatalf("Entries(%q): %v", prefix, err)
	}
	return entries
}

func testDelete(t *bench, s archive.Sweeper) {
	t.put(root+"a", []byte("a"))
	t.put(root+"a/b", []byte("b"))
	t.delete(s, root+"a")
	_, _, err := s.Get(context.Background(), root+"a", "")
	t.wantErr("Get of a deleted object", err, fs.ErrNotExist)
	t.wantContent(root+"a/b", []byte("b"))
	t.create(root+"a", []byte("again"))
	t.wantContent(root+"a", []byte("again"))
}

func testDeleteMissing(t *bench, s archive.Sweeper) {
	t.delete(s, root+"never")
	t.put(root+"once", nil)
	t.delete(s, root+"once")
	t.delete(s, root+"once")
}

func testDeleteAppendable(t *bench, s archive.Sweeper) {
	t.append(root+"log", 0, []byte("one"))
	t.delete(s, root+"log")
	_, err := s.Append(context.Background(), root+"log", 3, []byte("x"))
	t.wantErr("Append at the old length", err, fs.ErrExist)
	t.append(root+"log", 0, []byte("two"))
	t.wantContent(root+"log", []byte("two"))
}

func testEntries(t *bench, s archive.Sweeper) {
	t.put(root+"x/b", []byte("four"))
	t.append(root+"x/a", 0, []byte("twelve bytes"))
	t.put(root+"y", nil)
	got := ""
	for _, e := range t.entries(s, root+"x/") {
		got += fmt.Sprintln(e.key, e.size)
		if age := time.Since(e.modified); age < -time.Minute || age > time.Minute {
			t.Errorf("%q, written just now, is dated %s", e.key, e.modified)
		}
	}
	if want := fmt.Sprintln(root+"x/a", 12) + fmt.Sprintln(root+"x/b", 4); got != want {
		t.Errorf("entries are\n%swant\n%s", got, want)
	}
	if none := t.entries(s, root+"z"); len(none) != 0 {
		t.Errorf("a prefix of nothing has entries %v", none)
	}
}

func testEntriesPages(t *bench, s archive.Sweeper) {
	const n = 1003 // more than a page of OSS
	for i := range n {
		t.put(fmt.Sprintf("%s%04d", root, i), nil)
	}
	entries := t.entries(s, root)
	if len(entries) != n || entries[0].key != root+"0000" || entries[n-1].key != fmt.Sprintf("%s%04d", root, n-1) {
		t.Errorf("%d entries are listed, want %d", len(entries), n)
	}
}

func testEntriesFresh(t *bench, s archive.Sweeper) {
	t.put(root+"a", []byte("a"))
	before := t.entries(s, root+"a")[0].modified
	t.put(root+"a", []byte("a"))
	if after := t.entries(s, root+"a")[0].modified; after.Before(before) {
		t.Errorf("a put of the same bytes took the date from %s back to %s", before, after)
	}
}

func testSweepContext(t *bench, s archive.Sweeper) {
	t.put(root+"a", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	t.wantErr("Delete", s.Delete(ctx, root+"a"), context.Canceled)
	t.wantErr("Entries", s.Entries(ctx, root, func(string, int64, time.Time) {}), context.Canceled)
	t.wantContent(root+"a", []byte{})
}

var (
	_ archive.Sweeper = (*Memory)(nil)
	_ archive.Sweeper = (*Faulty)(nil)
)
