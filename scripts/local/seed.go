package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"community-images/scripts/datadir"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/capture"
	"community-images/shared/cloud"
	"community-images/shared/ehpc"
	"community-images/shared/ehpc/ehpctest"
	"community-images/shared/ossbucket/osstest"
)

// errSeedInterrupted is returned after Ctrl-C.
var errSeedInterrupted = errors.New("interrupted before the history was seeded; nothing was stored, and the next " +
	"start seeds it")

// seedIfEmpty seeds a month of history if the directory has no data. With -fresh it seeds
// nothing, and returns an error if the directory has data. Against the cloud it does nothing.
func seedIfEmpty(ctx context.Context, o options, dir *datadir.Directory, out io.Writer) error {
	if o.cloud {
		return nil
	}
	empty, err := dir.IsEmpty()
	switch {
	case err != nil:
		return err
	case o.fresh && !empty:
		return fmt.Errorf("-fresh starts with an empty directory, and %q has data: nothing was deleted; remove the "+
			"directory, or choose another with -data", o.data)
	case o.fresh || !empty:
		return nil
	}
	return seedDirectory(ctx, dir, out)
}

// seedDirectory seeds the history into a draft of the bucket, and then puts the draft in
// place. So a killed process leaves no half history.
func seedDirectory(ctx context.Context, dir *datadir.Directory, out io.Writer) error {
	began := time.Now()
	fmt.Fprintf(out, "the directory is empty: seeding %d runs of a simulated month (-fresh starts without)\n",
		ehpctest.PastTicks)
	key := newKey()
	store, err := dir.ServeDraft(
		osstest.Key{ID: key.AccessKeyID, Secret: key.AccessKeySecret, Token: key.SecurityToken})
	if err != nil {
		return err
	}
	commits, err := seedStore(ctx, store, key, began)
	store.Close()
	if err == nil {
		err = dir.PublishDraft()
	}
	switch {
	case ctx.Err() != nil:
		return errSeedInterrupted
	case err != nil:
		return fmt.Errorf("seeding the history: %w", err)
	}
	fmt.Fprintf(out, "seeded %d commits since %s in %s; "+
		"SimulatedUntil in /v1/status says until when history is simulated\n",
		commits, seedTime(began, 0).Format(time.DateOnly), time.Since(began).Round(100*time.Millisecond))
	return nil
}

// seedStore captures the past of the simulated E-HPC, up to now, with the code of the
// snapshot function. It returns the number of commits of all regions.
func seedStore(ctx context.Context, store *datadir.Store, key cloud.Credentials, now time.Time) (int64, error) {
	world := ehpctest.NewSimulationWithPast(worldSeed)
	upstream, err := ehpctest.Listen(ehpctest.New(ehpctest.Options{
		Data: world, Fault: world.Fault,
		Keys: map[string]ehpctest.Key{key.AccessKeyID: {Secret: key.AccessKeySecret, Token: key.SecurityToken}},
	}))
	if err != nil {
		return 0, fmt.Errorf("starting the embedded E-HPC: %w", err)
	}
	defer upstream.Close()
	client, err := ehpc.New(ehpc.Options{
		Endpoint:    upstream.URL,
		Credentials: func(context.Context) (cloud.Credentials, error) { return key, nil },
	})
	if err != nil {
		return 0, err
	}
	var clock simulatedClock
	writer := archive.NewWriter(store.Bucket, store.Keys, clock.Now)
	// The limiter waits by the real clock, so it must not limit.
	limiter := capture.NewRateLimiter(100_000, time.Now)
	capturer := capture.New(seedSettings(world), client, limiter, writer, clock.Now)
	var commits int64
	for run := range ehpctest.PastTicks {
		clock.Set(seedTime(now, run))
		if commits, err = seedRun(ctx, capturer, run); err != nil {
			return 0, err
		}
		world.Tick()
	}
	return commits, nil
}

// seedRun makes a run of the past. It returns the number of commits so far, of all regions.
func seedRun(ctx context.Context, capturer *capture.Capturer, run int) (commits int64, err error) {
	report, err := capturer.Run(ctx, capture.Request{
		RunID: fmt.Sprintf("simulated-%d", run+1), Trigger: format.SimulatedTrigger,
	})
	if err == nil {
		err = checkCommitted(report)
	}
	if err != nil {
		return 0, err
	}
	for _, region := range report.Regions {
		commits += region.Sequence
	}
	return commits, nil
}

// seedSettings returns settings that capture everything. The caller's own settings are for
// the functions.
func seedSettings(world *ehpctest.Simulation) capture.Settings {
	settings := capture.Settings{
		Unscoped: true, InstanceTypes: capture.InstanceTypes{Auto: true}, Concurrency: 8, ShrinkGuard: 100,
	}
	for _, region := range world.Regions() {
		settings.Regions = append(settings.Regions, region.RegionID)
	}
	return settings
}

// seedTimes are the times of the runs of a seeded day before its end.
var seedTimes = [...]time.Duration{
	21*time.Hour + 18*time.Minute,
	15*time.Hour + 6*time.Minute,
	9*time.Hour + 12*time.Minute,
	2*time.Hour + 24*time.Minute,
}

// isCalmDay reports whether nothing runs on a day. It is given as the number of whole days
// that have passed since it ended. Two days in a row of every seven are calm.
func isCalmDay(daysAgo int) bool { return daysAgo%7 == 3 || daysAgo%7 == 4 }

// seedTime returns when a run of the past was, counted from 0. The last run of all was
// hours before now, the first one a month.
func seedTime(now time.Time, run int) time.Time {
	// Counted from the end, so that the number of days follows from that of the runs.
	left, day := (ehpctest.PastTicks-1-run)/len(seedTimes), 0
	for ; left > 0 || isCalmDay(day); day++ {
		if !isCalmDay(day) {
			left--
		}
	}
	return now.Add(-24*time.Hour*time.Duration(day) - seedTimes[run%len(seedTimes)])
}

// simulatedClock goes as fast as the real one, from a time that is set between two runs. It
// must not be set back.
type simulatedClock struct {
	// offset is added to the real time.
	offset time.Duration
}

// Set sets the clock. It must not be called during a run.
func (c *simulatedClock) Set(t time.Time) { c.offset = time.Until(t) }

// Now returns the time by the clock.
func (c *simulatedClock) Now() time.Time { return time.Now().Add(c.offset) }
