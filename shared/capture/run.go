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
)

// Capturer runs captures. It is safe for concurrent use; what it decodes is
// shared between runs.
type Capturer struct {
	settings Settings
	upstream Upstream
	writer   *archive.Writer
	budget   *Budget
	now      func() time.Time
	slots    chan struct{} // one for each call that may be under way
	images   catalog.Interner
	last     lastSeen
}

// New returns a Capturer. now dates checks; the writer dates commits.
func New(s Settings, upstream Upstream, budget *Budget, writer *archive.Writer, now func() time.Time) *Capturer {
	return &Capturer{settings: s, upstream: upstream, budget: budget, writer: writer, now: now, slots: make(chan struct{}, s.Concurrency)}
}

// runner is one run.
type runner struct {
	*Capturer
	request Request
	images  *catalog.Interner
	calls   atomic.Int64
	refused atomic.Pointer[Fault] // that everyone gets; nil: none
	warn    func(catalog.Scope, error)
}

// Run captures the regions of a request and commits each once. warn is told of
// faults that change nothing in the outcome. The report is complete even if
// there is an error, which means that no region could be committed.
func (c *Capturer) Run(ctx context.Context, req Request, warn func(catalog.Scope, error)) (*Report, error) {
	r := &runner{Capturer: c, request: req, images: &c.images, warn: warn}
	report := &Report{RunID: req.RunID, Trigger: req.Trigger, StartedAt: catalog.At(c.now())}
	regions := req.Regions
	if len(regions) == 0 {
		regions = c.settings.Regions
	}
	if len(req.Events) > 0 {
		report.Events = slices.Clone(req.Events)
		for i := range report.Events {
			report.Events[i].judge(c.settings)
		}
		regions = eventRegions(c.settings, report.Events)
	}
	asking, stop := c.beforeDeadline(ctx)
	defer stop()

	report.Regions = regionReports(regions)
	plans := r.load(ctx, report.Regions)
	if len(req.Events) > 0 {
		plans = r.due(plans, report)
	}
	checks := r.ask(asking, plans)
	report.Fetched = catalog.At(c.now())
	r.commit(ctx, plans, checks, report)
	report.finish(catalog.At(c.now()), r.calls.Load())
	return report, report.err()
}

// regionReports makes one report a region. A region that is named twice has
// one plan all the same: of two, only one would find the clusters listed.
func regionReports(regions []string) []*RegionReport {
	reports := []*RegionReport{} // never nil, for the report's JSON
	for i, region := range regions {
		if !slices.Contains(regions[:i], region) {
			reports = append(reports, &RegionReport{RegionID: region})
		}
	}
	return reports
}

// beforeDeadline leaves the margin between the last question and the deadline.
func (c *Capturer) beforeDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	margin := min(c.settings.Margin, time.Until(deadline)/2)
	return context.WithDeadline(ctx, deadline.Add(-margin))
}

// load reads the state of every region. One that cannot be read is reported
// and left out of the run.
func (r *runner) load(ctx context.Context, reports []*RegionReport) []*plan {
	bases := make([]*archive.Region, len(reports))
	var group errgroup.Group
	for i, rep := range reports {
		group.Go(func() error {
			base, err := r.writer.Load(ctx, rep.RegionID)
			if err != nil {
				rep.fail(fmt.Errorf("reading the state of region %q: %w", rep.RegionID, err))
			}
			bases[i] = base
			return nil
		})
	}
	_ = group.Wait()
	var plans []*plan
	for i, base := range bases {
		if reports[i].Error == "" {
			plans = append(plans, &plan{base: base, report: reports[i]})
		}
	}
	return plans
}

// ask lists the clusters and asks about the scopes, both at once as far as the
// scopes are known.
func (r *runner) ask(ctx context.Context, plans []*plan) map[catalog.Scope]*archive.Check {
	q, stop := newQueue(ctx)
	defer stop()
	q.put(r.early(plans), false)
	wait := r.fetch(ctx, q)
	r.plan(ctx, plans)
	q.put(stalestFirst(plans), true)
	wait()
	return q.checks
}

// plan decides what to ask and what has ended.
func (r *runner) plan(ctx context.Context, plans []*plan) {
	var clusters []map[string]catalog.Cluster
	switch {
	case r.settings.discovers(r.request) && r.listed(plans):
		clusters = r.remembered(plans)
	case r.settings.discovers(r.request):
		clusters = r.discover(ctx, plans)
	default:
		for range plans {
			clusters = append(clusters, named(r.settings, r.request))
		}
	}
	for i, p := range plans {
		p.scopes = planScopes(r.settings, r.request, p, clusters[i])
		p.problems = append(p.problems, p.unaccepted(r.request.Accept)...)
		switch {
		case p.events != nil:
			p.ended = p.vanished(clusters[i])
		case !p.repeated || p.base.Discovery.Problem == nil: // of another shard the run before has ended nothing
			p.ended = endedScopes(*p, r.request)
		}
		r.repeats(p)
	}
}

// commit publishes the checks of every region.
func (r *runner) commit(ctx context.Context, plans []*plan, checks map[catalog.Scope]*archive.Check, report *Report) {
	var group errgroup.Group
	for _, p := range plans {
		if p.idle() {
			p.report.add(p, archive.Result{}, 0)
			continue
		}
		run := archive.Run{
			RunID: r.request.RunID, Trigger: r.request.Trigger, StartedAt: report.StartedAt,
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
		group.Go(func() error {
			began := r.now()
			res, err := r.writer.Commit(ctx, p.base, run)
			p.report.add(p, res, r.now().Sub(began))
			r.last.keep(res.Checks, p.ended)
			if err != nil {
				p.report.fail(err)
			}
			return nil
		})
	}
	_ = group.Wait()
}

// errNothing is joined with the causes when no region could be committed.
var errNothing = errors.New("nothing could be committed")
