package main

import (
	"context"
	"slices"
	"time"

	"community-images/shared/archive/gc"
	"community-images/shared/capture"
)

const (
	// maxCollectTime bounds the collection in all regions of a run.
	maxCollectTime = 20 * time.Second
	// collectReserve is the time that is kept before the time-out. It is needed to
	// put back objects that a concurrent run turned out to use, and to report.
	collectReserve = 7 * time.Second
	// minCollectTime is what a collection needs at least. With less time left, the
	// next run collects.
	minCollectTime = 2 * time.Second
)

// collectRegions removes what retention no longer keeps, in the regions that are
// due, until the time is up. A later run does the rest, so a collection that
// fails does not fail the run: its error is in the region's report.
func collectRegions(ctx context.Context, collector *gc.Collector, report *capture.Report, now func() time.Time) {
	// The answers are committed by now. What time is left goes to the collection.
	left := maxCollectTime
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline)-collectReserve)
	}
	due := regionsDue(report, now())
	if left < minCollectTime || len(due) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	// One region after another: the regions that the time does not reach are the first
	// ones of a later run.
	for _, r := range due {
		if ctx.Err() != nil {
			return
		}
		start := now()
		result, err := collector.Collect(ctx, r.RegionID)
		r.Sweep = &capture.SweepReport{
			Found: len(result.Items), Removed: result.Removed, Bytes: result.Bytes, Waiting: result.Waiting,
			DurationMs: now().Sub(start).Milliseconds(),
		}
		if err != nil {
			r.Sweep.Error = err.Error()
		}
	}
}

// regionsDue returns the regions whose last collection is old enough, the oldest
// first. A region whose state the run could not read is left out.
func regionsDue(report *capture.Report, now time.Time) []*capture.RegionReport {
	var due []*capture.RegionReport
	for _, r := range report.Regions {
		// A region without commits has nothing to collect.
		if r.Error == "" && r.State != nil && r.State.Sequence > 0 && r.State.Swept.IsDue(now) {
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, func(a, b *capture.RegionReport) int {
		return a.State.Swept.At.Compare(b.State.Swept.At.Time)
	})
	return due
}
