package archive_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

const region = "cn-hangzhou"

// fixture is a region under test: a bucket, a clock and a writer.
type fixture struct {
	t      *testing.T
	mem    *buckettest.Memory
	bucket archive.Bucket
	keys   archive.Keys
	now    time.Time
	writer *archive.Writer
	runs   int
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	mem := buckettest.NewMemory(t)
	b := &fixture{t: t, mem: mem, bucket: mem, keys: keys, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	b.writer = archive.NewWriter(mem, keys, func() time.Time { return b.now })
	return b
}

func scopeOf(cluster, instanceType string) catalog.Scope {
	return catalog.Scope{RegionID: region, ClusterID: cluster, InstanceType: instanceType}
}

// newImages makes images from specs: "id" or "id=status".
func newImages(t *testing.T, specs ...string) []*catalog.Image {
	t.Helper()
	var images []*catalog.Image
	for _, spec := range specs {
		id, status, _ := strings.Cut(spec, "=")
		im, err := catalog.ParseImage(fmt.Appendf(nil, `{"ImageId":%q,"Status":%q}`, id, status))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, im)
	}
	return images
}

// newCheck returns a check of a scope that found the given images.
func (b *fixture) newCheck(base *archive.Region, scope catalog.Scope, specs ...string) archive.Check {
	b.t.Helper()
	at := catalog.At(b.now)
	s := catalog.NewSnapshot(scope, at, "req", newImages(b.t, specs...))
	c := archive.Check{Scope: scope, At: at, State: format.StateOK, Fingerprint: "f" + s.Digest}
	was, _ := base.Scope(scope)
	if s.Digest == was.Digest {
		return c
	}
	c.Snapshot = s
	if was.Digest != "" {
		before, err := b.writer.Snapshot(context.Background(), scope, was.Digest)
		if err != nil {
			b.t.Fatal(err)
		}
		c.Before = before
	}
	return c
}

func (b *fixture) newFailedCheck(scope catalog.Scope, code string) archive.Check {
	return archive.Check{Scope: scope, At: catalog.At(b.now), State: format.StateFailed,
		Problem: &format.Problem{Class: "temporary", Code: code}}
}

func (b *fixture) loadBase() *archive.Region {
	b.t.Helper()
	base, err := b.writer.Load(context.Background(), region)
	if err != nil {
		b.t.Fatal(err)
	}
	return base
}

func (b *fixture) newRun(checks ...archive.Check) archive.Run {
	b.runs++
	return archive.Run{RunID: fmt.Sprint("run-", b.runs), Trigger: "timer", StartedAt: catalog.At(b.now),
		Checks: checks}
}

func (b *fixture) commit(base *archive.Region, run archive.Run) archive.Result {
	b.t.Helper()
	res, err := b.writer.Commit(context.Background(), base, run)
	if err != nil {
		b.t.Fatal(err)
	}
	if res.HeadError != nil {
		b.t.Fatal(res.HeadError)
	}
	return res
}

// readNow returns what a fresh reader sees.
func (b *fixture) readNow() *archive.Region {
	b.t.Helper()
	r, err := archive.New(b.bucket, b.keys).Now(context.Background(), region, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

// renderContents renders the images of every scope, read from the snapshots.
func (b *fixture) renderContents(r *archive.Region) string {
	b.t.Helper()
	a := archive.New(b.bucket, b.keys)
	var out strings.Builder
	for _, s := range r.Scopes() {
		fmt.Fprintf(&out, "%s %s", s.Scope(region).Path(), s.State)
		if s.Digest != "" {
			snap, err := a.Snapshot(context.Background(), s.Scope(region), s.Digest)
			if err != nil {
				b.t.Fatal(err)
			}
			for _, im := range snap.Images {
				fmt.Fprintf(&out, " %s=%s", im.ImageID, im.Text("Status"))
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func (b *fixture) wantContents(r *archive.Region, want string) {
	b.t.Helper()
	if got := b.renderContents(r); got != want {
		b.t.Errorf("region shows\n%swant\n%s", got, want)
	}
}

func TestCommitsAreReadNowAndAtATime(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	none, c1 := scopeOf("", ""), scopeOf("ehpc-1", "")
	base := b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, none, "a=Available", "b=Creating"), b.newCheck(base, c1, "a=Available")))
	first := b.now

	b.now = b.now.Add(time.Hour)
	base = b.loadBase()
	b.commit(base, b.newRun(b.newCheck(base, none, "a=Available", "b=Available", "c"), b.newCheck(base, c1)))

	b.now = b.now.Add(time.Hour)
	base = b.loadBase()
	run := b.newRun(b.newFailedCheck(none, "ServiceUnavailable"))
	run.Ended = []catalog.Scope{c1}
	b.commit(base, run)

	now := b.readNow()
	b.wantContents(now, "_any/_any failed a=Available b=Available c=\n")
	if now.Sequence != 3 {
		t.Errorf("three runs end at sequence %d", now.Sequence)
	}
	a := archive.New(b.bucket, b.keys)
	ctx := context.Background()
	at1, err := a.At(ctx, now, first)
	if err != nil {
		t.Fatal(err)
	}
	b.wantContents(at1, "_any/_any ok a=Available b=Creating\nehpc-1/_any ok a=Available\n")
	at2, err := a.At(ctx, now, first.Add(90*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	b.wantContents(at2, "_any/_any ok a=Available b=Available c=\nehpc-1/_any ok\n")
	ended, ok := at2.Scope(c1)
	if !ok || ended.Digest == "" {
		t.Fatal("the scope has no content in commit 2")
	}
	seq1, err := a.AtSequence(ctx, now, 1)
	if err != nil || seq1.Sequence != 1 {
		t.Errorf("AtSequence(1) = %v, %v", seq1, err)
	}
	var early *archive.TooEarlyError
	if _, err := a.At(ctx, now, first.Add(-time.Millisecond)); !errors.As(err, &early) || early.FirstSequence != 1 ||
		!early.First.Equal(first) {
		t.Errorf("before the first commit: %v", err)
	}
	var future *archive.FutureError
	if _, err := a.AtSequence(ctx, now, 4); !errors.As(err, &future) || future.Last != 3 {
		t.Errorf("after the last commit: %v", err)
	}
	var lines []string
	for l, err := range a.Commits(ctx, now, 2) {
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(l)
		lines = append(lines, string(text))
	}
	if len(lines) != 2 || !strings.Contains(lines[0], `"Images":[{"ImageId":"a","ImageName":"","Removed":[1]},`+
		`{"Changed":[{"Fields":[{"After":"Available","Before":"Creating","Field":"Status"}],"Scopes":[0]}],`+
		`"ImageId":"b","ImageName":""},{"Added":[0],"ImageId":"c","ImageName":""}]`) ||
		!strings.Contains(lines[0], `"ClusterId":"ehpc-1","Digest":"`+ended.Digest+`","ImageCount":0}]`) ||
		!strings.Contains(lines[1], `"Ended":[{"ClusterId":"ehpc-1"}]`) ||
		!strings.Contains(lines[1], `"Problem":{"Class":"temporary","Code":"ServiceUnavailable","Message":"",`+
			`"RequestId":""},"To":"failed"}]`) {
		t.Errorf("commits 2 and 3 are\n%s", strings.Join(lines, "\n"))
	}
}

// TestCommitAndStateNameTheirLine: a commit, the state after it and the next
// commit name the same line, however the state is read.
func TestCommitAndStateNameTheirLine(t *testing.T) {
	t.Parallel()
	b := newFixture(t)
	for _, image := range []string{"a", "b", "c"} {
		base := b.loadBase()
		b.commit(base, b.newRun(b.newCheck(base, scopeOf("", ""), image)))
		b.now = b.now.Add(20 * 24 * time.Hour) // the last one is in another month
	}
	now, a, previous := b.readNow(), archive.New(b.bucket, b.keys), ""
	for c, err := range a.Commits(context.Background(), now, 1) {
		if err != nil {
			t.Fatal(err)
		}
		state, err := a.AtSequence(context.Background(), now, c.Sequence)
		if err != nil || state.LineHash() != c.LineHash || c.Previous != previous || len(c.LineHash) != 64 {
			t.Errorf("commit %d of line %q follows %q, want %q, its state is after line %q: %v", c.Sequence,
				c.LineHash, c.Previous, previous, state.LineHash(), err)
		}
		previous = c.LineHash
	}
	if now.LineHash() != previous {
		t.Errorf("the present is after line %q, want %q", now.LineHash(), previous)
	}
}
