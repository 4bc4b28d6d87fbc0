package main

import (
	"go.uber.org/zap"

	"community-images/shared/capture"
)

// logReport writes one summary line for a run, after one warning for each
// failed scope and each problem.
func logReport(log *zap.Logger, r *capture.Report, err error) {
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
		}
	}
	fields := []zap.Field{
		zap.String("trigger", r.Trigger), zap.Int("regions", len(r.Regions)), zap.Int("committed", r.Committed()),
		zap.Int("planned", r.Counts.Planned), zap.Int("unchanged", r.Counts.Unchanged), zap.Int("changed", r.Counts.Changed),
		zap.Int("failed", r.Counts.Failed), zap.Int("held", r.Counts.Held), zap.Int("left", r.Counts.Left),
		zap.Int("lost", r.Counts.Lost), zap.Int("ended", r.Counts.Ended), zap.Int64("calls", r.Calls),
		zap.Int("removed", r.Removed()), zap.Int64("fetchMs", r.FetchMs), zap.Int64("durationMs", r.DurationMs),
	}
	if err != nil {
		log.Error("snapshot failed", append(fields, zap.Error(err))...)
		return
	}
	log.Info("snapshot done", fields...)
}
