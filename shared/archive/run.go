package archive

import (
	"encoding/json"
	"maps"
	"slices"

	"community-images/shared/catalog"
)

// Run is what one execution of the snapshot function learned about a region.
type Run struct {
	RunID     string
	Trigger   string // timer, event, direct
	StartedAt catalog.Time
	Counts    Counts // Planned and Left; Commit fills in the rest
	Checks    []Check
	Ended     []catalog.Scope // scopes that will be asked no more
	Discovery *Listing        // nil: clusters were not listed
}

// Check is the outcome of asking upstream about one scope.
type Check struct {
	Scope       catalog.Scope
	At          catalog.Time // when it was asked
	State       State
	Problem     *Problem // of a scope that is not OK
	Fingerprint string   // of the answer's bytes
	// Snapshot is the new content, nil if it is the one that the base names.
	// Of a held scope it is the candidate's.
	Snapshot  *catalog.Snapshot
	Candidate *Candidate // of a held scope
	// Before is the content that the base names; nil if there is none or if
	// it could not be read.
	Before *catalog.Snapshot
}

// Listing is the outcome of discovery.
type Listing struct {
	At       catalog.Time
	Problem  *Problem // not nil: discovery failed and Clusters says nothing
	Held     int      // runs in a row, this one included, whose listing was suspicious
	Clusters []catalog.Cluster
	Upstream json.RawMessage // JSON array of the entries, verbatim
}

// draft turns a run into the line that takes cur to the state it returns.
// base is the state the run was planned on: where another run has published
// something else meanwhile, theirs stands and the check is lost.
func draft(base, cur *Region, run Run, committedAt catalog.Time, keys Keys) (*Commit, *Region, Counts, error) {
	l := &Commit{
		CommittedAt: committedAt, Format: catalog.Format, Previous: cur.log.hash, RegionID: cur.RegionID,
		RunID: run.RunID, Sequence: cur.Sequence + 1, StartedAt: run.StartedAt, Trigger: run.Trigger,
	}
	counts := run.Counts
	listing := run.Discovery
	if listing != nil && overtaken(base.Discovery.CheckedAt, cur.Discovery.CheckedAt, listing.At) {
		listing, run.Ended = nil, nil // what it did not list, the other run may have
	}
	if slices.EqualFunc(base.Clusters, cur.Clusters, catalog.Cluster.Equal) { // else another run's listing came first
		l.Clusters = clusterChanges(cur, listing)
	}
	for _, scope := range run.Ended {
		planned, _ := base.Scope(scope)
		now, known := cur.Scope(scope)
		if known && now.Digest == planned.Digest && !overtaken(planned.TriedAt, now.TriedAt, run.listedAt()) {
			l.Ended = append(l.Ended, EndedScope{scope.ClusterID, now.Digest, scope.InstanceType})
			counts.Ended++
		}
	}
	var kept []Check
	for _, c := range run.Checks {
		if lost(base, cur, c) {
			counts.Lost++
			continue
		}
		if err := l.add(cur, c, keys); err != nil {
			return nil, nil, Counts{}, err
		}
		counts.count(cur, c)
		kept = append(kept, c)
	}
	next := cur.clone()
	if cur.wants(l) {
		next.apply(l, "")
	}
	next.note(kept)
	if listing != nil {
		next.noteListing(listing, overtaken(base.Discovery.TriedAt, cur.Discovery.TriedAt, listing.At))
	}
	return l, next, counts, nil
}

// wants says whether a line is to be appended: it says something, or the last
// one is a seal and the month that it names has not begun.
func (r *Region) wants(l *Commit) bool { return !l.IsEmpty() || r.log.sealed != "" }

// listedAt is when the run learned which scopes there are.
func (r Run) listedAt() catalog.Time {
	if r.Discovery == nil {
		return r.StartedAt
	}
	return r.Discovery.At
}

// overtaken says whether another run has done now, later, what a run that was
// planned on before did at a time.
func overtaken(before, now, at catalog.Time) bool {
	return now.After(before.Time) && now.After(at.Time)
}

// lost says whether another run has been faster with the scope.
func lost(base, cur *Region, c Check) bool {
	planned, wasKnown := base.Scope(c.Scope)
	now, known := cur.Scope(c.Scope)
	switch {
	case wasKnown && !known:
		return true
	case now.Digest != planned.Digest:
		return c.State != OK || c.Snapshot == nil || c.Snapshot.Digest != now.Digest
	}
	return overtaken(planned.TriedAt, now.TriedAt, c.At)
}

// add writes one check into the line.
func (l *Commit) add(cur *Region, c Check, keys Keys) error {
	was, known := cur.Scope(c.Scope)
	ref := ScopeRef{c.Scope.ClusterID, c.Scope.InstanceType}
	if !known {
		l.Appeared = append(l.Appeared, ref)
	}
	if c.State != was.State && (known || c.State != OK) {
		l.States = append(l.States, StateChange{
			At: c.At, ClusterID: ref.ClusterID, From: was.State, InstanceType: ref.InstanceType, Problem: c.Problem, To: c.State,
		})
	}
	if c.State != OK || c.Snapshot == nil || c.Snapshot.Digest == was.Digest {
		return nil
	}
	key, err := keys.Snapshot(c.Scope, c.Snapshot.Digest)
	if err != nil {
		return err
	}
	change := Change{
		CheckedAt: c.At, ClusterID: ref.ClusterID, Digest: c.Snapshot.Digest, ImageCount: len(c.Snapshot.Images),
		InstanceType: ref.InstanceType, Key: key, PreviousDigest: was.Digest, PreviousImageCount: was.ImageCount,
		RequestID: c.Snapshot.RequestID,
	}
	switch {
	case was.Digest == "" || c.Before != nil:
		var before []*catalog.Image
		if c.Before != nil {
			before = c.Before.Images
		}
		d := catalog.Compare(before, c.Snapshot.Images)
		change.Added, change.Changed, change.Removed = d.Added, d.Changed, d.Removed
	default:
		change.PreviousLost = true
	}
	l.Changes = append(l.Changes, change)
	return nil
}

func (n *Counts) count(cur *Region, c Check) {
	was, _ := cur.Scope(c.Scope)
	switch {
	case c.State == Failed:
		n.Failed++
	case c.State == Held:
		n.Held++
	case c.Snapshot == nil || c.Snapshot.Digest == was.Digest:
		n.Unchanged++
	default:
		n.Changed++
	}
}

// note writes the times and outcomes of the checks into r, as far as r does
// not know something later. Nothing of it is part of the history.
func (r *Region) note(checks []Check) {
	for _, c := range checks {
		at, known := r.find(c.Scope.ClusterID, c.Scope.InstanceType)
		if !known {
			continue
		}
		s := &r.Scopes[at]
		if c.State == OK && c.Snapshot != nil && c.Snapshot.Digest != s.Digest || s.State != c.State {
			continue // the head only mirrors what the log says
		}
		s.TriedAt, s.Problem, s.Candidate = c.At, c.Problem, c.Candidate
		if c.State == OK {
			s.CheckedAt = c.At
			s.Fingerprint = c.Fingerprint
		}
	}
}

// noteListing is note for the listing. Of one after which another run has
// tried and failed, only what it found counts.
func (r *Region) noteListing(listing *Listing, overtaken bool) {
	if !overtaken {
		r.Discovery.TriedAt, r.Discovery.Problem, r.Discovery.Held = listing.At, listing.Problem, listing.Held
	}
	if listing.Problem == nil {
		r.Discovery.CheckedAt, r.Upstream = listing.At, listing.Upstream
	}
}

// clusterChanges compares a listing with the clusters of a state.
func clusterChanges(cur *Region, listing *Listing) []ClusterChange {
	if listing == nil || listing.Problem != nil {
		return nil
	}
	known, listed := cur.ClustersByID(), map[string]catalog.Cluster{}
	for _, c := range listing.Clusters {
		listed[c.ClusterID] = c
	}
	ids := maps.Clone(listed)
	maps.Copy(ids, known)
	var changes []ClusterChange
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		change := ClusterChange{ClusterID: id}
		if before, ok := known[id]; ok {
			change.Before = &before
		}
		if after, ok := listed[id]; ok {
			change.After = &after
		}
		if change.Before != nil && change.After != nil && change.Before.Equal(*change.After) {
			continue
		}
		changes = append(changes, change)
	}
	return changes
}

// adopt takes over the checks of another head that are not earlier than those
// of r, as far as they concern the content that r has. Of the same check the
// head knows more than the log, from which r may be: the candidate.
func (r *Region) adopt(theirs *Region) {
	for _, t := range theirs.Scopes {
		at, ok := r.find(t.ClusterID, t.InstanceType)
		if !ok {
			continue
		}
		if s := &r.Scopes[at]; s.Digest == t.Digest && s.State == t.State && !t.TriedAt.Before(s.TriedAt.Time) {
			s.TriedAt, s.CheckedAt, s.Problem, s.Candidate, s.Fingerprint = t.TriedAt, t.CheckedAt, t.Problem, t.Candidate, t.Fingerprint
		}
	}
	if d := theirs.Discovery; d.TriedAt.After(r.Discovery.TriedAt.Time) {
		r.Discovery.TriedAt, r.Discovery.Problem, r.Discovery.Held = d.TriedAt, d.Problem, d.Held
	}
	if d := theirs.Discovery; d.CheckedAt.After(r.Discovery.CheckedAt.Time) {
		r.Discovery.CheckedAt, r.Upstream = d.CheckedAt, theirs.Upstream
	}
	if theirs.Run.FinishedAt.After(r.Run.FinishedAt.Time) {
		r.Run = theirs.Run
	}
	r.Swept = r.Swept.later(theirs.Swept)
	r.IndexSequence = max(r.IndexSequence, theirs.IndexSequence)
}

// checkpoint is the whole state of r.
func (r *Region) checkpoint() *Checkpoint {
	c := &Checkpoint{Clusters: slices.Clone(r.Clusters), Files: r.Files, Scopes: slices.Clone(r.Scopes)}
	for i := range c.Scopes {
		c.Scopes[i].Fingerprint, c.Scopes[i].Candidate = "", nil
	}
	return c
}
