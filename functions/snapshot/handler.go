package main

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"community-images/shared/archive"
	"community-images/shared/capture"
	"community-images/shared/catalog"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/ehpc"
	"community-images/shared/fcrun"
	"community-images/shared/ossbucket"
)

// margin is kept between the last question and the function's time-out, for
// storing and reporting.
const margin = 15 * time.Second

// handler serves invocations.
type handler struct {
	settings  capture.Settings
	capturer  *capture.Capturer
	collector *archive.Collector
	now       func() time.Time
	log       *zap.Logger
}

// handle runs one capture. The result is its report; an error means that the
// event could not be read or that nothing could be committed.
func (h *handler) handle(ctx context.Context, event []byte) (any, error) {
	log := h.log.With(fcrun.RequestField(ctx))
	req, err := parseEvent(event, h.now())
	if err != nil {
		return nil, err
	}
	if err := req.Validate(h.settings); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	req.RunID = fcrun.RequestID(ctx)
	report, err := h.capturer.Run(ctx, req, func(scope catalog.Scope, err error) {
		log.Warn("earlier content could not be read", zap.Stringer("scope", scope), zap.Error(err))
	})
	h.sweep(ctx, report)
	logReport(log, report, err)
	return report, err
}

// settingsOf is the part of the settings that a run goes by.
func settingsOf(c config.Snapshot) capture.Settings {
	return capture.Settings{
		Regions: c.Regions, Clusters: c.Clusters, Unscoped: c.Unscoped,
		InstanceTypes: capture.InstanceTypes(c.InstanceTypes),
		Concurrency:   c.Concurrency, ShrinkGuard: c.ShrinkGuard, Margin: margin,
	}
}

// newClient makes the E-HPC client of all regions.
func newClient(c config.Snapshot, source *cloud.Source) (*ehpc.Client, error) {
	return ehpc.New(ehpc.Options{
		Endpoint: c.EHPC,
		MaxIdle:  c.Concurrency,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return source.Newest(), nil
		},
	})
}

// newBucket opens the bucket; nothing is asked of it yet.
func newBucket(c config.Snapshot, source *cloud.Source) (*ossbucket.Bucket, error) {
	return ossbucket.New(ossbucket.Options{
		Endpoint: c.OSS.Endpoint, Bucket: c.OSS.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return source.Newest(), nil
		},
	})
}
