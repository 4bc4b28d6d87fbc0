package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Rows of the fault matrix that concern the archive alone.

// TestMutatedStores spoils a sound archive at random: whatever is read of it
// afterwards is an error or what was there before, never anything else.
func TestMutatedStores(t *testing.T) {
	t.Parallel()
	var older []map[string][]byte // the store after each commit
	b := newHistory(t, func(b *fixture) { older = append(older, b.mem.Objects()) })
	sound := b.mem.Objects()
	keys := slices.Sorted(maps.Keys(sound))
	truth := b.publishedStates()
	random := rand.New(rand.NewPCG(8, 8))
	stores, errorsSeen, kinds := 10_000, 0, map[string]int{}
	if raceEnabled {
		stores = 1_000
	}
	for range stores {
		objects := maps.Clone(sound)
		key := keys[random.IntN(len(keys))]
		data := bytes.Clone(objects[key])
		kind := []string{"a bit flips", "cut at a sixteenth", "missing", "swapped", "older",
			"of a later format"}[random.IntN(6)]
		switch kind {
		case "a bit flips":
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
			objects[key] = data
		case "cut at a sixteenth":
			objects[key] = data[:len(data)*random.IntN(16)/16]
		case "missing":
			delete(objects, key)
		case "swapped":
			other := keys[random.IntN(len(keys))]
			objects[key], objects[other] = objects[other], objects[key]
		case "older":
			if was, there := older[random.IntN(len(older))][key]; there {
				objects[key] = was
			}
		case "of a later format":
			later := bytes.Replace(data, []byte(`"Format":2`), []byte(`"Format":3`), 1+random.IntN(3))
			objects[key] = bytes.Replace(later, []byte(`"Format":1`), []byte(`"Format":2`), 1) // of a snapshot
		}
		kinds[kind]++
		if !readsCorrectly(t, b.keys, objects, truth) {
			errorsSeen++
		}
	}
	t.Logf("%d mutated stores, %v: %d with an error, the others read as before, 0 wrong answers", stores, kinds,
		errorsSeen)
}

// publishedState is what a commit made known.
type publishedState struct {
	at       catalog.Time
	line     string // the hash of the commit's line
	contents string
	last     bool // of its time: a seal is dated like the commit after it
}

// publishedStates returns what a sound archive says of each commit, by sequence.
func (b *fixture) publishedStates() map[int64]publishedState {
	b.t.Helper()
	truth, now := map[int64]publishedState{}, b.readNow()
	for n := int64(1); n <= now.Sequence; n++ {
		r, err := archive.New(b.bucket, b.keys).AtSequence(context.Background(), now, n)
		if err != nil {
			b.t.Fatal(err)
		}
		truth[n] = publishedState{r.CommittedAt, r.LineHash(), b.renderContents(r), true}
		if before := truth[n-1]; n > 1 && before.at == r.CommittedAt {
			before.last = false
			truth[n-1] = before
		}
	}
	return truth
}

// readsCorrectly reads everything there is, by number and by time; false: something
// was an error.
func readsCorrectly(t *testing.T, keys archive.Keys, objects map[string][]byte, truth map[int64]publishedState) bool {
	mem := buckettest.NewMemory(t)
	mem.Restore(objects)
	a := archive.New(mem, keys)
	whole := true
	ctx := context.Background()
	now, err := a.Now(ctx, region, nil)
	if err != nil {
		checkDamaged(t, err)
		return false
	}
	if last := int64(len(truth)); now.Sequence != last || now.CommittedAt != truth[last].at {
		t.Errorf("the newest commit is %d of %q, was %d of %q", now.Sequence, now.CommittedAt, last, truth[last].at)
	}
	var early *archive.TooEarlyError
	if _, err := a.At(ctx, now, truth[1].at.Add(-time.Millisecond)); !errors.As(err, &early) {
		if err == nil {
			t.Errorf("there was something before the first commit")
			return false
		}
		checkDamaged(t, err)
		whole = false
	} else if early.FirstSequence == 1 && early.First != truth[1].at {
		t.Errorf("the first commit is of %s, was of %s", early.First, truth[1].at)
	}
	index, err := a.Index(ctx, region)
	if err != nil {
		checkDamaged(t, err)
		whole = false
	}
	var ids *format.IndexedIDs
	if now.IndexSequence == now.Sequence && now.IndexImages.HasIDs() {
		if ids, err = a.IndexedIDs(ctx, now); err != nil {
			checkDamaged(t, err)
			whole = false
		}
	}
	offered := map[string]bool{} // whether the last commit has an image, by its id
	for c, err := range a.Commits(ctx, now, 1) {
		if err != nil {
			checkDamaged(t, err)
			whole = false
		} else if c.LineHash != truth[c.Sequence].line {
			t.Errorf("the history has another commit %d", c.Sequence)
		}
	}
	for n := int64(1); n <= now.Sequence; n++ {
		r, err := a.AtSequence(ctx, now, n)
		if err != nil {
			checkDamaged(t, err)
			whole = false
			continue
		}
		if truth[n].last {
			timely, err := a.At(ctx, now, truth[n].at.Time)
			if err != nil {
				checkDamaged(t, err)
				whole = false
			} else if timely.Sequence != n || timely.CommittedAt != truth[n].at {
				t.Errorf("at %s there was commit %d of %s, was %d", truth[n].at, timely.Sequence, timely.CommittedAt, n)
			}
		}
		var out strings.Builder
		read := true
		for _, s := range r.Scopes() {
			fmt.Fprintf(&out, "%s %s", s.Scope(region).Path(), s.State)
			snap, err := a.Snapshot(ctx, s.Scope(region), s.Digest)
			if err != nil {
				checkDamaged(t, err)
				whole, read = false, false
				break
			}
			if index != nil {
				if list, ok := index.List(s.Digest); ok &&
					fmt.Sprint(rawImages(list)) != fmt.Sprint(rawImages(snap.Images)) {
					t.Errorf("the index has %v for %v", rawImages(list), rawImages(snap.Images))
				}
			}
			for _, im := range snap.Images {
				fmt.Fprintf(&out, " %s=%s", im.ImageID, im.Text("Status"))
				offered[im.ImageID] = n == now.Sequence
			}
			out.WriteByte('\n')
		}
		if read && out.String() != truth[n].contents {
			t.Errorf("commit %d reads\n%swas\n%s", n, out.String(), truth[n].contents)
		}
	}
	for id, isOffered := range offered {
		if whole && ids != nil && ids.Has(id) != isOffered {
			t.Errorf("the index has the id %q: %t, the last commit has the image: %t", id, !isOffered, isOffered)
		}
	}
	return whole
}

func rawImages(images []*catalog.Image) (list []string) {
	for _, im := range images {
		list = append(list, im.Raw)
	}
	return list
}

func checkDamaged(t *testing.T, err error) {
	t.Helper()
	var damaged *format.DamagedError
	var early *archive.TooEarlyError
	if !errors.As(err, &damaged) && !errors.As(err, &early) && !errors.Is(err, archive.ErrNoData) {
		t.Errorf("an error that is not documented: %v", err)
	}
}

// TestDuplicateEvents delivers one event several times at once: the same run
// id, the same content.
func TestDuplicateEvents(t *testing.T) {
	t.Parallel()
	rounds := 1000
	if raceEnabled {
		rounds = 40
	}
	b := newFixture(t)
	reader := archive.New(b.bucket, b.keys)
	var last *archive.Region
	for round := range rounds {
		base := b.loadBase()
		run := b.newRun(b.newCheck(base, scopeOf("", ""), fmt.Sprint("v", round)))
		copies := 2 + round%7
		var group sync.WaitGroup
		for range copies {
			group.Go(func() {
				w := archive.NewWriter(b.bucket, b.keys, func() time.Time { return b.now })
				if _, err := w.Commit(context.Background(), base, run); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		now, err := reader.Now(context.Background(), region, last)
		if err != nil {
			t.Fatal(err)
		}
		if now.Sequence != int64(round+1) {
			t.Fatalf("%d copies of event %d ended at commit %d", copies, round, now.Sequence)
		}
		last = now
	}
	checkChain(t, b.readObject(logKey11))
}

// TestHostileNamesStayBelowThePrefix makes keys of hostile ids.
func TestHostileNamesStayBelowThePrefix(t *testing.T) {
	t.Parallel()
	keys, err := archive.NewKeys("p")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(11, 11))
	parts := []string{"..", "/", "%2e%2e", "%2f", `\`, "\x00", "a", "ehpc-hz-1", ".", "_any", "．．", "c:", "head.json",
		"log", strings.Repeat("x", 300), "\u202e", " ", "~", "?", "#"}
	accepted := 0
	for range 100_000 {
		id := ""
		for range 1 + random.IntN(4) {
			id += parts[random.IntN(len(parts))]
		}
		scope := catalog.Scope{RegionID: region, ClusterID: id, InstanceType: id}
		if random.IntN(4) == 0 {
			scope = catalog.Scope{RegionID: id}
		}
		key, err := keys.Snapshot(scope, strings.Repeat("0", 64))
		if err != nil {
			continue
		}
		accepted++
		if p, err := keys.Parse(key); err != nil || p.Scope != scope || strings.Count(key, "/") != 6 ||
			strings.Contains(key, "/../") || strings.Contains(key, "/./") {
			t.Fatalf("id %q makes key %q", id, key)
		}
	}
	if accepted == 0 {
		t.Error("no id was accepted")
	}
}
