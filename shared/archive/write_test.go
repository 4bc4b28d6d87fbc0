package archive_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

const (
	headKey  = "community-images/v1/" + region + "/head.json"
	logKey11 = "community-images/v1/" + region + "/log/2026-11.ndjson"
	logKey12 = "community-images/v1/" + region + "/log/2026-12.ndjson"
)

// readObject reads an object as it is stored.
func (b *fixture) readObject(key string) []byte {
	b.t.Helper()
	data, _, err := b.bucket.Get(context.Background(), key, "")
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}

// putObject replaces an object without the checks of the bucket; nil removes it.
func (b *fixture) putObject(key string, data []byte) {
	b.mem.Spoil(key, data)
}

// commitStep commits one more change, an hour after the last.
func (b *fixture) commitStep(specs ...string) archive.Result {
	b.t.Helper()
	b.now = b.now.Add(time.Hour)
	base := b.loadBase()
	return b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), specs...)))
}

// checkChain proves the history law on the stored bytes alone.
func checkChain(t *testing.T, files ...[]byte) {
	t.Helper()
	previous, sequence, committed := "", int64(0), ""
	for _, file := range files {
		for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
			var l struct {
				Sequence              int64
				Previous, CommittedAt string
				Checkpoint            *struct{ Scopes []any }
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatalf("line %s: %v", line, err)
			}
			if l.Sequence != sequence+1 || l.Previous != previous || l.CommittedAt < committed ||
				i == 0 && l.Checkpoint == nil {
				t.Errorf("line breaks the law after %d, %q, %s: %s", sequence, previous, committed, line)
			}
			sum := sha256.Sum256([]byte(line))
			previous, sequence, committed = hex.EncodeToString(sum[:]), l.Sequence, l.CommittedAt
		}
	}
}

func TestLogRollsOverByMonth(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	b.commitStep("a", "b")
	old := b.readNow()
	b.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	b.commitStep("b")
	b.commitStep("b", "c")
	checkChain(t, b.readObject(logKey11), b.readObject(logKey12))
	if !strings.Contains(string(b.readObject(logKey11)), `"Successor":"2026-12"`) {
		t.Error("the finished month has no seal")
	}
	now := b.readNow()
	b.wantContents(now, "_any/_any ok b= c=\n")
	ctx, a := context.Background(), archive.New(b.bucket, b.keys)
	for n, want := range map[int64]string{1: "a=", 2: "a= b=", 3: "a= b=", 4: "b=", 5: "b= c="} {
		r, err := a.AtSequence(ctx, now, n)
		if err != nil {
			t.Fatal(err)
		}
		b.wantContents(r, "_any/_any ok "+want+"\n")
	}
	if r, err := a.At(ctx, now, time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)); err != nil || r.Sequence != 2 {
		t.Errorf("at the end of November: %+v, %v", r, err)
	}
	if r, err := a.Now(ctx, region, old); err != nil || r.Sequence != 5 {
		t.Errorf("a reader that knew the old month sees %+v, %v", r, err)
	}
	var sequences []int64
	for l, err := range a.Commits(ctx, now, 2) {
		if err != nil {
			t.Fatal(err)
		}
		sequences = append(sequences, l.Sequence)
	}
	if fmt.Sprint(sequences) != "[2 3 4 5]" {
		t.Errorf("lines from 2 are %v", sequences)
	}
	for _, known := range []*archive.Region{old, now} {
		b.mem.Requests()
		if r, err := a.Now(ctx, region, known); err != nil || r.Sequence != 5 {
			t.Errorf("a reader that knew commit %d sees %+v, %v", known.Sequence, r, err)
		}
		for request := range strings.Lines(b.mem.Requests()) {
			if strings.Contains(request, "from 0") && !strings.Contains(request, "2026-12") {
				t.Errorf("what is known is read again: %s", request)
			}
		}
	}
}

func TestRunAfterASealBeginsTheNextMonth(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	november := b.readNow()
	b.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	b.commitStep("a", "b")
	sealed := b.readObject(logKey11)

	// The writer died between the seal and the new file.
	c := newFixture(t)
	c.putObject(headKey, nil)
	c.putObject(logKey11, sealed)
	key, _ := c.keys.Snapshot(scopeOf("", ""), november.ScopesOf("")[0].Digest)
	c.putObject(key, b.readObject(key))
	c.wantContents(c.readNow(), "_any/_any ok a=\n")
	c.now = time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)
	c.commitStep("c")
	checkChain(t, c.readObject(logKey11), c.readObject(logKey12))
	c.wantContents(c.readNow(), "_any/_any ok c=\n")
}

func TestRacingRunsAreAllInTheLog(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	const racers = 8
	base := b.loadBase()
	var group sync.WaitGroup
	for i := range racers {
		scope := scopeOf(fmt.Sprint("ehpc-", i), "")
		run := b.newRun(b.newCheck(base, scope, "a"))
		group.Go(func() {
			w := archive.NewWriter(b.bucket, b.keys, func() time.Time { return b.now })
			if _, err := w.Commit(context.Background(), base, run); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	checkChain(t, b.readObject(logKey11))
	r := b.readNow()
	if r.Sequence != racers || len(r.Scopes()) != racers {
		t.Errorf("%d runs left sequence %d and %d scopes", racers, r.Sequence, len(r.Scopes()))
	}
	var head struct{ Sequence int64 }
	if err := json.Unmarshal(b.readObject(headKey), &head); err != nil || head.Sequence != racers {
		t.Errorf("the last head is of sequence %d, %v", head.Sequence, err)
	}
}

// TestRacingRunsAtTheTurnOfTheMonth: all of them find the month to be over,
// one seals it and one begins the next.
func TestRacingRunsAtTheTurnOfTheMonth(t *testing.T) {
	t.Parallel()
	for range 8 {
		b := newFixture(t)
		b.commitStep("a")
		base := b.loadBase()
		b.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		var group sync.WaitGroup
		const racers = 6
		for i := range racers {
			run := b.newRun(b.newCheck(base, scopeOf(fmt.Sprint("ehpc-", i), ""), "a"))
			group.Go(func() {
				w := archive.NewWriter(b.bucket, b.keys, func() time.Time { return b.now })
				if _, err := w.Commit(context.Background(), base, run); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		checkChain(t, b.readObject(logKey11), b.readObject(logKey12))
		if audit := b.verifyRegion(); len(audit.Findings) > 0 || audit.Commits != 1+1+racers {
			t.Fatalf("audit is %+v", audit)
		}
	}
}

func TestRunThatStalledReplacesNothingNewer(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	scope := scopeOf("", "")
	base := b.loadBase()
	stalled := b.newRun(b.newCheck(base, scope, "old"))
	b.commitStep("new")
	res := b.commit(base, stalled)
	if res.Counts.Lost != 1 || res.Commit != nil {
		t.Errorf("the stalled run ended with %+v, commit %v", res.Counts, res.Commit)
	}
	b.wantContents(b.readNow(), "_any/_any ok new=\n")

	// A run that found the content unchanged counts as newer, too.
	base = b.loadBase()
	stalled = b.newRun(b.newCheck(base, scope, "old"))
	b.commitStep("new")
	b.now = b.now.Add(time.Minute)
	other := b.loadBase()
	b.commit(other, b.newRun(b.newCheck(other, scopeOf("ehpc-1", ""), "x")))
	if res := b.commit(base, stalled); res.Counts.Lost != 1 {
		t.Errorf("the stalled run ended with %+v", res.Counts)
	}
	b.wantContents(b.readNow(), "_any/_any ok new=\nehpc-1/_any ok x=\n")
}

func TestWrongHeadMisleadsNobody(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	old := b.readObject(headKey)
	b.commitStep("b")
	b.commitStep("c")
	want := "_any/_any ok c=\n"
	for name, head := range map[string][]byte{
		"an old head":               old,
		"an empty head":             nil,
		"a torn head":               b.readObject(headKey)[:100],
		"a head of another region":  []byte(strings.ReplaceAll(string(old), region, "cn-shanghai")),
		"a head of a later format":  []byte(strings.Replace(string(old), `"Format":2`, `"Format":3`, 1)),
		"a head without a position": []byte(`{"Format":2,"RegionId":"cn-hangzhou","Sequence":3}`),
		"a head of no commit":       []byte(`{"Format":2,"RegionId":"cn-hangzhou","Sequence":0}`),
	} {
		b.putObject(headKey, head)
		t.Log(name)
		if r := b.readNow(); r.Sequence != 3 {
			t.Errorf("%s: a reader sees sequence %d", name, r.Sequence)
		} else {
			b.wantContents(r, want)
		}
	}
	b.commitStep("c")
	var head struct{ Sequence int64 }
	if err := json.Unmarshal(b.readObject(headKey), &head); err != nil || head.Sequence != 3 {
		t.Errorf("an unchanged run put a head of sequence %d, %v", head.Sequence, err)
	}
}

func TestSnapshotIsVerifiedBeforeItIsServed(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	digest := b.readNow().ScopesOf("")[0].Digest
	key, _ := b.keys.Snapshot(scopeOf("", ""), digest)
	other := catalog.NewSnapshot(scopeOf("ehpc-1", ""), catalog.Time{}, "", newImages(t, "a"))
	for name, data := range map[string][]byte{
		"flipped":            []byte(strings.Replace(string(b.readObject(key)), `"a"`, `"b"`, 1)),
		"empty":              nil,
		"of another scope":   other.Encode(),
		"of another content": catalog.NewSnapshot(scopeOf("", ""), catalog.Time{}, "", newImages(t, "b")).Encode(),
	} {
		good := b.readObject(key)
		b.putObject(key, data)
		_, err := archive.New(b.bucket, b.keys).Snapshot(context.Background(), scopeOf("", ""), digest)
		var damaged *format.DamagedError
		if !errors.As(err, &damaged) || damaged.Key != key {
			t.Errorf("%s: %v", name, err)
		}
		b.putObject(key, good)
	}
}

func TestClockThatStepsBack(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	b.commitStep("a")
	first := b.now
	b.now = b.now.Add(-3 * time.Hour)
	if res := b.commitStep("b"); !res.Commit.CommittedAt.Equal(first) {
		t.Errorf("a commit of %s after one of %s is dated %s", b.now, first, res.Commit.CommittedAt)
	}
	b.wantContents(b.readNow(), "_any/_any ok b=\n")
	checkChain(t, b.readObject(logKey11))
}

func TestClustersAreInTheLogAndTheirEntriesInTheHead(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	discover := func(count int, ids ...string) archive.Result {
		b.now = b.now.Add(time.Hour)
		base := b.loadBase()
		run := b.newRun()
		run.Discovery = &archive.Listing{At: catalog.At(b.now), Upstream: fmt.Appendf(nil, `[{"Count":%d}]`, count)}
		for _, id := range ids {
			run.Discovery.Clusters = append(run.Discovery.Clusters,
				catalog.Cluster{ClusterID: id, RegionID: region, InstanceTypes: []string{}})
		}
		return b.commit(base, run)
	}
	discover(1, "ehpc-1", "ehpc-2")
	if res := discover(2, "ehpc-1", "ehpc-2"); res.Commit != nil {
		t.Error("a volatile count made a commit")
	}
	if r := b.readNow(); string(r.Upstream) != `[{"Count":2}]` {
		t.Errorf("the head holds %s", r.Upstream)
	}
	res := discover(2, "ehpc-2", "ehpc-3")
	if c := res.Commit.Clusters; len(c) != 2 || c[0].After != nil || c[0].ClusterID != "ehpc-1" || c[1].After == nil ||
		c[1].ClusterID != "ehpc-3" {
		t.Errorf("one cluster ended, one appeared: %+v", c)
	}
	if got := len(b.readNow().Clusters()); got != 2 {
		t.Errorf("%d clusters", got)
	}
	b.now = b.now.Add(time.Hour)
	base := b.loadBase()
	run := b.newRun()
	run.Discovery = &archive.Listing{At: catalog.At(b.now), Problem: &format.Problem{Class: "temporary"}}
	b.commit(base, run)
	if r := b.readNow(); len(r.Clusters()) != 2 || r.Discovery.Problem == nil || string(r.Upstream) != `[{"Count":2}]` {
		t.Errorf("a failed discovery left %+v", r)
	}
}
