package archive

import (
	"encoding/json"
	"maps"
	"slices"

	"community-images/shared/alias"
	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// Run is what one execution of the snapshot function learned about a region.
type Run struct {
	// RunID comes from the id of the function's request.
	RunID string
	// Trigger is what started the run: timer, event, direct, or format.SimulatedTrigger.
	Trigger string
	// StartedAt is when the run began.
	StartedAt catalog.Time
	// Counts has Planned and Left. Commit fills in the rest.
	Counts format.RunCounts
	// Checks has the outcomes of the run's questions, one for each scope.
	Checks []Check
	// Ended has the scopes that will no longer be asked.
	Ended []catalog.Scope
	// Discovery is nil if clusters were not listed.
	Discovery *Listing
	// Aliases are the definitions that the operator's file has for the region, each name
	// once. It is nil if the run does not know them.
	Aliases []alias.Definition
	// AliasProblem says why Aliases is nil. It is empty if the run did not read the file.
	AliasProblem string
	// previous has the images that the base has in scopes which the run ends, and in
	// scopes whose Check.Before could not be read. Commit sets it. A scope is missing if
	// its old content is lost.
	previous map[catalog.Scope][]*catalog.Image
}

// Check is the outcome of asking upstream about one scope.
type Check struct {
	// Scope is the scope that was asked.
	Scope catalog.Scope
	// At is when the scope was asked.
	At catalog.Time
	// State is the outcome: OK, Failed or Held.
	State format.State
	// Problem says why a scope is not OK.
	Problem *format.Problem
	// Fingerprint is a hash of the answer's bytes. Equal answers need not be
	// parsed again.
	Fingerprint string
	// Snapshot is the new content. It is nil if the content is the one that the
	// base names. Of a held scope it is the candidate's.
	Snapshot *catalog.Snapshot
	// Candidate is the suspicious answer of a held scope.
	Candidate *format.Candidate
	// Before is the content that the base names. It is nil if there is none, or
	// if it could not be read. Then the index may have it.
	Before *catalog.Snapshot
}

// Listing is the outcome of discovery.
type Listing struct {
	// At is when the clusters were listed.
	At catalog.Time
	// Problem is not nil if discovery failed. Then Clusters says nothing.
	Problem *format.Problem
	// Held counts suspicious listings in a row, this one included.
	Held int
	// Clusters are those that the listing had, all of the region.
	Clusters []catalog.Cluster
	// Upstream is the JSON array of the entries, verbatim.
	Upstream json.RawMessage
}

// draftCommit turns a run into a commit after cur. It returns the commit, the
// state after it, and the run's counts. base is the state on which the run was
// planned. Where another run has published something since, theirs stands and
// the check is lost.
func draftCommit(base, cur *Region, run Run, committedAt catalog.Time) (*format.Commit, *Region, format.RunCounts) {
	commit := &format.Commit{
		CommittedAt: committedAt, Format: format.Version, Previous: cur.Log.Hash, RegionID: cur.RegionID,
		RunID: run.RunID, Sequence: cur.Sequence + 1, StartedAt: run.StartedAt, Trigger: run.Trigger,
	}
	counts := run.Counts
	listing := run.Discovery
	if listing != nil && isSuperseded(base.Discovery.CheckedAt, cur.Discovery.CheckedAt, listing.At) {
		listing, run.Ended = nil, nil // the other run may have listed what this one did not
	}
	// Otherwise another run's listing came first.
	if slices.EqualFunc(base.Clusters(), cur.Clusters(), catalog.Cluster.Equal) {
		commit.Clusters = clusterChanges(cur, listing)
	}
	commit.Aliases = aliasChanges(base, cur, run)
	ended := endedScopes(base, cur, run)
	counts.Ended += len(ended)
	// Only kept checks may touch the head, too: a lost one is older than what it says.
	var kept []Check
	for _, c := range run.Checks {
		if isLost(base, cur, c) {
			counts.Lost++
			continue
		}
		addState(commit, cur, c)
		addCount(&counts, cur, c)
		kept = append(kept, c)
	}
	setContents(commit, cur, kept, ended, run.previous)
	next := cur.clone()
	if cur.needsCommit(commit) {
		next.Apply(commit)
	}
	next.recordChecks(kept)
	if listing != nil {
		next.recordListing(listing, isSuperseded(base.Discovery.TriedAt, cur.Discovery.TriedAt, listing.At))
	}
	return commit, next, counts
}

// aliasChanges returns the changes of aliases that a run found. There are none if another run
// has changed aliases since: it may have read a later file.
func aliasChanges(base, cur *Region, run Run) []alias.Change {
	if !base.Aliases.Equal(cur.Aliases) {
		return nil
	}
	return cur.Aliases.Changes(run.Aliases)
}

// needsCommit reports whether c has to be appended: it changes something, or the
// last commit is a seal and its successor has not begun.
func (r *Region) needsCommit(c *format.Commit) bool { return !c.IsEmpty() || r.Log.IsSealed() }

// endedScopes returns the scopes that the run ends. It leaves out those that
// another run has changed or checked since.
func endedScopes(base, cur *Region, run Run) []catalog.Scope {
	listedAt := run.StartedAt
	if run.Discovery != nil {
		listedAt = run.Discovery.At
	}
	var ended []catalog.Scope
	for _, scope := range run.Ended {
		planned, _ := base.Scope(scope)
		now, known := cur.Scope(scope)
		if known && now.Digest == planned.Digest && !isSuperseded(planned.TriedAt, now.TriedAt, listedAt) {
			ended = append(ended, scope)
		}
	}
	return ended
}

// isSuperseded reports whether another run has repeated something more recently.
// planned is when it was last done by the state on which this run was planned, now
// is when it was last done by the present state, and at is when this run did it.
func isSuperseded(planned, now, at catalog.Time) bool {
	return now.After(planned.Time) && now.After(at.Time)
}

// isLost reports whether another run has published the scope of a check first.
func isLost(base, cur *Region, c Check) bool {
	planned, wasKnown := base.Scope(c.Scope)
	now, known := cur.Scope(c.Scope)
	switch {
	case wasKnown && !known:
		return true
	case now.Digest != planned.Digest:
		return c.State != format.StateOK || c.Snapshot == nil || c.Snapshot.Digest != now.Digest
	}
	return isSuperseded(planned.TriedAt, now.TriedAt, c.At)
}

// addState adds to c the outcome of one check, made on top of cur, if it is another one
// than before.
func addState(c *format.Commit, cur *Region, check Check) {
	was, known := cur.Scope(check.Scope)
	// That a new scope is OK needs no state change: its first content says it.
	if check.State != was.State && (known || check.State != format.StateOK) {
		c.States = append(c.States, format.StateChange{
			At: check.At, ClusterID: check.Scope.ClusterID, InstanceType: check.Scope.InstanceType,
			Problem: check.Problem, To: check.State,
		})
	}
}

// addCount counts one check that was made on top of cur.
func addCount(n *format.RunCounts, cur *Region, c Check) {
	was, _ := cur.Scope(c.Scope)
	switch {
	case c.State == format.StateFailed:
		n.Failed++
	case c.State == format.StateHeld:
		n.Held++
	case c.Snapshot == nil || c.Snapshot.Digest == was.Digest:
		n.Unchanged++
	default:
		n.Changed++
	}
}

// recordChecks writes the times and outcomes of checks into r, unless r knows
// something later. None of it is part of the history.
func (r *Region) recordChecks(checks []Check) {
	for _, c := range checks {
		s := r.MutableScope(c.Scope.ClusterID, c.Scope.InstanceType)
		if s == nil {
			continue
		}
		if c.State == format.StateOK && c.Snapshot != nil && c.Snapshot.Digest != s.Digest || s.State != c.State {
			continue // the head only mirrors what the log says
		}
		s.TriedAt, s.Problem, s.Candidate = c.At, c.Problem, c.Candidate
		if c.State == format.StateOK {
			s.CheckedAt = c.At
			s.Fingerprint = c.Fingerprint
		}
	}
}

// recordListing writes the outcome of a listing into r. If another run has tried
// since and failed, only what this listing found counts.
func (r *Region) recordListing(listing *Listing, superseded bool) {
	if !superseded {
		r.Discovery.TriedAt, r.Discovery.Problem, r.Discovery.Held = listing.At, listing.Problem, listing.Held
	}
	if listing.Problem == nil {
		r.Discovery.CheckedAt, r.Upstream = listing.At, listing.Upstream
	}
}

// clusterChanges returns the differences between the clusters of cur and those of
// a listing. There are none if the listing is nil or failed.
func clusterChanges(cur *Region, listing *Listing) []format.ClusterChange {
	if listing == nil || listing.Problem != nil {
		return nil
	}
	known, listed := cur.ClustersByID(), map[string]catalog.Cluster{}
	for _, c := range listing.Clusters {
		listed[c.ClusterID] = c
	}
	// A cluster may be in either of them, or in both.
	ids := maps.Clone(listed)
	maps.Copy(ids, known)
	var changes []format.ClusterChange
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		before, wasKnown := known[id]
		after, isListed := listed[id]
		switch {
		case !isListed:
			changes = append(changes, format.ClusterChange{ClusterID: id})
		case !wasKnown || !before.Equal(after):
			changes = append(changes, format.ClusterChange{After: &after, ClusterID: id})
		}
	}
	return changes
}
