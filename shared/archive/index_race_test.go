package archive_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
)

// hookPutBucket calls a hook before each put of one key.
type hookPutBucket struct {
	archive.Bucket
	key  string
	hook func(n int) // n counts from 1
	n    int
}

func (p *hookPutBucket) Put(ctx context.Context, key string, data []byte) error {
	if key == p.key {
		p.n++
		p.hook(p.n)
	}
	return p.Bucket.Put(ctx, key, data)
}

// TestIndexOfRunsThatOverlap lets others commit while a run is about to put
// its index or its head: when all are done, the index goes as far as
// the log, whoever was the last to put it.
func TestIndexOfRunsThatOverlap(t *testing.T) {
	t.Parallel()
	for _, key := range []string{indexKey, headKey} {
		for others := 1; others <= 3; others++ { // commits in between, one before each put
			b := newFixture(t)
			b.now = b.now.Add(time.Hour)
			none := scopeOf("", "")
			for _, beginning := range []bool{true, false} {
				base := b.loadBase()
				mine := b.newRun(b.newCheck(base, none, "a", fmt.Sprint("mine", beginning)))
				slow := &hookPutBucket{Bucket: b.mem, key: key, hook: func(n int) {
					if n > others {
						return
					}
					base := b.loadBase()
					b.commit(base, b.newRun(b.newCheck(base, scopeOf("ehpc-1", ""),
						fmt.Sprint("theirs", beginning, n))))
				}}
				w := archive.NewWriter(slow, b.keys, func() time.Time { return b.now })
				if res, err := w.Commit(context.Background(), base, mine); err != nil || res.HeadError != nil {
					t.Fatal(err, res.HeadError)
				}
				now := b.readNow()
				c, err := archive.New(b.bucket, b.keys).Index(context.Background(), region)
				if err != nil || c.Sequence != now.Sequence || now.IndexSequence > now.Sequence {
					t.Errorf("%d others before a put of %s: the log ends with %d, the head says the index goes to "+
						"%d, it goes to %d; %v", others, key, now.Sequence, now.IndexSequence, c.Sequence, err)
				}
				b.checkIndexLists()
				if audit := b.verifyRegion(); len(audit.Findings) > 0 {
					t.Errorf("%d others before a put of %s: verify finds %v", others, key, audit.Findings)
				}
			}
		}
	}
}

// TestNewerIndexIsLeftAlone: a run that finds the index further than
// its own commit, as the log is, reads no snapshot and puts nothing.
func TestNewerIndexIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	base := b.loadBase()
	mine := b.newRun(b.newCheck(base, scopeOf("", ""), "a", "b"))
	slow := &hookIndexBucket{Bucket: b.mem, hook: func() { b.commitStep("c") }}
	w := archive.NewWriter(slow, b.keys, func() time.Time { return b.now })
	if res, err := w.Commit(context.Background(), base, mine); err != nil || res.HeadError != nil {
		t.Fatal(err, res.HeadError)
	}
	if len(slow.after) > 0 {
		t.Errorf("the run puts %q", slow.after)
	}
	if c, err := archive.New(b.bucket, b.keys).Index(context.Background(), region); err != nil || c.Sequence != 3 {
		t.Errorf("the index is %+v, %v", c, err)
	}
}

// hookIndexBucket calls a hook before the index is read.
type hookIndexBucket struct {
	archive.Bucket
	hook  func()
	after []string // keys that were put since, other than the head's
}

func (p *hookIndexBucket) Get(ctx context.Context, key, etag string) ([]byte, string, error) {
	if key == indexKey && p.hook != nil {
		p.hook()
		p.hook = nil
	}
	return p.Bucket.Get(ctx, key, etag)
}

func (p *hookIndexBucket) Put(ctx context.Context, key string, data []byte) error {
	if key != headKey && p.hook == nil {
		p.after = append(p.after, key)
	}
	return p.Bucket.Put(ctx, key, data)
}

// TestVerifyFindsAMissingOrOlderIndex: one that is gone, or older than the head says,
// is found and repaired; one of which the head does not claim more is sound.
func TestVerifyFindsAMissingOrOlderIndex(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(b *fixture, older []byte)
		want  string
	}{
		"missing": {func(b *fixture, _ []byte) { b.mem.Spoil(indexKey, nil) }, "it is missing"},
		"older": {func(b *fixture, older []byte) {
			b.mem.Spoil(indexKey, older)
		}, "it goes to commit 1, the head says to 2"},
		"older, and commits without content since": {func(b *fixture, older []byte) {
			base := b.loadBase()
			b.commit(base, b.newRun(b.newFailedCheck(scopeOf("", ""), "Throttling")))
			if got := b.verifyRegion().Findings; len(got) > 0 {
				b.t.Errorf("a commit without content: verify finds %v", got)
			}
			b.mem.Spoil(indexKey, older)
		}, "it goes to commit 1, the head says to 3"},
		"older, as the head says": {func(b *fixture, older []byte) {
			b.mem.Spoil(indexKey, older)
			b.forgeHead(`"Index":2,"IndexImages":`, `"Index":1,"Unknown":`)
		}, ""},
		"missing, as the head says": {func(b *fixture, _ []byte) {
			b.mem.Spoil(indexKey, nil)
			b.forgeHead(`"Index":2,"IndexImages":`, `"Index":0,"Unknown":`)
		}, ""},
	} {
		b := newFixture(t)
		b.commitStep("a")
		older := b.readObject(indexKey)
		b.commitStep("a", "b")
		tc.spoil(b, older)
		got := b.verifyRegion().Findings
		if tc.want == "" && len(got) > 0 || tc.want != "" &&
			(len(got) != 1 || got[0].Key != indexKey || !strings.Contains(got[0].Reason, tc.want)) {
			t.Errorf("%s: verify finds %v, want %q", name, got, tc.want)
		}
		b.repairRegion()
		if audit := b.verifyRegion(); len(audit.Findings) > 0 || b.readNow().IndexSequence != b.readNow().Sequence {
			t.Errorf("%s: after a repair: %v", name, audit.Findings)
		}
		if got := b.renderIndex(); got != "a ?, b 11:00" {
			t.Errorf("%s: after a repair the index has %s", name, got)
		}
	}
}

// TestRepairKeepsWhatTheIndexRemembers: when images were first seen is kept
// although the months that said so are gone, and what the log says is believed
// where it is earlier.
func TestRepairKeepsWhatTheIndexRemembers(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a", "gone")
	b.now = b.now.AddDate(0, 1, 0)
	b.commitStep("a", "b")
	b.mem.Spoil(logKey11, nil)
	older := b.readObject(indexKey)
	b.commitStep("a", "b", "c")
	b.mem.Spoil(indexKey, older)
	b.repairRegion()
	if got := b.renderIndex(); got != "a ?, b 11:00, c 12:00, (gone ?)" {
		t.Errorf("after a repair the index has %s", got)
	}
	b.forgeIndex(`"FirstSeen":"2026-12-23T12`, `"FirstSeen":"2026-12-23T19`)
	b.repairRegion()
	if got := b.renderIndex(); got != "a ?, b 11:00, c 12:00, (gone ?)" {
		t.Errorf("after a second repair the index has %s", got)
	}
}
