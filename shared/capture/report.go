package capture

import (
	"errors"
	"fmt"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Report is what a run did, as the snapshot function answers it.
type Report struct {
	RunID      string          `json:"RunId"`
	Trigger    string          `json:"Trigger"`
	StartedAt  catalog.Time    `json:"StartedAt"`
	FinishedAt catalog.Time    `json:"FinishedAt"`
	DurationMs int64           `json:"DurationMs"`
	FetchMs    int64           `json:"FetchMs"` // until the last answer
	Calls      int64           `json:"Calls"`   // to E-HPC, every page of a listing and every retry
	Counts     archive.Counts  `json:"Counts"`  // over all regions
	Regions    []*RegionReport `json:"Regions"`
	Events     []Event         `json:"Events,omitempty"` // and what became of them

	Fetched catalog.Time `json:"-"`
}

// RegionReport is what a run did in one region.
type RegionReport struct {
	RegionID  string         `json:"RegionId"`
	Sequence  int64          `json:"Sequence"`  // of the last commit
	Committed bool           `json:"Committed"` // by this run; false: nothing had changed
	Clusters  int            `json:"Clusters"`
	Answered  int            `json:"Answered,omitempty"` // scopes that were asked since the timer was due, and not again
	Counts    archive.Counts `json:"Counts"`
	Images    int            `json:"Images"` // over all scopes
	Stored    int            `json:"Stored"` // snapshot objects written
	Bytes     int            `json:"Bytes"`
	Retries   int            `json:"Retries"` // of the append
	CommitMs  int64          `json:"CommitMs"`
	Ambiguous int            `json:"Ambiguous,omitempty"` // ImageIds with more than one entry in a changed scope
	Problems  []string       `json:"Problems,omitempty"`
	Failed    []ScopeFault   `json:"Failed,omitempty"`
	Error     string         `json:"Error,omitempty"` // why nothing was committed
	Sweep     *SweepReport   `json:"Sweep,omitempty"` // of retention; absent: it was not its turn

	State *archive.Region `json:"-"` // after the run; nil: it could not be read
	err   error
}

// SweepReport is what retention did in one region after the run.
type SweepReport struct {
	Found      int    `json:"Found"`   // objects that may be removed
	Removed    int    `json:"Removed"` // of these
	Bytes      int64  `json:"Bytes"`   // of what was removed
	Waiting    int    `json:"Waiting"` // objects that nothing refers to, within their grace period
	DurationMs int64  `json:"DurationMs"`
	Error      string `json:"Error,omitempty"` // why it did not come to its end; a later run goes on
}

// ScopeFault is a scope whose check did not succeed.
type ScopeFault struct {
	Scope string `json:"Scope"`
	archive.Problem
}

func (r *RegionReport) fail(err error) { r.err, r.Error = err, err.Error() }

// add writes the outcome of a commit into the report.
func (r *RegionReport) add(p *plan, res archive.Result, took time.Duration) {
	r.Counts, r.Stored, r.Bytes, r.Retries = res.Counts, res.Stored, res.Bytes, res.Retries
	r.CommitMs, r.Problems, r.Committed = took.Milliseconds(), p.problems, res.Commit != nil
	if p.discovery != nil && p.discovery.Problem != nil {
		r.Problems = append(r.Problems, fmt.Sprintf("listing clusters: %s %s: %s", p.discovery.Problem.Class, p.discovery.Problem.Code, p.discovery.Problem.Message))
	}
	if res.HeadError != nil {
		r.Problems = append(r.Problems, res.HeadError.Error())
	}
	for _, c := range res.Checks {
		if c.Problem != nil {
			r.Failed = append(r.Failed, ScopeFault{Scope: c.Scope.String(), Problem: *c.Problem})
		}
		if c.Snapshot != nil {
			r.Ambiguous += len(c.Snapshot.Ambiguous())
		}
	}
	region := res.Region
	if region == nil {
		region = p.base
	}
	r.State, r.Sequence, r.Clusters = region, region.Sequence, len(region.Clusters)
	for _, s := range region.Scopes {
		r.Images += s.ImageCount
	}
}

func (r *Report) finish(at catalog.Time, calls int64) {
	r.FinishedAt, r.Calls = at, calls
	r.DurationMs = at.Sub(r.StartedAt.Time).Milliseconds()
	r.FetchMs = r.Fetched.Sub(r.StartedAt.Time).Milliseconds()
	for _, region := range r.Regions {
		r.Counts = r.Counts.Add(region.Counts)
	}
}

// err is nil if at least one region was committed, or none was asked for.
func (r *Report) err() error {
	if len(r.Regions) == 0 {
		return nil
	}
	list := []error{errNothing}
	for _, region := range r.Regions {
		if region.err == nil {
			return nil
		}
		list = append(list, region.err)
	}
	return errors.Join(list...)
}

// Committed is the number of regions in which the run appended a commit.
func (r *Report) Committed() int {
	n := 0
	for _, region := range r.Regions {
		if region.Committed {
			n++
		}
	}
	return n
}

// Removed is the number of objects that retention removed in all regions.
func (r *Report) Removed() int {
	n := 0
	for _, region := range r.Regions {
		if region.Sweep != nil {
			n += region.Sweep.Removed
		}
	}
	return n
}
