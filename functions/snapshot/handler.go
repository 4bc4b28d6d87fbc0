package main

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"community-images/shared/archive/gc"
	"community-images/shared/capture"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/ehpc"
	"community-images/shared/fcrun"
	"community-images/shared/notify"
	"community-images/shared/ossbucket"
	"community-images/shared/query/request"
)

// margin is the time between the last call of E-HPC and the function's time-out.
// It is needed to store the answers and to report.
const margin = 15 * time.Second

// handler serves invocations. It is safe for concurrent use.
type handler struct {
	settings  capture.Settings  // against which a request is checked
	capturer  *capture.Capturer // asks E-HPC and commits
	collector *gc.Collector     // removes what retention no longer keeps
	notifier  *notify.Notifier  // tells receivers what has happened
	now       func() time.Time  // the clock
	log       *zap.Logger       // without the request id, which handle adds
}

// handle runs one capture and returns its report. It returns an error if the event
// cannot be read or nothing could be committed. FC repeats an asynchronous
// event then.
func (h *handler) handle(ctx context.Context, event []byte) (any, error) {
	log := h.log.With(fcrun.RequestField(ctx))
	req, err := parseEvent(event, h.now())
	if err != nil {
		return nil, err
	}
	if err := req.Validate(h.settings); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	// The run id is FC's request id, so that the log and the commit can be matched.
	req.RunID = fcrun.RequestID(ctx)
	report, err := h.capturer.Run(ctx, req)
	// The report is complete even after an error, and it is logged in any case.
	collectRegions(ctx, h.collector, report, h.now)
	notified := notifyReceivers(ctx, h.notifier, report)
	logNotify(log, notified)
	logReport(log, report, err)
	return runReport{report, notified}, err
}

// captureSettings picks the settings that a run needs.
func captureSettings(c config.Snapshot) capture.Settings {
	return capture.Settings{
		Regions: c.Regions, Clusters: c.Clusters, Unscoped: c.Unscoped,
		InstanceTypes: capture.InstanceTypes(c.InstanceTypes),
		Concurrency:   c.Concurrency, ShrinkGuard: c.ShrinkGuard, Margin: margin,
		CheckLookup: request.CheckLookup,
	}
}

// newClient makes the E-HPC client of all regions. It keeps as many connections
// open as there are calls at once.
func newClient(c config.Snapshot, source *cloud.Source) (*ehpc.Client, error) {
	return ehpc.New(ehpc.Options{
		Endpoint: c.EHPC,
		MaxIdle:  c.Concurrency,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return source.Newest(), nil
		},
	})
}

// newBucket makes the client of the bucket. It does not call OSS yet.
func newBucket(c config.Snapshot, source *cloud.Source) (*ossbucket.Bucket, error) {
	return ossbucket.New(ossbucket.Options{
		Endpoint: c.OSS.Endpoint, Region: c.OSS.Region, Bucket: c.OSS.Bucket,
		Credentials: func(context.Context) (cloud.Credentials, error) {
			return source.Newest(), nil
		},
	})
}
