package main

import (
	"context"
	"slices"
	"time"

	"community-images/shared/capture"
)

const (
	sweepTime    = 20 * time.Second // at most, over all regions of a run
	sweepReserve = 7 * time.Second  // kept before the time-out, to put back what is wanted after all and to report
	sweepLeast   = 2 * time.Second  // with less it is left to the next run
)

// sweep lets retention look after the regions that are due, the one that has
// waited longest first, as long as there is time. What it does not get done
// is done by a later run, so that it never fails a run.
func (h *handler) sweep(ctx context.Context, report *capture.Report) {
	left := sweepTime
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline)-sweepReserve)
	}
	due := h.due(report)
	if left < sweepLeast || len(due) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	for _, r := range due {
		if ctx.Err() != nil {
			return
		}
		began := h.now()
		done, err := h.collector.Collect(ctx, r.RegionID)
		r.Sweep = &capture.SweepReport{
			Found: len(done.Items), Removed: done.Removed, Bytes: done.Bytes, Waiting: done.Waiting,
			DurationMs: h.now().Sub(began).Milliseconds(),
		}
		if err != nil {
			r.Sweep.Error = err.Error()
		}
	}
}

// due picks the regions whose state the run has read and whose turn it is.
func (h *handler) due(report *capture.Report) []*capture.RegionReport {
	var due []*capture.RegionReport
	for _, r := range report.Regions {
		if r.Error == "" && r.State != nil && r.State.Sequence > 0 && r.State.Swept.IsDue(h.now()) {
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, func(a, b *capture.RegionReport) int {
		return a.State.Swept.At.Compare(b.State.Swept.At.Time)
	})
	return due
}
