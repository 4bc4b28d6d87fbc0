package capture

import (
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Report is what a run did. It is the answer of the snapshot function.
type Report struct {
	// RunID is the request id of the invocation.
	RunID string `json:"RunId"`
	// Trigger is timer, event, direct, or format.SimulatedTrigger.
	Trigger string `json:"Trigger"`
	// StartedAt is when the run began, by this machine's clock.
	StartedAt catalog.Time `json:"StartedAt"`
	// FinishedAt is when the last region was committed. Retention collects after that.
	FinishedAt catalog.Time `json:"FinishedAt"`
	// DurationMs is the time from StartedAt to FinishedAt.
	DurationMs int64 `json:"DurationMs"`
	// FetchMs is the time until the last answer of E-HPC.
	FetchMs int64 `json:"FetchMs"`
	// Calls is the number of calls to E-HPC, every page of a listing and every retry
	// included.
	Calls int64 `json:"Calls"`
	// Counts are over all regions.
	Counts format.RunCounts `json:"Counts"`
	// Regions are in the order of the request. It is never null.
	Regions []*RegionReport `json:"Regions"`
	// AliasProblem says why the file with the aliases could not be used. It names every fault
	// of the file.
	AliasProblem string `json:"AliasProblem,omitempty"`
	// Events are those of the request, with their outcomes.
	Events []Event `json:"Events,omitempty"`
	// Unreadable are the stored snapshots that could not be read. Each is only of use for
	// comparing, so that it does not fail the run.
	Unreadable []UnreadableSnapshot `json:"-"`
}

// RegionReport is what a run did in one region.
type RegionReport struct {
	RegionID string `json:"RegionId"` // for example cn-hangzhou
	// Sequence is the number of the region's last commit, of this run or an earlier one.
	Sequence int64 `json:"Sequence"`
	// Committed tells whether this run made a commit. It makes none if nothing changed.
	Committed bool `json:"Committed"`
	// Clusters is the number of clusters that are known after the run.
	Clusters int `json:"Clusters"`
	// Answered is the number of scopes that were asked since the timer was due. They are
	// not asked again. Of accepted scopes it is the number that was published before.
	Answered int `json:"Answered,omitempty"`
	// Counts are numbers of scopes.
	Counts format.RunCounts `json:"Counts"`
	// Images is the sum over all scopes. An image counts once for each scope that has it.
	Images int `json:"Images"`
	WriteReport
	RegionProblems
	// Sweep is what retention did. It is absent if retention was not due.
	Sweep *SweepReport `json:"Sweep,omitempty"`

	// State is the state after the run. It is nil if the state could not be read.
	State *archive.Region `json:"-"`
}

// WriteReport is what a run wrote in one region.
type WriteReport struct {
	// Stored is the number of snapshot objects that were written. One that was already
	// there does not count.
	Stored int `json:"Stored"`
	// Bytes is their size.
	Bytes int `json:"Bytes"`
	// Retries is how often the append to the log was repeated, because another run had
	// appended first.
	Retries int `json:"Retries"`
	// CommitMs is the time until everything was stored.
	CommitMs int64 `json:"CommitMs"`
	// AliasChanges is the number of aliases that the commit defines, changes or removes.
	AliasChanges int `json:"AliasChanges,omitempty"`
}

// RegionProblems are what a person should know of a region.
type RegionProblems struct {
	// Ambiguous is the number of ImageIds with several entries in a changed scope.
	Ambiguous int `json:"Ambiguous,omitempty"`
	// Problems are sentences for people, about the listing and the request. Each accepted
	// scope that was not published has one.
	Problems []string `json:"Problems,omitempty"`
	// Failed are the scopes whose check failed or was held, or whose answer could not be
	// stored.
	Failed []ScopeProblem `json:"Failed,omitempty"`
	// GoneBootImages are the clusters that boot from an image that their answers listed
	// until this run's commit and do not list now.
	GoneBootImages []GoneBootImage `json:"GoneBootImages,omitempty"`
	// Error says why nothing was committed.
	Error string `json:"Error,omitempty"`
}

// SweepReport is what retention did in one region after the run.
type SweepReport struct {
	// Found is the number of objects that may be removed.
	Found int `json:"Found"`
	// Removed is how many of them were.
	Removed int `json:"Removed"`
	// Bytes is the size of the removed objects.
	Bytes int64 `json:"Bytes"`
	// Waiting is the number of unreferenced objects within their grace period.
	Waiting int `json:"Waiting"`
	// DurationMs is the time of the collection in this region alone.
	DurationMs int64 `json:"DurationMs"`
	// Error says why the collection stopped. A later run goes on with it.
	Error string `json:"Error,omitempty"`
}

// ScopeProblem is a scope whose check did not succeed.
type ScopeProblem struct {
	// Scope is the scope as Scope.String writes it: <region>/<cluster>/<type>.
	Scope string `json:"Scope"`
	// Problem says why. In JSON its members stand beside Scope.
	format.Problem
}

// UnreadableSnapshot is a stored snapshot that could not be read.
type UnreadableSnapshot struct {
	Scope catalog.Scope // whose content it was
	Err   error         // says why
}

// newReport makes the report of a run whose regions are committed or have failed.
// fetched is when the last answer had arrived.
func newReport(sel *selection, plans []*plan, startedAt, fetched, finished catalog.Time) *Report {
	r := &Report{
		RunID: sel.request.RunID, Trigger: sel.request.Trigger, Events: sel.events,
		StartedAt: startedAt, FinishedAt: finished,
		DurationMs: finished.Sub(startedAt.Time).Milliseconds(),
		FetchMs:    fetched.Sub(startedAt.Time).Milliseconds(),
		Regions:    []*RegionReport{}, // never nil, for the report's JSON
	}
	for _, p := range plans {
		region := newRegionReport(p)
		r.Regions, r.Counts = append(r.Regions, region), r.Counts.Add(region.Counts)
	}
	return r
}

// newRegionReport makes the report of a region.
func newRegionReport(p *plan) *RegionReport {
	r := &RegionReport{RegionID: p.regionID, Answered: p.answered, RegionProblems: RegionProblems{
		Problems: p.problems, GoneBootImages: p.outcome.goneBootImages,
	}}
	if p.outcome.err != nil {
		r.Error = p.outcome.err.Error()
	}
	res := p.outcome.result
	r.Counts, r.Committed = res.Counts, res.Commit != nil
	r.WriteReport = WriteReport{
		Stored: res.Stored, Bytes: res.Bytes, Retries: res.Retries, CommitMs: p.outcome.took.Milliseconds(),
	}
	if res.Commit != nil {
		r.AliasChanges = len(res.Commit.Aliases)
	}
	// An answer that could not be stored has become a failed check with a problem.
	for _, c := range res.Checks {
		if c.Problem != nil {
			r.Failed = append(r.Failed, ScopeProblem{Scope: c.Scope.String(), Problem: *c.Problem})
		}
		if c.Snapshot != nil {
			r.Ambiguous += len(c.Snapshot.Ambiguous())
		}
	}
	if r.State = p.stateAfter(); r.State == nil {
		return r
	}
	r.Sequence, r.Clusters = r.State.Sequence, len(r.State.Clusters())
	for _, s := range r.State.Scopes() {
		r.Images += s.ImageCount
	}
	return r
}

// CommittedRegions returns the number of regions in which the run appended a commit.
func (r *Report) CommittedRegions() int {
	n := 0
	for _, region := range r.Regions {
		if region.Committed {
			n++
		}
	}
	return n
}

// RemovedObjects returns the number of objects that retention removed in all regions.
func (r *Report) RemovedObjects() int {
	n := 0
	for _, region := range r.Regions {
		if region.Sweep != nil {
			n += region.Sweep.Removed
		}
	}
	return n
}
