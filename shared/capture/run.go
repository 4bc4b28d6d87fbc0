// Package capture asks E-HPC about every scope of its regions and commits what has
// changed.
//
// It promises that
//   - a failed or undocumented answer never replaces good data,
//   - the failure of one scope never fails another,
//   - E-HPC is asked no faster than the rate limit allows,
//   - a run that its deadline cuts short commits what it has, and the next run goes
//     on where it stopped.
//
// A run goes one way: select what it is about, load the regions, plan, ask, compare,
// commit, report. A plan carries each region from stage to stage.
package capture

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
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

// captureRun is one run of a Capturer.
type captureRun struct {
	*Capturer
	sel       *selection      // what the run is about
	calls     *caller         // to E-HPC
	stored    *snapshotReader // of what the run compares with
	startedAt catalog.Time    // by the clock
	aliases   aliasFile       // zero until it is read
}

// Run captures the regions of a request and commits each at most once. The report is
// complete even if there is an error. An error means that no region could be committed.
func (c *Capturer) Run(ctx context.Context, req Request) (*Report, error) {
	r := &captureRun{
		Capturer: c, sel: newSelection(c.settings, req), startedAt: catalog.At(c.now()),
		calls:  &caller{client: c.client, limiter: c.limiter, slots: c.slots, now: c.now},
		stored: &snapshotReader{archive: c.writer.Archive, published: &c.published},
	}
	// Only the calls to E-HPC end early. Loading and committing have the whole time.
	askCtx, stop := withMargin(ctx, c.settings.Margin)
	defer stop()

	all := loadPlans(ctx, c.writer, r.sel.regions)
	// A region that cannot be loaded drops out here; the others go on.
	plans := withoutErrors(all)
	if len(r.sel.events) > 0 {
		plans = assignEvents(all, r.sel)
	}
	// The regions were loaded before: if another run has changed aliases since, it may have
	// read a later file, and this one changes none.
	waitForAliases := r.startReadingAliases(askCtx, len(plans) > 0)
	// Accepted answers are stored already. Everything else has to be asked.
	var checks map[catalog.Scope]*archive.Check
	if len(req.Accept) > 0 {
		checks = acceptCandidates(askCtx, r.sel, plans, r.stored)
	} else {
		checks = r.checkScopes(askCtx, plans)
	}
	fetched := catalog.At(c.now())
	r.aliases = waitForAliases()
	r.commitPlans(ctx, plans, checks)
	finished := catalog.At(c.now())
	err := commitError(all)
	if err == nil && len(req.Accept) > 0 {
		err = acceptError(plans, checks)
	}
	report := newReport(r.sel, all, r.startedAt, fetched, finished)
	report.Calls, report.Unreadable = r.calls.callCount.Load(), r.stored.unreadable
	report.AliasProblem = r.aliases.problem
	return report, err
}

// withMargin returns a context for the calls to E-HPC. It ends before the deadline of
// ctx, so that there is time to commit and to report.
func withMargin(ctx context.Context, margin time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	// Half of the time at most, so that a short deadline leaves time to ask at all.
	margin = min(margin, time.Until(deadline)/2)
	return context.WithDeadline(ctx, deadline.Add(-margin))
}

// checkScopes lists the clusters and asks about the scopes. Known scopes are asked
// while the clusters are being listed: listing a large fleet takes as long as asking
// about hundreds of scopes.
func (r *captureRun) checkScopes(ctx context.Context, plans []*plan) map[catalog.Scope]*archive.Check {
	g := guard{percent: r.settings.ShrinkGuard, weight: r.sel.confirmationWeight(), stored: r.stored}
	k := &checker{calls: r.calls, stored: r.stored, interner: &r.interner, guard: g}
	q, stop := newTaskQueue(ctx)
	defer stop()
	wait := k.startWorkers(ctx, q, r.settings.Concurrency)
	clusters := make([]map[string]catalog.Cluster, len(plans))
	if r.sel.listing {
		var known []*task
		for _, p := range plans {
			p.selectScopes(r.sel, p.base.ClustersByID())
			known = append(known, newTasks(p.base, p.knownScopes(r.sel, r.now()))...)
		}
		q.setTasks(sortTasksByAge(known), false)
		clusters = discoverClusters(ctx, r.sel, plans, r.calls, g)
	}
	// The final list replaces the tasks that have not been started.
	var final []*task
	for i, p := range plans {
		if !r.sel.listing {
			clusters[i] = r.sel.named
		}
		r.finishPlan(p, clusters[i])
		final = append(final, newTasks(p.base, p.scopes)...)
	}
	q.setTasks(sortTasksByAge(final), true)
	wait()
	return q.checks
}

// finishPlan decides what to ask in a region and which scopes have ended, given its
// clusters by id.
func (r *captureRun) finishPlan(p *plan, clusters map[string]catalog.Cluster) {
	p.selectScopes(r.sel, clusters)
	if p.events != nil {
		finishEvents(p)
	} else {
		p.ended = p.findEndedScopes(r.sel)
	}
	p.removeHandledScopes(r.sel, r.now())
}

// commitPlans commits the checks of every region.
func (r *captureRun) commitPlans(ctx context.Context, plans []*plan, checks map[catalog.Scope]*archive.Check) {
	var group errgroup.Group
	for _, p := range plans {
		if l := p.listing.result; l != nil && l.Problem != nil {
			p.addProblem("listing clusters: %s %s: %s", l.Problem.Class, l.Problem.Code, l.Problem.Message)
		}
		// A second delivery of an event writes nothing, not even a head.
		if !p.hasNothingToCommit() {
			group.Go(func() error {
				r.commitPlan(ctx, p, checks)
				return nil
			})
		}
	}
	_ = group.Wait() // the errors are in the outcomes
}

// commitPlan commits the checks of one region and sets the outcome of its plan.
func (r *captureRun) commitPlan(ctx context.Context, p *plan, checks map[catalog.Scope]*archive.Check) {
	began := r.now()
	res, err := r.writer.Commit(ctx, p.base, r.newCommit(p, checks))
	p.outcome = outcome{result: res, err: err, took: r.now().Sub(began)}
	if res.HeadError != nil {
		p.addProblem("%s", res.HeadError)
	}
	// Result.Checks are those that were committed; a check can get lost in storing.
	r.published.update(res.Checks, p.ended)
	p.outcome.goneBootImages = findGoneBootImages(ctx, p, r.stored)
}

// newCommit returns what is committed of a plan. Scopes without a check are left to the
// next run.
func (r *captureRun) newCommit(p *plan, checks map[catalog.Scope]*archive.Check) archive.Run {
	request := r.sel.request
	commit := archive.Run{
		RunID: request.RunID, Trigger: request.Trigger, StartedAt: r.startedAt,
		Ended: p.ended, Discovery: p.listing.result,
		Aliases: r.aliases.of(p.regionID), AliasProblem: r.aliases.problem,
		Counts: format.RunCounts{Planned: len(p.scopes)},
	}
	for _, scope := range p.scopes {
		if c := checks[scope]; c != nil {
			commit.Checks = append(commit.Checks, *c)
		} else {
			commit.Counts.Left++
		}
	}
	return commit
}

// errNothingCommitted is joined with its causes.
var errNothingCommitted = errors.New("nothing could be committed")

// commitError returns nil if at least one region was committed, or there are none.
func commitError(plans []*plan) error {
	if len(plans) == 0 {
		return nil
	}
	list := []error{errNothingCommitted}
	for _, p := range plans {
		if p.outcome.err == nil {
			return nil
		}
		list = append(list, p.outcome.err)
	}
	return errors.Join(list...)
}
