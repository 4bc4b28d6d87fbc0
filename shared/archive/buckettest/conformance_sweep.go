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
		test func(*suite, archive.Sweeper)
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
			c.test(&suite{t, b}, b)
		})
	}
}

func (t *suite) delete(s archive.Sweeper, key string) {
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

func (t *suite) entries(s archive.Sweeper, prefix string) (entries []entry) {
	t.Helper()
	err := s.Entries(context.Background(), prefix, func(key string, size int64, modified time.Time) {
		entries = append(entries, entry{key, size, modified})
	})
	if err != nil {
		t.Fatalf("Entries(%q): %v", prefix, err)
	}
	return entries
}

func testDelete(t *suite, s archive.Sweeper) {
	t.put(KeyPrefix+"a", []byte("a"))
	t.put(KeyPrefix+"a/b", []byte("b"))
	t.delete(s, KeyPrefix+"a")
	_, _, err := s.Get(context.Background(), KeyPrefix+"a", "")
	t.wantErr("Get of a deleted object", err, fs.ErrNotExist)
	t.wantContent(KeyPrefix+"a/b", []byte("b"))
	t.create(KeyPrefix+"a", []byte("again"))
	t.wantContent(KeyPrefix+"a", []byte("again"))
}

func testDeleteMissing(t *suite, s archive.Sweeper) {
	t.delete(s, KeyPrefix+"never")
	t.put(KeyPrefix+"once", nil)
	t.delete(s, KeyPrefix+"once")
	t.delete(s, KeyPrefix+"once")
}

func testDeleteAppendable(t *suite, s archive.Sweeper) {
	t.append(KeyPrefix+"log", 0, []byte("one"))
	t.delete(s, KeyPrefix+"log")
	_, err := s.Append(context.Background(), KeyPrefix+"log", 3, []byte("x"))
	t.wantErr("Append at the old length", err, fs.ErrExist)
	t.append(KeyPrefix+"log", 0, []byte("two"))
	t.wantContent(KeyPrefix+"log", []byte("two"))
}

func testEntries(t *suite, s archive.Sweeper) {
	t.put(KeyPrefix+"x/b", []byte("four"))
	t.append(KeyPrefix+"x/a", 0, []byte("twelve bytes"))
	t.put(KeyPrefix+"y", nil)
	got := ""
	for _, e := range t.entries(s, KeyPrefix+"x/") {
		got += fmt.Sprintln(e.key, e.size)
		if age := time.Since(e.modified); age < -time.Minute || age > time.Minute {
			t.Errorf("%q, written just now, is dated %s", e.key, e.modified)
		}
	}
	if want := fmt.Sprintln(KeyPrefix+"x/a", 12) + fmt.Sprintln(KeyPrefix+"x/b", 4); got != want {
		t.Errorf("entries are\n%swant\n%s", got, want)
	}
	if none := t.entries(s, KeyPrefix+"z"); len(none) != 0 {
		t.Errorf("a prefix of nothing has entries %v", none)
	}
}

func testEntriesPages(t *suite, s archive.Sweeper) {
	const n = 1003 // more than a page of OSS
	for i := range n {
		t.put(fmt.Sprintf("%s%04d", KeyPrefix, i), nil)
	}
	entries := t.entries(s, KeyPrefix)
	if len(entries) != n || entries[0].key != KeyPrefix+"0000" ||
		entries[n-1].key != fmt.Sprintf("%s%04d", KeyPrefix, n-1) {
		t.Errorf("%d entries are listed, want %d", len(entries), n)
	}
}

func testEntriesFresh(t *suite, s archive.Sweeper) {
	t.put(KeyPrefix+"a", []byte("a"))
	before := t.entries(s, KeyPrefix+"a")[0].modified
	t.put(KeyPrefix+"a", []byte("a"))
	if after := t.entries(s, KeyPrefix+"a")[0].modified; after.Before(before) {
		t.Errorf("a put of the same bytes took the date from %s back to %s", before, after)
	}
}

func testSweepContext(t *suite, s archive.Sweeper) {
	t.put(KeyPrefix+"a", nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	t.wantErr("Delete", s.Delete(ctx, KeyPrefix+"a"), context.Canceled)
	t.wantErr("Entries", s.Entries(ctx, KeyPrefix, func(string, int64, time.Time) {}), context.Canceled)
	t.wantContent(KeyPrefix+"a", []byte{})
}

var (
	_ archive.Sweeper = (*Memory)(nil)
	_ archive.Sweeper = (*Faulty)(nil)
)
