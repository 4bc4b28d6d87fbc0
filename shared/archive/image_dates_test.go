package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// TestDatesOfImages: FirstSeen and ChangedAt of an image, step by step. The times of the
// commits are 09:00, 10:00 and so on; "a ?~11:00" was there from the beginning, and
// changed at 11:00.
func TestDatesOfImages(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		steps [][]string // contents of cluster c1 and, after "|", of c2
		want  string
	}{
		"unknown in commit 1, exact later": {[][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}}, "a ?, b 10:00, c 11:00"},
		"an image comes back":              {[][]string{{"z"}, {"z", "a"}, {"z"}, {"z", "a"}}, "a 10:00, z ?"},
		"one that was there from the beginning comes back": {[][]string{{"a", "z"}, {"z"}, {"a", "z"}},
			"a ?, z ?"},
		"it comes back with other fields, which nobody has seen change": {[][]string{{"z"}, {"z", "a=x"}, {"z"},
			{"z", "a=y"}}, "a 10:00, z ?"},
		"a change":                   {[][]string{{"a=x"}, {"a=y"}}, "a ?~10:00"},
		"the last change counts":     {[][]string{{"z"}, {"a=x", "z"}, {"a=y", "z"}, {"a=z", "z"}}, "a 10:00~12:00, z ?"},
		"a change in one scope only": {[][]string{{"a=x", "|", "a=x"}, {"a=x", "|", "a=y"}}, "a ?~10:00, a ?~10:00"},
		"another scope gets it with other fields": {[][]string{{"a=x"}, {"a=x", "|", "a=y"}},
			"a ?, a ?"},
		"it moves to another scope": {[][]string{{"a", "z", "|"}, {"z", "|", "a"}}, "a ?, z ?"},
		"gone":                      {[][]string{{"a", "z"}, {"z", "b"}, {"z"}}, "(a ?), (b 10:00), z ?"},
		"a change before it is gone": {[][]string{{"a=x", "z"}, {"a=y", "z"}, {"z"}},
			"(a ?~10:00), z ?"},
		"a second entry of the id": {[][]string{{"a=x", "z"}, {"a=x", "a=y", "z"}}, "a ?~10:00, a ?~10:00, z ?"},
	} {
		b := newFixture(t)
		for _, step := range tc.steps {
			base, run, cluster := b.loadBase(), b.newRun(), "c1"
			contents := map[string][]string{"c1": {}}
			for _, spec := range step {
				if spec == "|" {
					cluster, contents["c2"] = "c2", []string{}
					continue
				}
				contents[cluster] = append(contents[cluster], spec)
			}
			for _, cluster := range slices.Sorted(maps.Keys(contents)) {
				run.Checks = append(run.Checks, b.newCheck(base, scopeOf(cluster, ""), contents[cluster]...))
			}
			b.commit(base, run)
			b.now = b.now.Add(time.Hour)
		}
		// Made step by step, from the log alone, and from both, it says the same.
		for _, made := range []string{"by the runs", "by a repair without it", "by a repair"} {
			if made == "by a repair without it" {
				b.mem.Spoil(indexKey, nil)
			}
			if made != "by the runs" {
				b.repairRegion()
			}
			if got := b.renderIndex(); got != tc.want {
				t.Errorf("%s, %s: the index has %s, want %s", name, made, got, tc.want)
			}
			if audit := b.verifyRegion(); len(audit.Findings) > 0 {
				t.Errorf("%s, %s: verify finds %v", name, made, audit.Findings)
			}
		}
	}
}

// newCutHistory returns a history whose first month is gone. It was: a there from the
// beginning, b there from 10:00, gone seen at 10:00 and gone at 11:00, old seen at 10:00
// and changed at 11:00. In the second month new came, a changed and gone came back.
func newCutHistory(t *testing.T) *fixture {
	b := newFixture(t)
	b.mem.SetNow(func() time.Time { return b.now })
	b.now = b.now.Add(-time.Hour)
	b.commitStep("a=x")
	b.commitStep("a=x", "b", "gone", "old=x")
	b.commitStep("a=x", "b", "old=y")
	b.now = b.now.AddDate(0, 1, 0)
	b.commitStep("a=x", "b", "new", "old=y")
	b.commitStep("a=y", "b", "gone", "new", "old=y")
	b.now = b.now.AddDate(0, 1, 0)
	if sweep := b.collectGarbage(0); sweep.Removed == 0 {
		t.Fatal("retention has removed nothing")
	}
	return b
}

// TestDatesAfterRetention: the index remembers what the log no longer says. Without the
// index nobody knows whether an image was there before the kept history.
func TestDatesAfterRetention(t *testing.T) {
	t.Parallel()
	const want = "a ?~13:00, b 10:00, gone 10:00, new 12:00, old 10:00~11:00"
	for name, tc := range map[string]struct {
		spoil func(b *fixture)
		want  string
	}{
		"the index is there": {func(*fixture) {}, want},
		"it is lost":         {func(b *fixture) { b.mem.Spoil(indexKey, nil) }, "a ?~13:00, b ?, gone ?, new ?, old ?"},
		"it is damaged": {func(b *fixture) { b.mem.Spoil(indexKey, []byte("{")) },
			"a ?~13:00, b ?, gone ?, new ?, old ?"},
	} {
		for _, how := range []string{"a repair", "a run"} {
			b := newCutHistory(t)
			tc.spoil(b)
			more := ""
			if how == "a repair" {
				b.repairRegion()
			} else {
				b.commitStep("a=y", "b", "gone", "later", "new", "old=y")
				if more = ", later ?"; strings.Contains(tc.want, "new 12:00") {
					more = b.now.Format(", later 15:04")
				}
			}
			got := b.renderIndex()
			if want := strings.Replace(tc.want, ", new", more+", new", 1); got != want {
				t.Errorf("%s, and %s: the index has %s, want %s", name, how, got, want)
			}
			if audit := b.verifyRegion(); len(audit.Findings) > 0 {
				t.Errorf("%s, and %s: verify finds %v", name, how, audit.Findings)
			}
			b.repairRegion()
			if again := b.renderIndex(); again != got {
				t.Errorf("%s, and %s: a repair makes it %s, was %s", name, how, again, got)
			}
		}
	}
}

// TestVerifyFindsEveryWrongDate: a date that the log contradicts is found, whatever image
// it is of, and a repair corrects it.
func TestVerifyFindsEveryWrongDate(t *testing.T) {
	t.Parallel()
	whole := newFixture(t)
	whole.now = whole.now.Add(-time.Hour)
	whole.commitStep("a=x", "gone")
	whole.commitStep("a=x", "b=x")
	whole.commitStep("a=y", "b=x")
	const unknown, ten, eleven = `""`, `"2026-11-23T10:00:00.000Z"`, `"2026-11-23T11:00:00.000Z"`
	line := func(changedAt, firstSeen, rest string) string {
		return `{"ChangedAt":` + changedAt + `,"FirstSeen":` + firstSeen + `,` + rest
	}
	const a, b, gone = `"Image":{"ImageId":"a"`, `"Image":{"ImageId":"b"`, `"ImageId":"gone"}`
	for name, tc := range map[string]struct{ old, new string }{
		"a date for what was there":     {line(eleven, unknown, a), line(eleven, ten, a)},
		"seen too late":                 {line(ten, ten, b), line(ten, eleven, b)},
		"seen too early":                {line(ten, ten, b), line(ten, `"2026-11-23T09:00:00.000Z"`, b)},
		"seen at an unknown time":       {line(ten, ten, b), line(ten, unknown, b)},
		"changed too late":              {line(ten, ten, b), line(eleven, ten, b)},
		"changed too early":             {line(eleven, unknown, a), line(ten, unknown, a)},
		"changed at an unknown time":    {line(eleven, unknown, a), line(unknown, unknown, a)},
		"what is gone":                  {line(unknown, unknown, gone), line(ten, unknown, gone)},
		"another image is gone":         {line(unknown, unknown, gone), line(unknown, unknown, `"ImageId":"none"}`)},
		"an image too many is gone":     {`"Gone":1`, `"Gone":2`},
		"what is gone is not mentioned": {`"Gone":1`, `"Gone":0`},
	} {
		b := whole.clone()
		if tc.new == `"Gone":2` {
			data := append(b.readObject(indexKey), line(unknown, unknown, `"ImageId":"none"}`)+"\n"...)
			b.mem.Spoil(indexKey, data)
		}
		if !bytes.Contains(b.readObject(indexKey), []byte(tc.old)) {
			t.Fatalf("%s: the index has no %s:\n%s", name, tc.old, b.readObject(indexKey))
		}
		b.forgeIndex(tc.old, tc.new)
		if audit := b.verifyRegion(); len(audit.Findings) == 0 || audit.Findings[0].Key != indexKey {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
		b.repairRegion()
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("%s: after a repair: %v", name, audit.Findings)
		}
		if got := b.renderIndex(); got != "a ?~11:00, b 10:00, (gone ?)" {
			t.Errorf("%s: after a repair the index has %s", name, got)
		}
	}
}

// TestVerifyFindsWrongDatesAfterRetention: the index may know earlier dates than the kept
// log, and no later ones.
func TestVerifyFindsWrongDatesAfterRetention(t *testing.T) {
	t.Parallel()
	cut := newCutHistory(t)
	for name, tc := range map[string]struct {
		old, new string
		isFound  bool
	}{
		"seen before the kept log, at another time": {`"FirstSeen":"2026-11-23T10:00:00.000Z","Image":{"ImageId":"b"`,
			`"FirstSeen":"2026-11-23T08:00:00.000Z","Image":{"ImageId":"b"`, false},
		"seen within the kept log, and it was there before": {`"FirstSeen":"2026-11-23T10:00:00.000Z","Image":{"ImageId":"b"`,
			`"FirstSeen":"2026-12-23T12:00:00.000Z","Image":{"ImageId":"b"`, true},
		"seen too late": {`"FirstSeen":"2026-12-23T12:00:00.000Z","Image":{"ImageId":"new"`,
			`"FirstSeen":"2026-12-23T13:00:00.000Z","Image":{"ImageId":"new"`, true},
		"changed too early": {`{"ChangedAt":"2026-12-23T13:00:00.000Z"`, `{"ChangedAt":"2026-12-23T12:00:00.000Z"`, true},
		"changed too late":  {`{"ChangedAt":"2026-11-23T11:00:00.000Z"`, `{"ChangedAt":"2026-12-23T13:00:00.000Z"`, true},
	} {
		b := cut.clone()
		if !bytes.Contains(b.readObject(indexKey), []byte(tc.old)) {
			t.Fatalf("%s: the index has no %s:\n%s", name, tc.old, b.readObject(indexKey))
		}
		b.forgeIndex(tc.old, tc.new)
		if audit := b.verifyRegion(); len(audit.Findings) > 0 != tc.isFound {
			t.Errorf("%s: verify finds %v", name, audit.Findings)
		}
	}
}

// dateModel says since when images are known, by looking at all states. It knows nothing
// of the log.
type dateModel struct {
	t *testing.T
	// states has, by commit number, the entries of each image in each scope.
	states []map[string]map[string]string
	// times has the time of each commit.
	times []time.Time
	// dates is what the index must say.
	dates map[string]format.ImageDates
}

// addState adds the state after a commit.
func (m *dateModel) addState(n int64, at time.Time, state map[string]map[string]string) {
	for int64(len(m.states)) < n { // a seal changes nothing
		m.states, m.times = append(m.states, m.states[len(m.states)-1]), append(m.times, m.times[len(m.times)-1])
	}
	m.states, m.times = append(m.states, state), append(m.times, at)
	m.learn(n)
}

// learn compares the state after a commit with the one before it.
func (m *dateModel) learn(n int64) {
	at := catalog.At(m.times[n])
	if n == 1 {
		at = catalog.Time{} // nobody knows how long they were there
	}
	for scope, images := range m.states[n] {
		for id, entries := range images {
			was, isOld := m.states[n-1][scope][id]
			dates, known := m.dates[id]
			switch {
			case !known:
				dates = format.ImageDates{FirstSeen: at, ChangedAt: at}
			case isOld && was != entries:
				dates.ChangedAt = at
			}
			m.dates[id] = dates
		}
	}
}

// forget is the loss of the index: what was before the kept log is not known, and so
// nothing is known to be new. Images that were gone are forgotten. It returns 1 if
// retention had removed something, else 0.
func (m *dateModel) forget(b *fixture) int {
	m.t.Helper()
	kept, err := archive.New(b.mem, b.keys).FirstCommit(context.Background(), b.readNow())
	if err != nil {
		m.t.Fatal(err)
	}
	first := kept.FirstSequence
	m.dates = map[string]format.ImageDates{}
	if first > 1 {
		for _, images := range m.states[first-1] {
			for id := range images {
				m.dates[id] = format.ImageDates{}
			}
		}
	}
	for n := first; n < int64(len(m.states)); n++ {
		m.learn(n)
	}
	if first == 1 {
		return 0
	}
	for id, dates := range m.dates {
		if dates.ChangedAt == dates.FirstSeen {
			dates.ChangedAt = catalog.Time{}
		}
		m.dates[id] = format.ImageDates{ChangedAt: dates.ChangedAt}
	}
	return 1
}

// check compares the index of a region with the model.
func (m *dateModel) check(b *fixture, about string) {
	m.t.Helper()
	x, err := archive.New(b.bucket, b.keys).Index(context.Background(), region)
	if err != nil {
		m.t.Fatal(err)
	}
	got := maps.Clone(x.Gone)
	for i, im := range x.Images() {
		got[im.ImageID] = x.Dates[i]
	}
	for _, id := range slices.Sorted(maps.Keys(m.dates)) {
		if dates, ok := got[id]; !ok || dates != m.dates[id] {
			m.t.Errorf("%s: %s has %v, want %v", about, id, dates, m.dates[id])
		}
		delete(got, id)
	}
	if len(got) > 0 {
		m.t.Errorf("%s: nobody has seen %v", about, got)
	}
}

// TestDatesOfAGeneratedHistory compares the index with a program that has seen all states,
// over random commits with sweeps, repairs and losses of the index in between.
func TestDatesOfAGeneratedHistory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 14))
		b := newFixture(t)
		b.mem.SetNow(func() time.Time { return b.now })
		m := &dateModel{t: t, dates: map[string]format.ImageDates{}}
		m.states, m.times = append(m.states, nil), append(m.times, b.now) // before commit 1
		removed, losses := 0, 0
		for i := range 200 {
			about := fmt.Sprintf("seed %d, run %d", seed, i)
			lost := i > 0 && random.IntN(20) == 0
			if lost {
				b.mem.Spoil(indexKey, nil)
			}
			if lost && random.IntN(2) == 0 {
				b.repairRegion()
				losses += m.forget(b)
				m.check(b, about+", repaired without an index")
				lost = false
			}
			commitRandomly(b, m, random, i)
			if lost {
				losses += m.forget(b)
			}
			m.check(b, about)
			switch random.IntN(8) {
			case 0:
				b.repairRegion()
				m.check(b, about+", repaired")
			case 1:
				removed += b.collectGarbage(2).Removed
			}
		}
		if audit := b.verifyRegion(); len(audit.Findings) > 0 {
			t.Errorf("seed %d: verify finds %v", seed, audit.Findings)
		}
		if removed == 0 || losses == 0 {
			t.Errorf("seed %d: %d objects removed, %d losses of the index after that", seed, removed, losses)
		}
		if t.Failed() {
			return
		}
	}
}

// commitRandomly commits a run that changes, ends and begins scopes at random, and changes
// something in any case.
func commitRandomly(b *fixture, m *dateModel, random *rand.Rand, i int) {
	b.now = b.now.Add(time.Duration(1+random.IntN(72)) * time.Hour)
	base, run := b.loadBase(), b.newRun()
	state := maps.Clone(m.states[len(m.states)-1])
	if state == nil {
		state = map[string]map[string]string{}
	}
	for n, cluster := range []string{"c1", "c2", "c3", "c4"} {
		_, isThere := state[cluster]
		switch what := random.IntN(10); {
		case n > 0 && what < 2: // not asked
			continue
		case n > 0 && what == 2 && isThere:
			run.Ended = append(run.Ended, scopeOf(cluster, ""))
			delete(state, cluster)
			continue
		case n > 0 && what == 3:
			run.Checks = append(run.Checks, b.newFailedCheck(scopeOf(cluster, ""), "Throttling"))
			continue
		}
		content := map[string]string{}
		var specs []string
		if n == 0 { // so that every run changes something
			content["run"] = fmt.Sprint(i)
			specs = append(specs, fmt.Sprint("run=", i))
		}
		for _, id := range []string{"a", "b", "c", "d", "e", fmt.Sprint("rare", random.IntN(40))} {
			for _, status := range []string{"x", "y"} {
				if random.IntN(4) == 0 {
					content[id] += status
					specs = append(specs, id+"="+status)
				}
			}
		}
		state[cluster] = content
		run.Checks = append(run.Checks, b.newCheck(base, scopeOf(cluster, ""), specs...))
	}
	c := b.commit(base, run).Commit
	m.addState(c.Sequence, c.CommittedAt.Time, state)
}
