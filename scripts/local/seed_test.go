package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/archive/fsck"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/fcrun/fctest"
	"community-images/shared/ossbucket/osstest"
)

// openDirectory opens a data directory for a test.
func openDirectory(t *testing.T, path string) *datadir.Directory {
	t.Helper()
	dir, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dir.Close)
	return dir
}

// checkSeeded verifies the data of a directory, and returns the kinds of what the commits
// of all regions say, with their number.
func checkSeeded(t *testing.T, dir *datadir.Directory, now time.Time) map[string]int {
	t.Helper()
	store, err := dir.Serve(osstest.Key{ID: "id", Secret: "secret", Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	kinds := map[string]int{}
	a := archive.New(store.Bucket, store.Keys)
	for _, region := range []string{"cn-hangzhou", "cn-shanghai"} {
		audit, err := fsck.Verify(t.Context(), a, region)
		if err != nil || len(audit.Findings) > 0 {
			t.Fatalf("%s: %+v, %v", region, audit, err)
		}
		state, err := a.Now(t.Context(), region, nil)
		if err != nil || state.SimulatedUntil != state.CommittedAt || now.Sub(state.CommittedAt.Time) > 10*time.Hour {
			t.Fatalf("%s: simulated until %v, %v", region, state, err)
		}
		days := map[time.Duration]bool{}
		for c, err := range a.Commits(t.Context(), state, 1) {
			if err != nil {
				t.Fatal(err)
			}
			days[now.Sub(c.CommittedAt.Time)/(24*time.Hour)] = true
			countKinds(kinds, c)
		}
		if n := len(days); n < 20 || n > 24 || !days[0] || !days[1] || days[3] || days[30] {
			t.Errorf("%s: commits are so many days old: %v", region, days)
		}
	}
	return kinds
}

// countKinds counts what a commit says.
func countKinds(kinds map[string]int, c *format.Commit) {
	kinds[c.Trigger]++
	for _, cluster := range c.Clusters {
		if kinds["cluster"]++; cluster.After == nil {
			kinds["cluster ended"]++
		}
	}
	for _, s := range c.States {
		kinds["checks "+string(s.To)]++
	}
	if c.Sequence == 1 {
		return // every image is new
	}
	for _, im := range c.Images {
		for kind, scopes := range map[string]int{
			"added": len(im.Added), "removed": len(im.Removed), "changed": len(im.Changed),
		} {
			if scopes > 0 {
				kinds[kind]++
			}
		}
	}
}

// monthPath is the directory of seedOnce. TestMain makes and removes it.
var monthPath string

// seededMonth is a directory with the month of seedIfEmpty.
type seededMonth struct {
	path  string
	began time.Time // of the seeding
	says  string    // what it printed
	err   error
}

// seedOnce seeds the month for all tests that only want it to be there.
var seedOnce = sync.OnceValue(func() (m seededMonth) {
	dir, err := datadir.Open(monthPath)
	if err != nil {
		return seededMonth{err: err}
	}
	defer dir.Close()
	var out bytes.Buffer
	m.path, m.began = monthPath, time.Now()
	m.err = seedIfEmpty(context.Background(), options{data: m.path}, dir, &out)
	m.says = out.String()
	return m
})

// copySeededMonth returns the month of seedOnce, in a directory of this test.
func copySeededMonth(t *testing.T) seededMonth {
	t.Helper()
	m := seedOnce()
	if m.err != nil {
		t.Fatal(m.err)
	}
	path := t.TempDir()
	if err := os.CopyFS(path, os.DirFS(m.path)); err != nil {
		t.Fatal(err)
	}
	m.path = path
	return m
}

// TestSeedsAMonthOnce: an empty directory gets a sound month with something of everything.
// The second start leaves it as it is, and -fresh does not begin on it.
func TestSeedsAMonthOnce(t *testing.T) {
	t.Parallel()
	month := copySeededMonth(t)
	path, dir := month.path, openDirectory(t, month.path)
	if says := "seeding 88 runs of a simulated month"; !strings.Contains(month.says, says) ||
		!strings.Contains(month.says, " commits since "+seedTime(month.began, 0).Format(time.DateOnly)+" in ") {
		t.Errorf("says %q", month.says)
	}
	kinds := checkSeeded(t, dir, month.began)
	for kind, least := range map[string]int{
		"added": 44, "removed": 40, "changed": 80, // with "Creating" images that become available
		"cluster": 8, "cluster ended": 1, "checks failed": 2, "checks ok": 2, format.SimulatedTrigger: 160,
	} {
		if kinds[kind] < least {
			t.Errorf("%d %s, want %d or more: %v", kinds[kind], kind, least, kinds)
		}
	}
	before := readTree(t, path)
	var out bytes.Buffer
	if err := seedIfEmpty(t.Context(), options{data: path}, dir, &out); err != nil || out.Len() > 0 {
		t.Errorf("the second start says %q, %v", out.String(), err)
	}
	err := seedIfEmpty(t.Context(), options{data: path, fresh: true}, dir, &out)
	const advice = "nothing was deleted; remove the directory, or choose another with -data"
	if err == nil || !strings.Contains(err.Error(), advice) {
		t.Errorf("-fresh on data: %v", err)
	}
	if diff := cmp.Diff(before, readTree(t, path)); diff != "" {
		t.Errorf("the data has changed: %s", diff)
	}
}

// readTree returns the time at which each file of a directory was last changed.
func readTree(t *testing.T, path string) map[string]time.Time {
	t.Helper()
	files := map[string]time.Time{}
	err := filepath.WalkDir(path, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && !e.IsDir() {
			files[path] = info.ModTime()
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// TestKilledWhileSeeding kills the command in the middle of the month. Nothing is there to be
// taken for a history, and the next start seeds the whole one.
func TestKilledWhileSeeding(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	cmd := exec.CommandContext(t.Context(), fctest.Binary(t, "community-images/scripts/local"), "-once", "-data", path)
	var out syncBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	draft := filepath.Join(path, "oss-draft", datadir.Bucket, datadir.Prefix, "v1", "cn-hangzhou", "head.json")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(draft); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("never began to seed:\n%s", out.String())
		}
	}
	if err := errors.Join(cmd.Process.Kill(), cmd.Wait()); err == nil || strings.Contains(out.String(), "seeded") {
		t.Fatalf("not killed while seeding: %v\n%s", err, out.String())
	}
	_, err := datadir.OpenExisting(path)
	if err == nil || !strings.Contains(err.Error(), "does not belong to a local run") {
		t.Errorf("the half history is taken for one: %v", err)
	}
	dir := openDirectory(t, path)
	began := time.Now()
	if err := seedIfEmpty(t.Context(), options{data: path}, dir, &out); err != nil {
		t.Fatal(err)
	}
	if kinds := checkSeeded(t, dir, began); kinds[format.SimulatedTrigger] < 160 {
		t.Errorf("the history has %v", kinds)
	}
	if _, err := os.Stat(filepath.Join(path, "oss-draft")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the draft is still there: %v", err)
	}
}

// TestInterruptedWhileSeeding presses Ctrl-C before the first run.
func TestInterruptedWhileSeeding(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := openDirectory(t, t.TempDir())
	err := seedIfEmpty(ctx, options{}, dir, new(bytes.Buffer))
	if empty, readErr := dir.IsEmpty(); err != errSeedInterrupted || !empty || readErr != nil {
		t.Errorf("%v, empty %t, %v", err, empty, readErr)
	}
}

// checkPastIsAnswered asks a new run for what has happened in the month before it, and in
// the status that this is simulated.
func checkPastIsAnswered(t *testing.T, out *syncBuffer) {
	t.Helper()
	found := regexp.MustCompile(`(?m)^open (http://\S+)/ in a browser`).FindStringSubmatch(out.String())
	if found == nil {
		t.Fatalf("does not say what to open:\n%s", out.String())
	}
	for target, least := range map[string]int{
		"/v1/changes?RegionId=cn-hangzhou&since=-24h&format=ndjson":                 5,
		"/v1/changes?RegionId=cn-hangzhou&since=-1w&kind=ended&format=ndjson":       1,
		"/v1/diff?RegionId=cn-hangzhou&from=-1w&format=ndjson":                      15,
		"/v1/clusters?ImageState=gone&by=cluster&format=ndjson":                     1,
		"/v1/images?ClusterId=*&RegionId=cn-shanghai&FirstSeen__gte=-2w&format=ids": 5,
	} {
		if body := get(t, found[1]+target); strings.Count(body, "\n") < least {
			t.Errorf("%s has less than %d rows:\n%s", target, least, body)
		}
	}
	added := get(t, found[1]+"/v1/changes?RegionId=cn-hangzhou&since=-4w&kind=added&limit=1&format=ndjson")
	id := regexp.MustCompile(`"ImageId":"([^"]+)"`).FindStringSubmatch(added)
	if history := get(t, found[1]+"/v1/images/"+id[1]+"/history?format=ndjson"); strings.Count(history, "\n") < 2 {
		t.Errorf("the history of %s is\n%s", id[1], history)
	}
	status := get(t, found[1]+"/v1/status")
	if n := strings.Count(status, `"SimulatedUntil":"20`); n != 2 {
		t.Errorf("%d regions are marked as simulated:\n%s", n, status)
	}
}

// TestSeedTimes: the runs of the past are in order, and as far apart as a person would
// expect: four a day, the last ones today.
func TestSeedTimes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	last := now.Add(-30 * 24 * time.Hour)
	for run := range ehpctest.PastTicks {
		at := seedTime(now, run)
		if !at.After(last) || run == 0 && now.Sub(at) < 29*24*time.Hour {
			t.Errorf("run %d is at %s, after %s", run, at, last)
		}
		last = at
	}
	if today := now.Sub(seedTime(now, ehpctest.PastTicks-4)); today > 24*time.Hour || now.Sub(last) > 3*time.Hour {
		t.Errorf("the last four runs began %s ago, the last one was at %s", today, last)
	}
}
