package format

import (
	"cmp"
	"slices"

	"community-images/shared/catalog"
)

// Advance moves h behind c without applying what c changes.
func (h *Head) Advance(c *Commit) {
	h.Sequence, h.CommittedAt = c.Sequence, c.CommittedAt
	h.Log.Hash, h.Log.Successor = c.LineHash, c.Successor
}

// Apply makes h the state after c. The tables of h must be its own; see Clone.
func (h *Head) Apply(c *Commit) {
	h.Advance(c)
	if p := c.Checkpoint; p != nil {
		h.setTables(slices.Clone(p.Clusters), p.Files, slices.Clone(p.Scopes))
		h.Aliases, h.SimulatedUntil = p.Aliases, p.SimulatedUntil
		return
	}
	if c.Trigger == SimulatedTrigger {
		h.SimulatedUntil = c.CommittedAt
	}
	h.Aliases = h.Aliases.Apply(c.Aliases, c.Sequence, c.CommittedAt)
	h.applyClusters(c.Clusters)
	h.updateScopeTable(c)
	// States come before changes: a change of a scope that failed until now also has
	// a state change to OK.
	for _, s := range c.States {
		state := h.scopeState(s.ClusterID, s.InstanceType)
		state.State, state.Since, state.Problem, state.TriedAt, state.Candidate = s.To, s.At, s.Problem, s.At, nil
		if s.To == StateOK {
			state.CheckedAt = s.At
		}
	}
	for _, s := range c.Scopes {
		state := h.scopeState(s.ClusterID, s.InstanceType)
		state.Digest, state.ImageCount, state.Fingerprint = s.Digest, s.ImageCount, ""
		if state.State == "" {
			state.State, state.Since = StateOK, s.CheckedAt
		}
		state.CapturedAt, state.CheckedAt, state.TriedAt = s.CheckedAt, s.CheckedAt, s.CheckedAt
	}
}

// applyClusters applies a commit's cluster changes.
func (h *Head) applyClusters(changes []ClusterChange) {
	if len(changes) == 0 {
		return
	}
	clusters := h.ClustersByID()
	for _, c := range changes {
		if c.After == nil {
			delete(clusters, c.ClusterID)
		} else {
			clusters[c.ClusterID] = *c.After
		}
	}
	h.setClusters(clusters)
}

// updateScopeTable removes the scopes that c ends and adds those that c is the
// first to mention. It does so once for all: moving the table for each would be
// slow.
func (h *Head) updateScopeTable(c *Commit) {
	// What ends goes first, so that the table is not larger than it has to be.
	if len(c.Ended) > 0 {
		ended := map[ScopeRef]bool{}
		for _, e := range c.Ended {
			ended[e.ref()] = true
		}
		h.scopes = slices.DeleteFunc(h.scopes, func(s ScopeState) bool {
			return ended[ScopeRef{s.ClusterID, s.InstanceType}]
		})
	}
	// A scope that only appeared, and whose check is OK, comes with its first change.
	var added []ScopeState
	add := func(cluster, instanceType string) {
		if _, known := h.findScope(cluster, instanceType); !known {
			added = append(added, ScopeState{ClusterID: cluster, InstanceType: instanceType})
		}
	}
	for _, s := range c.States {
		add(s.ClusterID, s.InstanceType)
	}
	for _, s := range c.Scopes {
		add(s.ClusterID, s.InstanceType)
	}
	if len(added) > 0 {
		h.scopes = SortScopes(append(h.scopes, added...))
	}
}

// scopeState returns the state of a scope in the table, to be changed in place.
// The scope must be in the table.
func (h *Head) scopeState(cluster, instanceType string) *ScopeState {
	at, _ := h.findScope(cluster, instanceType)
	return &h.scopes[at]
}

// MutableScope returns the state of a scope in the table, to be changed in place. It is nil
// if the region does not have the scope. The tables of h must be its own; see Clone.
func (h *Head) MutableScope(cluster, instanceType string) *ScopeState {
	if at, known := h.findScope(cluster, instanceType); known {
		return &h.scopes[at]
	}
	return nil
}

// setTables replaces the tables of h and brings them into canonical order. h
// owns the arguments from then on.
func (h *Head) setTables(clusters []catalog.Cluster, files []LogFile, scopes []ScopeState) {
	h.clusters, h.Files, h.scopes = clusters, files, SortScopes(scopes)
	for i := 1; i < len(clusters); i++ {
		if clusters[i-1].ClusterID >= clusters[i].ClusterID {
			h.setClusters(h.ClustersByID())
			break
		}
	}
}

// MakeCheckpoint returns the whole state of h as the log stores it.
func (h *Head) MakeCheckpoint() *Checkpoint {
	c := &Checkpoint{
		Aliases: h.Aliases, Clusters: slices.Clone(h.Clusters()), Files: h.Files, Scopes: slices.Clone(h.Scopes()),
		SimulatedUntil: h.SimulatedUntil,
	}
	for i := range c.Scopes {
		c.Scopes[i].Fingerprint, c.Scopes[i].Candidate = "", nil
	}
	return c
}

// CheckpointSize returns about the least number of bytes that a checkpoint of h has in the
// log.
func (h *Head) CheckpointSize() int {
	return minAliasSize*len(h.Aliases) + minScopeSize*h.ScopeCount() + minClusterSize*len(h.Clusters())
}

// MergeChecks takes over the checks of another head that are not earlier than those
// of h, if they concern the content that h has. For an equally late check it takes
// theirs: a head knows the candidate, and h may come from the log, which does not.
func (h *Head) MergeChecks(theirs *Head) {
	for _, t := range theirs.Scopes() {
		s := h.MutableScope(t.ClusterID, t.InstanceType)
		if s == nil {
			continue
		}
		if s.Digest == t.Digest && s.State == t.State && !t.TriedAt.Before(s.TriedAt.Time) {
			s.TriedAt, s.CheckedAt, s.Problem = t.TriedAt, t.CheckedAt, t.Problem
			s.Candidate, s.Fingerprint = t.Candidate, t.Fingerprint
		}
	}
	if d := theirs.Discovery; d.TriedAt.After(h.Discovery.TriedAt.Time) {
		h.Discovery.TriedAt, h.Discovery.Problem, h.Discovery.Held = d.TriedAt, d.Problem, d.Held
	}
	if d := theirs.Discovery; d.CheckedAt.After(h.Discovery.CheckedAt.Time) {
		h.Discovery.CheckedAt, h.Upstream = d.CheckedAt, theirs.Upstream
	}
	if theirs.Run.FinishedAt.After(h.Run.FinishedAt.Time) {
		h.Run = theirs.Run
	}
	h.Swept = h.Swept.Merge(theirs.Swept)
	// What is said of the images belongs to the commit beside it.
	if theirs.IndexSequence > h.IndexSequence {
		h.IndexSequence, h.IndexImages = theirs.IndexSequence, theirs.IndexImages
	} else if theirs.IndexSequence == h.IndexSequence {
		h.IndexImages = cmp.Or(h.IndexImages, theirs.IndexImages)
	}
	h.MonthIndex = h.MonthIndex.merge(theirs.MonthIndex)
}
