package main

import (
	"context"
	"time"

	"community-images/shared/archive"
	"community-images/shared/capture"
	"community-images/shared/config"
	"community-images/shared/notify"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/receiver"
	"community-images/shared/query/aliases"

	"go.uber.org/zap"
)

// runReport is the answer of an invocation: what the run captured, and whom it told.
type runReport struct {
	*capture.Report
	// Notify is absent if there is no notify.json, or if there was no time.
	Notify *notify.Report `json:"Notify,omitempty"`
}

// newNotifier makes the notifier of all regions. It reads nothing yet.
func newNotifier(c config.Snapshot, bucket archive.Sweeper, keys archive.Keys) *notify.Notifier {
	client := receiver.New(receiver.Options{AllowPrivate: c.NotifyAllowPrivate, Now: time.Now})
	settings := notify.Settings{PublicURL: c.NotifyPublicURL, AllowPrivate: c.NotifyAllowPrivate}
	finder := aliases.NewFinder(archive.New(bucket, keys), time.Now)
	return notify.New(settings, bucket, keys, client, time.Now).WithAliases(findMoves(finder))
}

// findMoves finds the aliases that moved between two states of a region.
func findMoves(finder *aliases.Finder) changes.AliasMoves {
	return func(ctx context.Context, before, after *archive.Region) (moved []changes.AliasMove, err error) {
		was, err := finder.ImagesOf(ctx, before)
		if err != nil {
			return nil, err
		}
		is, err := finder.ImagesOf(ctx, after)
		if err != nil {
			return nil, err
		}
		for _, m := range aliases.Moves(was, is) {
			moved = append(moved, changes.AliasMove{
				Name: m.After.Name,
				From: changes.Image{ImageID: m.Before.ImageID, ImageName: m.Before.ImageName},
				To:   changes.Image{ImageID: m.After.ImageID, ImageName: m.After.ImageName},
			})
		}
		return moved, nil
	}
}

// notifyReceivers tells the receivers what has happened in the regions that the run could read.
// What could not be delivered does not fail the run.
func notifyReceivers(ctx context.Context, n *notify.Notifier, report *capture.Report) *notify.Report {
	var states []*archive.Region
	tidy := false
	for _, r := range report.Regions {
		if r.Error == "" && r.State != nil {
			states = append(states, r.State)
		}
		tidy = tidy || r.Sweep != nil // once a day
	}
	if len(states) == 0 {
		return nil
	}
	return n.Run(ctx, states, tidy)
}

// logNotify writes a line if notify.json could not be used, and one for each subscription that
// was told something or has a problem.
func logNotify(log *zap.Logger, r *notify.Report) {
	if r == nil {
		return
	}
	if r.Problem != "" {
		log.Warn("subscriptions not usable", zap.String("reason", r.Problem))
	}
	for _, s := range r.Subscriptions {
		fields := []zap.Field{
			zap.String("subscription", s.Name), zap.Int("sent", s.Sent), zap.Int64("pending", s.Pending),
		}
		switch {
		case s.Problem != "":
			log.Warn("message not delivered", append(fields, zap.String("reason", s.Problem))...)
		case s.Sent > 0:
			log.Info("messages delivered", fields...)
		}
	}
}
