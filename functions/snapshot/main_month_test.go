package main

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/archive"
	"community-images/shared/fcrun/fctest"
)

// TestKilledWhileAMonthBegins kills the real binary at every request of the run that
// seals the log of a month, begins the next one and indexes the month that is over. The
// next run goes on, the month gets its index, and no change is missing in the feed.
func TestKilledWhileAMonthBegins(t *testing.T) {
	t.Parallel()
	times, step := []killTime{middle}, int64(4)
	if *faultsLong {
		times, step = []killTime{before, middle, after}, 1
	}
	for _, when := range times {
		t.Run(string(when), func(t *testing.T) {
			t.Parallel()
			at := int64(1)
			for killWhileAMonthBegins(t, when, at) {
				at += step
			}
			if at < 20 {
				t.Errorf("a run that begins a month makes only %d requests", at)
			}
			t.Logf("killed at one of %d requests, up to number %d", step, at)
		})
	}
}

// killWhileAMonthBegins kills the run at its n-th request. It returns false if the run makes
// fewer.
func killWhileAMonthBegins(t *testing.T, when killTime, n int64) (struck bool) {
	t.Helper()
	w, fleet := newFixture(t), newFleetState(1, 1)
	bucket, keys := w.openBucket()
	now := time.Now().UTC()
	lastMonth := time.Date(now.Year(), now.Month()-1, 10, 0, 0, 0, 0, time.UTC)
	for day := range 3 {
		appendCommitAt(t, bucket, keys, region, lastMonth.AddDate(0, 0, day))
	}
	w.ehpc.SetData(fleet.upstreamData())
	k := &killingProxy{next: w.oss, when: when, at: n}
	server := httptest.NewServer(k)
	defer server.Close()
	f := w.startFunction("snapshot", "OSS_ENDPOINT="+server.URL)
	k.kill = f.Kill
	response, err := f.Invoke(t.Context(), []byte(timerEventNow()))
	f.Stop()
	struck = k.struck.Load()
	if err != nil || struck && (response.Error == nil || response.Error.Type != fctest.ProcessExited) {
		t.Fatalf("killed at request %d: %v, %v", n, err, response.Error)
	}
	fleet.changeSomeLists()
	fleet.versions[0] = int(n) // a change that the killed run has not seen
	w.ehpc.SetData(fleet.upstreamData())
	w.runSnapshot(w.startFunction("snapshot"))
	if audit := w.auditArchive(); len(audit.Findings) > 0 {
		t.Errorf("killed at request %d: %v", n, audit.Findings)
	}
	month := lastMonth.Format("2006-01")
	key, err := keys.MonthIndex(region, month)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bucket.Get(t.Context(), key, ""); err != nil {
		t.Errorf("killed at request %d: the index of %s: %v", n, month, err)
	}
	w.checkFeed(n, archive.New(bucket, keys))
	return struck
}

// checkFeed compares the feed of the query function, from its beginning and of one image,
// with the commits of the log.
func (w *fixture) checkFeed(n int64, a *archive.Archive) {
	w.t.Helper()
	now, err := a.Now(w.t.Context(), region, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var want, ofImage []string
	for c, err := range a.Commits(w.t.Context(), now, 1) {
		if err != nil {
			w.t.Fatal(err)
		}
		for _, im := range c.Images {
			line := fmt.Sprintf(`{"Sequence":%d,`, c.Sequence)
			if want = append(want, line+im.ImageID); im.ImageID == "m-stays" {
				ofImage = append(ofImage, line+im.ImageID)
			}
		}
	}
	q := w.startFunction("query")
	for target, want := range map[string][]string{
		"/v1/changes?since=0&format=ndjson":                 want,
		"/v1/changes?since=0&format=ndjson&ImageId=m-stays": ofImage,
	} {
		_, body, _ := w.lookUpSequence(q, target)
		lines := strings.Split(strings.TrimSpace(body), "\n")
		isSame := len(lines) == len(want)
		for i := 0; isSame && i < len(want); i++ {
			sequence, id, _ := strings.Cut(want[i], ",")
			isSame = strings.HasPrefix(lines[i], sequence+",") && strings.Contains(lines[i], `"ImageId":"`+id+`"`)
		}
		if !isSame {
			w.t.Errorf("killed at request %d: %s is\n%swant %q", n, target, body, want)
		}
	}
}
