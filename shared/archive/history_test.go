package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// newDriftingHistory returns a region with four months of commits, in which images and
// scopes come, change and go at random.
func newDriftingHistory(t *testing.T, seed uint64) *fixture {
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	b.writer.SetDistances(3000, 1500) // a month has several checkpoints, and its index is written several times
	random := rand.New(rand.NewPCG(seed, 0))
	b.now = time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)
	for range 60 {
		b.now = b.now.Add(time.Duration(random.IntN(60)) * time.Hour)
		base := b.loadBase()
		run := b.newRun()
		for cluster := range 4 {
			scope := scopeOf(fmt.Sprint("ehpc-", cluster), "")
			if _, known := base.Scope(scope); known && random.IntN(12) == 0 {
				run.Ended = append(run.Ended, scope)
				continue
			}
			var specs []string
			for image := range 8 {
				if random.IntN(4) > 0 {
					specs = append(specs, fmt.Sprintf("m-%d=%d", image, random.IntN(2)))
				}
			}
			if random.IntN(3) == 0 {
				run.Checks = append(run.Checks, b.newCheck(base, scope, specs...))
			}
		}
		b.commit(base, run)
	}
	return b
}

// readAll returns the commits that an iterator yields, as text.
func readAll(t *testing.T, commits iter.Seq2[*format.Commit, error]) (texts []string) {
	t.Helper()
	for c, err := range commits {
		if err != nil {
			t.Errorf("after %d commits: %v", len(texts), err)
			return texts
		}
		texts = append(texts, renderCommit(c)+c.LineHash)
	}
	return texts
}

// loggedHistory is what a plain reading of the whole log says.
type loggedHistory struct {
	commits []*format.Commit
	texts   []string
}

// readLog reads the log from its first line on.
func (b *fixture) readLog() (h loggedHistory) {
	b.t.Helper()
	for c, err := range archive.New(b.mem, b.keys).Commits(context.Background(), b.readNow(), 1) {
		if err != nil {
			b.t.Fatal(err)
		}
		h.commits, h.texts = append(h.commits, c), append(h.texts, renderCommit(c)+c.LineHash)
	}
	return h
}

// of returns the texts of the commits that satisfy a condition.
func (h loggedHistory) of(isWanted func(c *format.Commit) bool) (texts []string) {
	for i, c := range h.commits {
		if isWanted(c) {
			texts = append(texts, h.texts[i])
		}
	}
	return texts
}

// checkHistoryReaders compares every way to read commits with a plain reading of the log.
func checkHistoryReaders(t *testing.T, name string, a *archive.Archive, now *archive.Region, h loggedHistory) {
	t.Helper()
	ctx := context.Background()
	compare := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s: %d commits, want %d\n%s\nwant\n%s", name, what, len(got), len(want),
				strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	ids := []string{"m-3", "m-5"}
	changes := func(c *format.Commit) bool {
		return slices.ContainsFunc(c.Images, func(im format.ImageChange) bool { return slices.Contains(ids, im.ImageID) })
	}
	step := int64(3)
	if raceEnabled {
		step = 13 // the race detector needs no more
	}
	for from := h.commits[0].Sequence; from <= now.Sequence; from += step {
		compare(fmt.Sprint("from ", from), readAll(t, a.Commits(ctx, now, from)),
			h.of(func(c *format.Commit) bool { return c.Sequence >= from }))
		want := h.of(func(c *format.Commit) bool { return c.Sequence <= from })
		slices.Reverse(want)
		compare(fmt.Sprint("back from ", from), readAll(t, a.CommitsBackward(ctx, now, from)), want)
		compare(fmt.Sprint("of images from ", from), readAll(t, a.CommitsOfImages(ctx, now, ids, from)),
			h.of(func(c *format.Commit) bool { return c.Sequence >= from && changes(c) }))
		want = h.of(func(c *format.Commit) bool { return c.Sequence <= from && changes(c) })
		slices.Reverse(want)
		compare(fmt.Sprint("of images back from ", from), readAll(t, a.CommitsOfImagesBackward(ctx, now, ids, from)), want)
	}
	for _, c := range h.commits {
		got, err := a.LastCommitAt(ctx, now, c.CommittedAt.Time)
		if want := len(h.of(func(o *format.Commit) bool { return !o.CommittedAt.After(c.CommittedAt.Time) })); err != nil ||
			got != h.commits[want-1].Sequence {
			t.Errorf("%s: at %s the last commit is %d, %v", name, c.CommittedAt, got, err)
		}
	}
	// The states are those that replaying each month from its beginning makes.
	whole := *now
	whole.MonthIndex = format.IndexedMonth{}
	for _, c := range h.commits {
		want, err := archive.New(a.Bucket(), a.Keys()).AtSequence(ctx, &whole, c.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.AtSequence(ctx, now, c.Sequence)
		if err != nil || !cmp.Equal(got.Scopes(), want.Scopes()) || got.LineHash() != want.LineHash() ||
			!slices.Equal(got.Files, want.Files) {
			t.Errorf("%s: after commit %d: %+v, %v, want %+v", name, c.Sequence, got, err, want)
		}
	}
	ended := map[format.ScopeRef]bool{}
	for _, c := range h.commits {
		for i := range c.Ended {
			ended[c.Scope(len(c.Scopes)+i)] = true
		}
	}
	if got, err := a.EndedScopes(ctx, now); err != nil || len(got) != len(ended) {
		t.Errorf("%s: ended are %v, %v, want %v", name, got, err, ended)
	}
}

// TestHistoryIsReadByPlace: whatever is the matter with the indexes of the months, what
// is read is what the log says.
func TestHistoryIsReadByPlace(t *testing.T) {
	t.Parallel()
	sound := newDriftingHistory(t, 1)
	other := newDriftingHistory(t, 2) // a log with the same months
	months := 0
	for key := range sound.mem.Objects() {
		if strings.Contains(key, "/history/") {
			months++
		}
	}
	checkpoints := 0
	for _, c := range sound.readLog().commits {
		if c.Checkpoint != nil {
			checkpoints++
		}
	}
	if months < 3 || checkpoints < 6 {
		t.Fatalf("%d months are indexed, there are %d checkpoints", months, checkpoints)
	}
	for name, spoil := range map[string]func(key string, data []byte) []byte{
		"all is well":    func(_ string, data []byte) []byte { return data },
		"missing":        func(string, []byte) []byte { return nil },
		"a bit flipped":  func(_ string, data []byte) []byte { data[len(data)/2] ^= 1; return data },
		"cut":            func(_ string, data []byte) []byte { return data[:len(data)/2] },
		"empty":          func(string, []byte) []byte { return []byte{} },
		"of another log": func(key string, _ []byte) []byte { return other.mem.Objects()[key] },
		"of another format": func(_ string, d []byte) []byte {
			return bytes.Replace(d, []byte(`mat":2`), []byte(`mat":3`), 1)
		},
		"some missing": func(key string, d []byte) []byte {
			if strings.Contains(key, "2026-09") {
				return nil
			}
			return d
		},
	} {
		b := sound.clone()
		for key, data := range sound.mem.Objects() {
			if strings.Contains(key, "/history/") {
				b.mem.Spoil(key, spoil(key, bytes.Clone(data)))
			}
		}
		a := archive.InWindows(archive.New(b.mem, b.keys), 1500)
		checkHistoryReaders(t, name, a, b.readNow(), b.readLog())
		if audit := b.verifyRegion(); (len(audit.Findings) == 0) != (name == "all is well") {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
		b.repairRegion()
		if audit := b.verifyRegion(); len(audit.Findings)+len(audit.Orphans) > 0 {
			t.Errorf("%s: after a repair verify finds %v, %v", name, audit.Findings, audit.Orphans)
		}
	}
}

// TestHistoryGrowsUnderAReader: a reader that has indexes in memory goes on with what was
// committed since, in the same month and in the next.
func TestHistoryGrowsUnderAReader(t *testing.T) {
	t.Parallel()
	b := newDriftingHistory(t, 3)
	a := archive.InWindows(archive.New(b.mem, b.keys), 1500)
	for i := range 4 {
		checkHistoryReaders(t, fmt.Sprint(i, " more"), a, b.readNow(), b.readLog())
		b.now = b.now.Add(300 * time.Hour)
		b.commitStep(fmt.Sprint("m-", i))
	}
}

// TestHistoryOfAnOlderState: a reader whose state is older than the indexes, those in
// memory and those in the bucket, reads up to its state.
func TestHistoryOfAnOlderState(t *testing.T) {
	t.Parallel()
	b := newDriftingHistory(t, 6)
	older, h := b.readNow(), b.readLog()
	for i := range 8 {
		b.now = b.now.Add(time.Hour)
		b.commitStep(fmt.Sprint("m-", i), "m-3")
	}
	for name, a := range map[string]*archive.Archive{
		"cold": archive.New(b.mem, b.keys), "warm": archive.New(b.mem, b.keys),
	} {
		archive.InWindows(a, 1500)
		if name == "warm" {
			readAll(t, a.CommitsOfImages(context.Background(), b.readNow(), []string{"m-3"}, 1))
		}
		checkHistoryReaders(t, name, a, older, h)
		checkHistoryReaders(t, name+" and again", a, b.readNow(), b.readLog())
	}
}

// TestHistoryAfterRetention: what is gone is not there, and asking for it says so.
func TestHistoryAfterRetention(t *testing.T) {
	t.Parallel()
	b := newDriftingHistory(t, 4)
	stale, warm := b.readNow(), archive.New(b.mem, b.keys)
	readAll(t, warm.CommitsOfImages(context.Background(), stale, []string{"m-1"}, 1))
	b.now = b.now.Add(40 * 24 * time.Hour)
	b.commitStep("m-1")
	b.collectGarbage(1)
	h := b.readLog()
	if h.commits[0].Sequence == 1 {
		t.Fatal("nothing was removed")
	}
	checkHistoryReaders(t, "kept", archive.InWindows(archive.New(b.mem, b.keys), 1500), b.readNow(), h)
	var early *archive.TooEarlyError
	before := h.commits[0].CommittedAt.Add(-time.Hour)
	for name, now := range map[string]*archive.Region{"the present state": b.readNow(), "a state from before": stale} {
		_, err := archive.New(b.mem, b.keys).LastCommitAt(context.Background(), now, before)
		if !errors.As(err, &early) || early.FirstSequence != h.commits[0].Sequence {
			t.Errorf("%s: before the first commit: %v", name, err)
		}
		first, err := archive.New(b.mem, b.keys).FirstCommit(context.Background(), b.readNow())
		if err != nil || first.FirstSequence != h.commits[0].Sequence {
			t.Errorf("%s: the first commit is %v, %v", name, first, err)
		}
	}
	for key := range b.mem.Objects() {
		if p, err := b.keys.Parse(key); err == nil && p.Kind == archive.MonthIndexKind &&
			p.Month < catalog.At(h.commits[0].CommittedAt.Time).Format("2006-01") {
			t.Errorf("%s is left", key)
		}
	}
}

// TestPlaceOfACommitIsReadAlone pins what is read for a page in the middle of the history:
// the index of the month and the wanted part of the log.
func TestPlaceOfACommitIsReadAlone(t *testing.T) {
	t.Parallel()
	b := newDriftingHistory(t, 5)
	now, a := b.readNow(), archive.InWindows(archive.New(b.mem, b.keys), 1500)
	b.mem.Requests()
	for c, err := range a.Commits(context.Background(), now, 20) {
		if err != nil || c.Sequence != 20 {
			t.Fatalf("the first commit is %v, %v", c, err)
		}
		break
	}
	requests := strings.Split(strings.TrimSpace(b.mem.Requests()), "\n")
	if len(requests) != 2 || !strings.Contains(requests[0], "/history/2026-") ||
		!strings.Contains(requests[1], "/log/2026-") {
		t.Errorf("it asks for %q", requests)
	}
}
