package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/archive/format"
	"community-images/shared/archive/gc"
	"community-images/shared/capture"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/ossbucket"
	"community-images/shared/ossbucket/osstest"
)

// collectFixture is a collector over a bucket in memory and a clock.
type collectFixture struct {
	t    *testing.T
	mem  *buckettest.Memory
	keys archive.Keys
	now  time.Time
	// collector keeps a month.
	collector *gc.Collector
}

func newCollectFixture(t *testing.T) *collectFixture {
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	w := &collectFixture{t: t, mem: buckettest.NewMemory(t), keys: keys,
		now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	w.mem.SetNow(w.clock)
	keep := func(now time.Time) time.Time { return now.AddDate(0, -1, 0) }
	w.collector = gc.NewCollector(w.mem, keys, keep, w.clock)
	return w
}

func (w *collectFixture) clock() time.Time { return w.now }

// collect collects after a run.
func (w *collectFixture) collect(ctx context.Context, report *capture.Report) {
	collectRegions(ctx, w.collector, report, w.clock)
}

// runCapture makes the report of a run that found one image.
func (w *collectFixture) runCapture(regions ...string) *capture.Report {
	w.t.Helper()
	report := &capture.Report{}
	for _, region := range regions {
		state := appendCommitAt(w.t, w.mem, w.keys, region, w.now)
		report.Regions = append(report.Regions, &capture.RegionReport{RegionID: region, State: state})
	}
	w.mem.Requests()
	return report
}

// appendCommitAt commits one image, named after the time, at a time.
func appendCommitAt(t *testing.T, bucket archive.Bucket, keys archive.Keys, region string,
	now time.Time) *archive.Region {
	t.Helper()
	writer := archive.NewWriter(bucket, keys, func() time.Time { return now })
	base, err := writer.Load(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	at := catalog.At(now)
	image, err := catalog.ParseImage(fmt.Appendf(nil, `{"ImageId":"m-%d"}`, now.Unix()))
	if err != nil {
		t.Fatal(err)
	}
	s := catalog.NewSnapshot(catalog.Scope{RegionID: region}, at, "", []*catalog.Image{image})
	check := archive.Check{Scope: s.Scope, At: at, State: format.StateOK, Snapshot: s}
	if was, ok := base.Scope(s.Scope); ok {
		if check.Before, err = writer.Snapshot(t.Context(), s.Scope, was.Digest); err != nil {
			t.Fatal(err)
		}
	}
	res, err := writer.Commit(t.Context(), base, archive.Run{StartedAt: at, Checks: []archive.Check{check}})
	if err != nil {
		t.Fatal(err)
	}
	return res.Region
}

func TestSweepTakesItsTurn(t *testing.T) {
	t.Parallel()
	w := newCollectFixture(t)
	w.collect(t.Context(), w.runCapture("cn-a", "cn-b"))
	if r := w.mem.Requests(); r != "" {
		t.Errorf("a sweep that is not due makes the requests\n%s", r)
	}
	for range 3 {
		w.now = w.now.AddDate(0, 1, 0)
		w.runCapture("cn-a", "cn-b")
	}
	report := w.runCapture("cn-a", "cn-b")
	w.collect(t.Context(), report)
	// Of each region two months go, each a log and its index.
	if report.RemovedObjects() != 8 || report.Regions[0].Sweep.Removed != 4 || report.Regions[1].Sweep.Error != "" {
		t.Errorf("the sweeps are %+v and %+v", report.Regions[0].Sweep, report.Regions[1].Sweep)
	}
	again := w.runCapture("cn-a", "cn-b")
	w.collect(t.Context(), again)
	if again.Regions[0].Sweep != nil || again.RemovedObjects() != 0 {
		t.Errorf("a second sweep on the same day: %+v", again.Regions[0].Sweep)
	}
}

func TestSweepKeepsToTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testCollectDeadline)
}

func testCollectDeadline(t *testing.T) {
	w := newCollectFixture(t)
	w.runCapture("cn-a")
	w.now = w.now.AddDate(0, 3, 0)
	report := w.runCapture("cn-a")
	short, cancel := context.WithTimeout(t.Context(), collectReserve+minCollectTime-time.Millisecond)
	defer cancel()
	if w.collect(short, report); report.Regions[0].Sweep != nil || w.mem.Requests() != "" {
		t.Errorf("a sweep begins with too little time: %+v", report.Regions[0].Sweep)
	}

	// A store that hangs holds a sweep up until its time is over, not longer.
	deadline := time.Now().Add(collectReserve + minCollectTime + 100*time.Millisecond)
	long, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	hangs := buckettest.NewFaulty(w.mem, func(buckettest.Op) *buckettest.Fault { return &buckettest.Fault{Hang: true} })
	w.collector = gc.NewCollector(hangs, w.keys, func(now time.Time) time.Time { return now }, w.clock)
	w.collect(long, report)
	if s := report.Regions[0].Sweep; s == nil || !strings.Contains(s.Error, "deadline") ||
		time.Until(deadline) < collectReserve-time.Second {
		t.Errorf("a sweep of a store that hangs is %+v and leaves %s", s, time.Until(deadline))
	}
}

func TestRegionThatWasNotReadIsNotSwept(t *testing.T) {
	t.Parallel()
	w := newCollectFixture(t)
	w.runCapture("cn-a")
	w.now = w.now.AddDate(0, 3, 0)
	report := w.runCapture("cn-a")
	report.Regions[0].Error = "not committed"
	report.Regions = append(report.Regions, &capture.RegionReport{RegionID: "cn-b"})
	if w.collect(t.Context(), report); w.mem.Requests() != "" {
		t.Error("a region that failed was swept")
	}
}

// TestRealBinarySweeps runs the function on 20 months of history: the months
// beyond the default retention go, once, and what is left is sound.
func TestRealBinarySweeps(t *testing.T) {
	t.Parallel()
	w, dir := newFixture(t), t.TempDir()
	w.oss = osstest.Start(t, dir)
	bucket, err := ossbucket.New(ossbucket.Options{
		Endpoint: w.oss.URL, Region: w.oss.Region, Bucket: w.oss.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return cloud.Credentials{AccessKeyID: w.oss.Key.ID, AccessKeySecret: w.oss.Key.Secret,
				SecurityToken: w.oss.Key.Token}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	first := time.Now().UTC().AddDate(0, -20, 0)
	for month := range 20 {
		appendCommitAt(t, bucket, keys, region, time.Date(first.Year(), first.Month()+time.Month(month), 1, 0, 0, 0, 0,
			time.UTC))
	}
	old := time.Now().Add(-archive.Grace)
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}

	f := w.startFunction("snapshot")
	w.oss.Requests()
	w.runSnapshot(f)
	removed := strings.Count(w.oss.Requests(), "DELETE ")
	if removed < 12 || removed > 16 { // logs and their indexes; by the day of the month, and how long it is
		t.Errorf("the first run removes %d objects", removed)
	}
	w.runSnapshot(f)
	if requests := w.oss.Requests(); strings.Contains(requests, "DELETE ") || strings.Contains(requests, "?prefix") {
		t.Errorf("the second run looks again:\n%s", requests)
	}
	if audit := w.auditArchive(); len(audit.Findings) > 0 || len(audit.Orphans) < 5 || audit.Commits > 2*15 {
		t.Errorf("audit is %+v", audit)
	}
}
