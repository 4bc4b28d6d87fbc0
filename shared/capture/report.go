package capture

import (
	"errors"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Report is what a run did. It is the answer of the snapshot function.
type Report struct {
	RunID      string          `json:"RunId"`   // the request id of the invocation
	Trigger    string          `json:"Trigger"` // timer, event or direct
	StartedAt  catalog.Time    `json:"StartedAt"`
	FinishedAt catalog.Time    `json:"FinishedAt"`
	DurationMs int64           `json:"DurationMs"`
	FetchMs    int64           `json:"FetchMs"` // until the last answer
	Calls      int64           `json:"Calls"`   // to E-HPC, every page of a listing and every retry included
	Counts     archive.Counts  `json:"Counts"`  // over all regions
	Regions    []*RegionReport `json:"Regions"`
	Events     []Event         `json:"Events,omitempty"` // with their outcomes

	Fetched catalog.Time `json:"-"` // when the last answer had arrived
}

// RegionReport is what a run did in one region.
type RegionReport struct {
	RegionID  string `json:"RegionId"`
	Sequence  int64  `json:"Sequence"`  // of the last commit
	Committed bool   `json:"Committed"` // by this run; false: nothing had changed
	Clusters  int    `json:"Clusters"`
	// scopes that were asked since the timer was due, and not again
	Answered int            `json:"Answered,omitempty"`
	Counts   archive.Counts `json:"Counts"`
	Images   int            `json:"Images"` // over all scopes
	WriteReport
	RegionProblems
	Sweep *SweepReport `json:"Sweep,omitempty"` // of retention; nil: it was not due

	State *archive.Region `json:"-"` // after the run; nil: it could not be read
	err   error           // of Error, with its causes
}

// WriteReport is what a run wrote in one region.
type WriteReport struct {
	Stored   int   `json:"Stored"`   // snapshot objects
	Bytes    int   `json:"Bytes"`    // of these
	Retries  int   `json:"Retries"`  // of the append to the log
	CommitMs int64 `json:"CommitMs"` // until everything was stored
}

// RegionProblems are what a person should know of a region.
type RegionProblems struct {
	Ambiguous int            `json:"Ambiguous,omitempty"` // ImageIds with several entries in a changed scope
	Problems  []string       `json:"Problems,omitempty"`  // sentences for people
	Failed    []ScopeProblem `json:"Failed,omitempty"`    // failed, held and lost checks
	Error     string         `json:"Error,omitempty"`     // why nothing was committed
}

// SweepReport is what retention did in one region after the run.
type SweepReport struct {
	Found      int    `json:"Found"`   // objects that may be removed
	Removed    int    `json:"Removed"` // of these
	Bytes      int64  `json:"Bytes"`   // of the removed objects
	Waiting    int    `json:"Waiting"` // unreferenced objects within their grace period
	DurationMs int64  `json:"DurationMs"`
	Error      string `json:"Error,omitempty"` // why it stopped; a later run goes on
}

// ScopeProblem is a scope whose check did not succeed.
type ScopeProblem struct {
	Scope string `json:"Scope"`
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
	r.State, r.Sequence, r.Clusters = region, region.Sequence, len(region.Clusters)
	for _, s := range region.Scopes {
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
