package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/buckettest"
	"community-images/shared/capture"
	"community-images/shared/catalog"
)

// sweepWorld is a handler over a bucket in memory and a clock.
type sweepWorld struct {
	t    *testing.T
	mem  *buckettest.Memory
	keys archive.Keys
	now  time.Time
	h    *handler
}

func newSweepWorld(t *testing.T) *sweepWorld {
	keys, err := archive.NewKeys("community-images")
	if err != nil {
		t.Fatal(err)
	}
	w := &sweepWorld{t: t, mem: buckettest.NewMemory(t), keys: keys, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	w.mem.SetNow(clock)
	keep := func(now time.Time) time.Time { return now.AddDate(0, -1, 0) }
	w.h = &handler{now: clock, collector: archive.NewCollector(w.mem, keys, keep, clock)}
	return w
}

// commit makes the report of a run that found one image.
func (w *sweepWorld) commit(regions ...string) *capture.Report {
	w.t.Helper()
	writer := archive.NewWriter(w.mem, w.keys, func() time.Time { return w.now })
	report := &capture.Report{}
	for _, region := range regions {
		base, err := writer.Load(w.t.Context(), region)
		if err != nil {
			w.t.Fatal(err)
		}
		at := catalog.At(w.now)
		image, err := catalog.ParseImage(fmt.Appendf(nil, `{"ImageId":"m-%d"}`, w.now.Unix()))
		if err != nil {
			w.t.Fatal(err)
		}
		s := catalog.NewSnapshot(catalog.Scope{RegionID: region}, at, "", []*catalog.Image{image})
		res, err := writer.Commit(w.t.Context(), base, archive.Run{StartedAt: at, Checks: []archive.Check{{Scope: s.Scope, At: at, State: archive.OK, Snapshot: s}}})
		if err != nil {
			w.t.Fatal(err)
		}
		report.Regions = append(report.Regions, &capture.RegionReport{RegionID: region, State: res.Region})
	}
	w.mem.Requests()
	return report
}

func TestSweepTakesItsTurn(t *testing.T) {
	t.Parallel()
	w := newSweepWorld(t)
	w.h.sweep(t.Context(), w.commit("cn-a", "cn-b"))
	if r := w.mem.Requests(); r != "" {
		t.Errorf("a sweep that is not due makes the requests\n%s", r)
	}
	for range 3 {
		w.now = w.now.AddDate(0, 1, 0)
		w.commit("cn-a", "cn-b")
	}
	report := w.commit("cn-a", "cn-b")
	w.h.sweep(t.Context(), report)
	if report.Removed() != 4 || report.Regions[0].Sweep.Removed != 2 || report.Regions[1].Sweep.Error != "" {
		t.Errorf("the sweeps are %+v and %+v", report.Regions[0].Sweep, report.Regions[1].Sweep)
	}
	again := w.commit("cn-a", "cn-b")
	w.h.sweep(t.Context(), again)
	if again.Regions[0].Sweep != nil || again.Removed() != 0 {
		t.Errorf("a second sweep on the same day: %+v", again.Regions[0].Sweep)
	}
}

func TestSweepKeepsToTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, keepsToTheDeadline)
}

func keepsToTheDeadline(t *testing.T) {
	w := newSweepWorld(t)
	w.commit("cn-a")
	w.now = w.now.AddDate(0, 3, 0)
	report := w.commit("cn-a")
	short, cancel := context.WithTimeout(t.Context(), sweepReserve+sweepLeast-time.Millisecond)
	defer cancel()
	if w.h.sweep(short, report); report.Regions[0].Sweep != nil || w.mem.Requests() != "" {
		t.Errorf("a sweep begins with too little time: %+v", report.Regions[0].Sweep)
	}

	// A store that hangs holds a sweep up until its time is over, not longer.
	deadline := time.Now().Add(sweepReserve + sweepLeast + 100*time.Millisecond)
	long, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	hangs := buckettest.NewFaulty(w.mem, func(buckettest.Op) *buckettest.Fault { return &buckettest.Fault{Hang: true} })
	w.h.collector = archive.NewCollector(hangs, w.keys, func(now time.Time) time.Time { return now }, w.h.now)
	w.h.sweep(long, report)
	if s := report.Regions[0].Sweep; s == nil || !strings.Contains(s.Error, "deadline") || time.Until(deadline) < sweepReserve-time.Second {
		t.Errorf("a sweep of a store that hangs is %+v and leaves %s", s, time.Until(deadline))
	}
}

func TestRegionThatWasNotReadIsNotSwept(t *testing.T) {
	t.Parallel()
	w := newSweepWorld(t)
	w.commit("cn-a")
	w.now = w.now.AddDate(0, 3, 0)
	report := w.commit("cn-a")
	report.Regions[0].Error = "not committed"
	report.Regions = append(report.Regions, &capture.RegionReport{RegionID: "cn-b"})
	if w.h.sweep(t.Context(), report); w.mem.Requests() != "" {
		t.Error("a region that failed was swept")
	}
}
