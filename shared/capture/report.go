package capture

import (
	"errors"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Report is what a run did. It is the answer of the snapshot function.
type Report struct {
	// RunID is the request id of the invocation.
	RunID string `json:"RunId"`
	// Trigger is timer, event or direct.
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
	Counts archive.Counts `json:"Counts"`
	// Regions are in the order of the request. It is never null.
	Regions []*RegionReport `json:"Regions"`
	// Events are those of the request, with their outcomes.
	Events []Event `json:"Events,omitempty"`

	// Fetched is when the last answer had arrived.
	Fetched catalog.Time `json:"-"`
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
	Counts archive.Counts `json:"Counts"`
	// Images is the sum over all scopes. An image counts once for each scope that has it.
	Images int `json:"Images"`
	WriteReport
	RegionProblems
	// Sweep is what retention did. It is absent if retention was not due.
	Sweep *SweepReport `json:"Sweep,omitempty"`

	// State is the state after the run. It is nil if the state could not be read.
	State *archive.Region `json:"-"`
	// err is the error that Error shows, with its causes.
	err error
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
	archive.Problem
}

// setError marks a region in which nothing was committed.
func (r *RegionReport) setError(err error) { r.err, r.Error = err, err.Error() }

// addResult writes the outcome of a commit that took so long into the report.
func (r *RegionReport) addResult(p *plan, res archive.Result, took time.Duration) {
	r.Counts, r.Committed = res.Counts, res.Commit != nil
	r.WriteReport = WriteReport{
		Stored: res.Stored, Bytes: res.Bytes, Retries: res.Retries, CommitMs: took.Milliseconds(),
	}
	if p.discovery != nil && p.discovery.Problem != nil {
		problem := p.discovery.Problem
		p.addProblem("listing clusters: %s %s: %s", problem.Class, problem.Code, problem.Message)
	}
	if res.HeadError != nil {
		p.addProblem("%s", res.HeadError)
	}
	r.Problems = p.problems
	// An answer that could not be stored has become a failed check with a problem.
	for _, c := range res.Checks {
		if c.Problem != nil {
			r.Failed = append(r.Failed, ScopeProblem{Scope: c.Scope.String(), Problem: *c.Problem})
		}
		if c.Snapshot != nil {
			r.Ambiguous += len(c.Snapshot.Ambiguous())
		}
	}
	// Without a commit, the state is what it was before the run.
	region := res.Region
	if region == nil {
		region = p.base
	}
	r.State, r.Sequence, r.Clusters = region, region.Sequence, len(region.Clusters())
	for _, s := range region.Scopes() {
		r.Images += s.ImageCount
	}
}

// finish sets the times and the sums over all regions.
func (r *Report) finish(at catalog.Time, calls int64) {
	r.FinishedAt, r.Calls = at, calls
	r.DurationMs = at.Sub(r.StartedAt.Time).Milliseconds()
	r.FetchMs = r.Fetched.Sub(r.StartedAt.Time).Milliseconds()
	for _, region := range r.Regions {
		r.Counts = r.Counts.Add(region.Counts)
	}
}

// commitError returns nil if at least one region was committed, or there are none.
func (r *Report) commitError() error {
	if len(r.Regions) == 0 {
		return nil
	}
	list := []error{errNothingCommitted}
	for _, region := range r.Regions {
		if region.err == nil {
			return nil
		}
		list = append(list, region.err)
	}
	return errors.Join(list...)
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
