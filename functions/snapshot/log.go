package main

import (
	"go.uber.org/zap"

	"community-images/shared/archive"
	"community-images/shared/capture"
)

// logReport writes one line for a run, after one for each event, each region,
// each failed scope and each problem. Every number is a field of its own, for
// queries of the log store.
func logReport(log *zap.Logger, r *capture.Report, err error) {
	for _, e := range r.Events {
		log.Info("event", zap.String("outcome", e.Outcome), zap.String("reason", e.Reason), zap.String("type", e.Type),
			zap.String("eventId", e.ID), zap.String("region", e.RegionID), zap.String("cluster", e.ClusterID))
	}
	for _, region := range r.Regions {
		for _, f := range region.Failed {
			log.Warn("scope failed", zap.String("scope", f.Scope), zap.String("class", f.Class), zap.String("code", f.Code),
				zap.String("reason", f.Message), zap.String("upstreamRequestId", f.RequestID))
		}
		for _, p := range region.Problems {
			log.Warn("region has a problem", zap.String("region", region.RegionID), zap.String("reason", p))
		}
		if region.Sweep != nil && region.Sweep.Error != "" {
			log.Warn("sweep not finished", zap.String("region", region.RegionID), zap.String("reason", region.Sweep.Error))
		}
		if region.Error != "" {
			log.Error("region not committed", zap.String("region", region.RegionID), zap.String("reason", region.Error))
			continue
		}
		committed := 0 // as a number, as the run's line has it: the log store's index knows no other
		if region.Committed {
			committed = 1
		}
		log.Info("region done", append(countFields(region.Counts), zap.String("region", region.RegionID), zap.String("trigger", r.Trigger),
			zap.Int64("sequence", region.Sequence), zap.Int("committed", committed), zap.Int("clusters", region.Clusters),
			zap.Int("images", region.Images), zap.Int("stored", region.Stored), zap.Int("storedBytes", region.Bytes),
			zap.Int("retries", region.Retries), zap.Int64("commitMs", region.CommitMs))...)
	}
	fields := append(countFields(r.Counts), zap.String("trigger", r.Trigger), zap.Int("regions", len(r.Regions)),
		zap.Int("committed", r.CommittedRegions()), zap.Int("events", len(r.Events)), zap.Int64("calls", r.Calls),
		zap.Int("removed", r.RemovedObjects()), zap.Int64("fetchMs", r.FetchMs), zap.Int64("durationMs", r.DurationMs))
	if err != nil {
		log.Error("snapshot failed", append(fields, zap.Error(err))...)
		return
	}
	log.Info("snapshot done", fields...)
}

// countFields are the counts of a run or of one region, in scopes.
func countFields(n archive.Counts) []zap.Field {
	return []zap.Field{
		zap.Int("planned", n.Planned), zap.Int("unchanged", n.Unchanged), zap.Int("changed", n.Changed), zap.Int("failed", n.Failed),
		zap.Int("held", n.Held), zap.Int("left", n.Left), zap.Int("lost", n.Lost), zap.Int("ended", n.Ended),
	}
}
