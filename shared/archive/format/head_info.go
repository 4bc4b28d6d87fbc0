package format

import (
	"encoding/json"
	"time"

	"community-images/shared/catalog"
)

// Discovery is the outcome of the last ListClusters of a region.
type Discovery struct {
	// CheckedAt is when a listing last succeeded. It is zero if none did.
	CheckedAt catalog.Time `json:"CheckedAt"`
	// Held counts the runs in a row whose listing was suspicious.
	Held int `json:"Held,omitempty"`
	// Problem says why the last listing did not succeed. It is nil if it did.
	Problem *Problem `json:"Problem,omitempty"`
	// TriedAt is when clusters were last listed. It is zero if they are not
	// discovered.
	TriedAt catalog.Time `json:"TriedAt"`
}

// RunCounts counts the scopes of a run over one region by their outcome.
type RunCounts struct {
	// Changed counts scopes with new content.
	Changed int `json:"Changed"`
	// Ended counts scopes that are no longer asked.
	Ended int `json:"Ended"`
	// Failed counts scopes to which upstream gave no usable answer.
	Failed int `json:"Failed"`
	// Held counts scopes whose answer was suspicious and is not published.
	Held int `json:"Held"`
	// Left counts scopes that were not asked, or not stored, before the deadline.
	Left int `json:"Left"`
	// Lost counts scopes that another run published first.
	Lost int `json:"Lost"`
	// Planned counts all scopes that the run was to ask.
	Planned int `json:"Planned"`
	// Unchanged counts scopes whose content upstream confirmed.
	Unchanged int `json:"Unchanged"`
}

// Add returns the sums of two counts.
func (c RunCounts) Add(o RunCounts) RunCounts {
	return RunCounts{
		Changed:   c.Changed + o.Changed,
		Ended:     c.Ended + o.Ended,
		Failed:    c.Failed + o.Failed,
		Held:      c.Held + o.Held,
		Left:      c.Left + o.Left,
		Lost:      c.Lost + o.Lost,
		Planned:   c.Planned + o.Planned,
		Unchanged: c.Unchanged + o.Unchanged,
	}
}

// RunInfo is the last run that wrote the head.
type RunInfo struct {
	// AliasProblem says why the run changed no alias: their file could not be used. It is
	// empty if it could.
	AliasProblem string `json:"AliasProblem,omitempty"`
	// Counts has the outcomes of its checks.
	Counts RunCounts `json:"Counts"`
	// FinishedAt is when the run put the head.
	FinishedAt catalog.Time `json:"FinishedAt"`
	// RunID comes from the id of the function's request.
	RunID string `json:"RunId"`
	// StartedAt is when the run began.
	StartedAt catalog.Time `json:"StartedAt"`
	// Trigger is what started the run: timer, event, direct, or SimulatedTrigger.
	Trigger string `json:"Trigger"`
}

// HeadInfo is what only the head says. It is not part of the history.
type HeadInfo struct {
	// Discovery is the outcome of the last listings of clusters.
	Discovery Discovery
	// Run is the last run that put the head.
	Run RunInfo
	// Swept is what retention has done.
	Swept Swept
	// IndexSequence is the commit up to which the index goes. It is 0 if there is
	// no index.
	IndexSequence int64
	// IndexImages describes the images of the index. They are those of the region while
	// IndexSequence is Sequence.
	IndexImages IndexImages
	// MonthIndex is how far the months are indexed.
	MonthIndex IndexedMonth
	// Upstream is the JSON array of the last ListClusters entries of the
	// region, verbatim. It is empty if none is known.
	Upstream json.RawMessage
}

// sweepInterval is the time between two sweeps of a region.
const sweepInterval = 24 * time.Hour

// Swept is what retention has done in a region. The head keeps it, so that a run
// need not find out. If it is lost, retention only waits longer.
type Swept struct {
	// At is the end of the last sweep that finished.
	At catalog.Time `json:"At"`
	// RemovedAt is the latest time at which Through can have gone. It is zero if no month
	// was removed.
	RemovedAt catalog.Time `json:"RemovedAt"`
	// Through is the last month of the log that was removed. It is empty if none
	// was.
	Through string `json:"Through"`
}

// IsDue reports whether a region has to be swept again, once a day.
func (s Swept) IsDue(now time.Time) bool {
	age := now.Sub(s.At.Time)
	return age >= sweepInterval || age <= -sweepInterval // a clock may have been wrong
}

// Merge returns what two heads say together.
func (s Swept) Merge(o Swept) Swept {
	if o.At.After(s.At.Time) {
		s.At = o.At
	}
	if o.Through > s.Through || o.Through == s.Through && o.RemovedAt.After(s.RemovedAt.Time) {
		s.Through, s.RemovedAt = o.Through, o.RemovedAt
	}
	return s
}

// IndexedMonth says how far the months of the log are indexed: the months before this one
// as a whole.
type IndexedMonth struct {
	// Length is the number of bytes of the month's log that its index covers.
	Length int64 `json:"Length"`
	// Month is empty if nothing is known.
	Month string `json:"Month"`
}

// merge returns the one of two that says more.
func (m IndexedMonth) merge(o IndexedMonth) IndexedMonth {
	if o.Month > m.Month || o.Month == m.Month && o.Length > m.Length {
		return o
	}
	return m
}
