package capture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// Capturer runs captures. It is safe for concurrent use. Runs share the images that
// they decode.
type Capturer struct {
	settings Settings         // what to capture, and how fast
	client   Client           // of E-HPC
	writer   *archive.Writer  // of the stored state
	limiter  *RateLimiter     // shared by all runs
	now      func() time.Time // the clock
	// slots holds a token for each call that is being made.
	slots chan struct{}
	// interner shares equal images between scopes and runs.
	interner catalog.Interner
	// published saves reading back what a warm instance stored itself.
	published publishedSnapshots
}

// New returns a Capturer. now dates checks; the writer dates commits.
func New(s Settings, client Client, limiter *RateLimiter, writer *archive.Writer, now func() time.Time) *Capturer {
	return &Capturer{
		settings: s, client: client, limiter: limiter, writer: writer, now: now,
		slots: make(chan struct{}, s.Concurrency),
	}
}

// runner is one run.
type runner struct {
	*Capturer
	request  Request           // what the invocation asks for
	interner *catalog.Interner // the Capturer's
	// callCount is the number of calls to E-HPC, retries included.
	callCount atomic.Int64
	// authFailure is set once E-HPC has refused the credentials. No call is made after
	// that. It is nil otherwise.
	authFailure atomic.Pointer[ehpc.Error]
	// warn is told of stored content that cannot be read.
	warn func(catalog.Scope, error)
}

// Run captures the regions of a request and commits each at most once. It calls warn
// for stored content that cannot be read, which does not fail the run. The report is
// complete even if there is an error. An error means that no region could be committed.
func (c *Capturer) Run(ctx context.Context, req Request, warn func(catalog.Scope, error)) (*Report, error) {
	r := &runner{Capturer: c, request: req, interner: &c.interner, warn: warn}
	report := &Report{RunID: req.RunID, Trigger: req.Trigger, StartedAt: catalog.At(c.now())}
	report.Events = slices.Clone(req.Events)
	for i := range report.Events {
		report.Events[i].reject(c.settings)
	}
	// Only the calls to E-HPC end early. Loading and committing have the whole time.
	askCtx, stop := c.withMargin(ctx)
	defer stop()

	// A region that cannot be loaded drops out here; the others go on.
	report.Regions = newRegionReports(r.chooseRegions(report.Events))
	plans := r.loadRegions(ctx, report.Regions)
	if len(req.Events) > 0 {
		plans = r.assignEvents(plans, report)
	}
	// Accepted answers are stored already. Everything else has to be asked.
	var checks map[catalog.Scope]*archive.Check
	if len(req.Accept) > 0 {
		checks = r.acceptCandidates(askCtx, plans)
	} else {
		checks = r.checkScopes(askCtx, plans)
	}
	report.Fetched = catalog.At(c.now())
	r.commitRegions(ctx, plans, checks, report)
	report.finish(catalog.At(c.now()), r.callCount.Load())
	if err := report.commitError(); err != nil || len(req.Accept) == 0 {
		return report, err
	}
	return report, acceptError(plans, checks)
}

// chooseRegions returns the regions of a run: those of its events, of the scopes that it
// accepts, of the request, or of the settings. events have their outcomes as far as the
// settings decide them.
func (r *runner) chooseRegions(events []Event) []string {
	switch {
	case len(events) > 0:
		return eventRegions(r.settings, events)
	case len(r.request.Accept) > 0:
		return r.request.acceptedRegions()
	case len(r.request.Regions) > 0:
		return r.request.Regions
	}
	return r.settings.Regions
}

// newRegionReports makes one report for each region. A region that is named twice has
// one plan: of two plans, only one would find the clusters listed.
func newRegionReports(regions []string) []*RegionReport {
	reports := []*RegionReport{} // never nil, for the report's JSON
	for i, region := range regions {
		if !slices.Contains(regions[:i], region) {
			reports = append(reports, &RegionReport{RegionID: region})
		}
	}
	return reports
}

// withMargin returns a context for the calls to E-HPC. It ends before the deadline of
// ctx, so that there is time to commit and to report.
func (c *Capturer) withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	// Half of the time at most, so that a short deadline leaves time to ask at all.
	margin := min(c.settings.Margin, time.Until(deadline)/2)
	return context.WithDeadline(ctx, deadline.Add(-margin))
}

// loadRegions reads the stored state of every region and returns a plan for each. A
// region that cannot be read gets an error in its report, and no plan.
func (r *runner) loadRegions(ctx context.Context, reports []*RegionReport) []*plan {
	bases := make([]*archive.Region, len(reports))
	var group errgroup.Group
	for i, rep := range reports {
		group.Go(func() error {
			base, err := r.writer.Load(ctx, rep.RegionID)
			if err != nil {
				rep.setError(fmt.Errorf("reading the state of region %q: %w", rep.RegionID, err))
			}
			// Each goroutine writes its own element, so no lock is needed.
			bases[i] = base
			return nil
		})
	}
	_ = group.Wait() // the errors are in the reports
	var plans []*plan
	for i, base := range bases {
		if reports[i].Error == "" {
			plans = append(plans, &plan{base: base, report: reports[i]})
		}
	}
	return plans
}

// checkScopes lists the clusters and asks about the scopes. Known scopes are asked
// while the clusters are being listed.
func (r *runner) checkScopes(ctx context.Context, plans []*plan) map[catalog.Scope]*archive.Check {
	q, stop := newTaskQueue(ctx)
	defer stop()
	// The workers start with the known scopes. Once the clusters are listed, the final
	// list replaces the tasks that have not been started.
	q.setTasks(r.knownTasks(plans), false)
	wait := r.startWorkers(ctx, q)
	r.planRegions(ctx, plans)
	q.setTasks(sortTasksByAge(plans), true)
	wait()
	return q.checks
}

// commitRegions commits the checks of every region.
func (r *runner) commitRegions(
	ctx context.Context, plans []*plan, checks map[catalog.Scope]*archive.Check, report *Report,
) {
	var group errgroup.Group
	for _, p := range plans {
		// A second delivery of an event writes nothing, not even a head.
		if p.hasNothingToCommit() {
			p.report.addResult(p, archive.Result{}, 0)
			continue
		}
		run := r.newRun(p, checks, report.StartedAt)
		group.Go(func() error {
			began := r.now()
			res, err := r.writer.Commit(ctx, p.base, run)
			p.report.addResult(p, res, r.now().Sub(began))
			// Result.Checks are those that were committed; a check can get lost in storing.
			r.published.update(res.Checks, p.ended)
			if err != nil {
				p.report.setError(err)
			}
			return nil
		})
	}
	_ = group.Wait()
}

// newRun returns what is committed of a plan. Scopes without a check are left to the
// next run.
func (r *runner) newRun(p *plan, checks map[catalog.Scope]*archive.Check, startedAt catalog.Time) archive.Run {
	run := archive.Run{
		RunID: r.request.RunID, Trigger: r.request.Trigger, StartedAt: startedAt,
		Ended: p.ended, Discovery: p.discovery,
		Counts: archive.Counts{Planned: len(p.scopes)},
	}
	for _, scope := range p.scopes {
		if c := checks[scope]; c != nil {
			run.Checks = append(run.Checks, *c)
		} else {
			run.Counts.Left++
		}
	}
	return run
}

// errNothingCommitted is joined with its causes.
var errNothingCommitted = errors.New("nothing could be committed")
