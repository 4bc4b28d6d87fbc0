package main

import (
	"go.uber.org/zap"

	"community-images/shared/archive/format"
	"community-images/shared/capture"
)

// logReport writes one line for each event and region, for each failed scope, problem
// and snapshot that could not be read, and at the end one for the run. Every number is a field of its own, so
// that the log store can be queried by it. err is the error of the run.
func logReport(log *zap.Logger, r *capture.Report, err error) {
	for _, e := range r.Events {
		log.Info("event", zap.String("outcome", e.Outcome), zap.String("reason", e.Reason), zap.String("type", e.Type),
			zap.String("eventId", e.ID), zap.String("region", e.RegionID), zap.String("cluster", e.ClusterID))
	}
	for _, u := range r.Unreadable {
		log.Warn("earlier content could not be read", zap.Stringer("scope", u.Scope), zap.Error(u.Err))
	}
	if r.AliasProblem != "" {
		log.Warn("aliases not read", zap.String("reason", r.AliasProblem))
	}
	for _, region := range r.Regions {
		logRegion(log, region, r.Trigger)
	}
	// The last line of a run. Alarms look for its message.
	fields := append(countFields(r.Counts), zap.String("trigger", r.Trigger), zap.Int("regions", len(r.Regions)),
		zap.Int("committed", r.CommittedRegions()), zap.Int("events", len(r.Events)), zap.Int64("calls", r.Calls),
		zap.Int("removed", r.RemovedObjects()), zap.Int64("fetchMs", r.FetchMs), zap.Int64("durationMs", r.DurationMs))
	if err != nil {
		log.Error("snapshot failed", append(fields, zap.Error(err))...)
		return
	}
	log.Info("snapshot done", fields...)
}

// logRegion writes the lines of one region.
func logRegion(log *zap.Logger, region *capture.RegionReport, trigger string) {
	// Warnings first: each names one thing that a person may look at.
	regionField := zap.String("region", region.RegionID)
	for _, f := range region.Failed {
		log.Warn("scope failed", zap.String("scope", f.Scope), zap.String("class", f.Class), zap.String("code", f.Code),
			zap.String("reason", f.Message), zap.String("upstreamRequestId", f.RequestID))
	}
	// An alarm counts these lines.
	for _, g := range region.GoneBootImages {
		log.Warn("boot image gone", regionField, zap.String("cluster", g.ClusterID), zap.String("image", g.ImageID))
	}
	for _, problem := range region.Problems {
		log.Warn("region has a problem", regionField, zap.String("reason", problem))
	}
	if region.Sweep != nil && region.Sweep.Error != "" {
		log.Warn("sweep not finished", regionField, zap.String("reason", region.Sweep.Error))
	}
	if region.Error != "" {
		log.Error("region not committed", regionField, zap.String("reason", region.Error))
		return
	}
	// "committed" is a number here too, because the log store's index has one type for a
	// field, and in the line of the run it counts regions.
	committed := 0
	if region.Committed {
		committed = 1
	}
	log.Info("region done", append(countFields(region.Counts), regionField, zap.String("trigger", trigger),
		zap.Int64("sequence", region.Sequence), zap.Int("committed", committed), zap.Int("clusters", region.Clusters),
		zap.Int("images", region.Images), zap.Int("aliasChanges", region.AliasChanges),
		zap.Int("stored", region.Stored), zap.Int("storedBytes", region.Bytes),
		zap.Int("retries", region.Retries), zap.Int64("commitMs", region.CommitMs))...)
}

// countFields returns the counts of a run or a region as log fields, in scopes. The
// dashboards of scripts/operate read these names.
func countFields(n format.RunCounts) []zap.Field {
	return []zap.Field{
		zap.Int("planned", n.Planned), zap.Int("unchanged", n.Unchanged), zap.Int("changed", n.Changed),
		zap.Int("failed", n.Failed),
		zap.Int("held", n.Held), zap.Int("left", n.Left), zap.Int("lost", n.Lost), zap.Int("ended", n.Ended),
	}
}
