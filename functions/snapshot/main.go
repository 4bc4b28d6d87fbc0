// Command snapshot is the function that asks E-HPC which community images every
// cluster may use, and commits the changes to OSS.
//
// Each invocation is one run: it reads the event, captures, and lets retention
// collect what is too old. It may be invoked twice at once; commits stay in order.
package main

import (
	"os"
	"time"

	"go.uber.org/zap"

	"community-images/shared/archive"
	"community-images/shared/archive/gc"
	"community-images/shared/capture"
	"community-images/shared/cloud"
	"community-images/shared/config"
	"community-images/shared/fcrun"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "devel"

// main serves invocations until FC stops the instance.
func main() { fcrun.Main(setup) }

// setup builds the function from its environment, given as os.Environ does. The
// error names every setting that is wrong. Nothing is read or called yet.
func setup(environ []string) (fcrun.Handler, *zap.Logger, error) {
	conf, err := config.SnapshotFrom(environ)
	if err != nil {
		return nil, nil, err
	}
	// From here on faults are logged in the form that the alarms read.
	log := fcrun.NewLogger(os.Stdout, conf.LogLevel, "snapshot")
	log.Info("starting", zap.String("version", version))
	keys, err := archive.NewKeys(conf.OSS.Prefix)
	if err != nil {
		return nil, nil, err
	}
	// One source for both clients: FC renews the credentials with each invocation.
	credentials := cloud.NewSource(conf.Credentials)
	bucket, err := newBucket(conf, credentials)
	if err != nil {
		return nil, nil, err
	}
	// One limiter for the instance: invocations at the same time share the rate.
	limiter := capture.NewRateLimiter(conf.QPS, time.Now)
	client, err := newClient(conf, credentials)
	if err != nil {
		return nil, nil, err
	}
	settings := captureSettings(conf)
	writer := archive.NewWriter(bucket, keys, time.Now)
	h := &handler{
		settings: settings, log: log, now: time.Now,
		capturer:  capture.New(settings, client, limiter, writer, time.Now),
		collector: gc.NewCollector(bucket, keys, conf.Retention.Before, time.Now),
		notifier:  newNotifier(conf, bucket, keys),
	}
	return fcrun.Event(h.handle, fcrun.Options{Log: log, Credentials: credentials}), log, nil
}
