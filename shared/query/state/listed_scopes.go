package state

import (
	"encoding/binary"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/query/request"
)

// checkTimesKey encodes the times and outcomes of the checks of all scopes. The
// result is binary; it is a part of an ETag's hash.
func (v *ScopeSet) checkTimesKey() string {
	var b []byte
	// Scopes that never answered change too: from not tried to failed.
	for _, list := range [][]format.ScopeState{v.Scopes, v.empty} {
		for _, sc := range list {
			b = binary.AppendVarint(b, sc.CheckedAt.UnixNano())
			b = binary.AppendVarint(b, sc.TriedAt.UnixNano())
			b = append(b, sc.State...)
		}
	}
	return string(b)
}

// listedScopes returns the scopes that /v1/clusters shows for a selection.
func (st *RegionState) listedScopes(sel request.Selection) *ScopeSet {
	if sel.IsEverything() {
		return st.AllScopes()
	}
	// The set is not cached: it is cheap, and only this route has it.
	scopes := st.newScopeSet(true, true)
	for _, sc := range st.CandidateScopes(sel) {
		if sel.Includes(sc.ClusterID, sc.InstanceType) {
			scopes.addScope(sc)
		}
	}
	scopes.Finish()
	return scopes
}

// checkSelectionExists returns an error if a name of a selection, or all of it,
// is of no scope of the subjects. A selection with clusters has one subject. An
// answer that is silently without a scope that the caller named would look like
// one in which nothing is captured. The names are checked one by one, then the
// combination of clusters and types.
func checkSelectionExists(sel request.Selection, subjects []*Subject) error {
	if sel.IsEverything() {
		return nil
	}
	var states []*RegionState
	var sets []*ScopeSet
	count := 0
	for _, sub := range subjects {
		// Clusters that do not exist have an error of their own, with suggestions.
		if missing := missingIn(sel.NamedClusters(), sub.State.hasCluster); len(missing) > 0 {
			return sub.State.clustersNotFoundError(missing)
		}
		// Counts scopes without content too: they are captured, only not
		// answered yet.
		states, sets = append(states, sub.State), append(sets, sub.Scopes)
		count += len(sub.Scopes.Scopes) + len(sub.Scopes.empty)
	}
	if part, found := firstUnmatched(sel, sets...); found {
		return scopeNotFoundError(part, states...)
	}
	if count == 0 {
		return scopeNotFoundError(sel, states...)
	}
	return nil
}

// SortedScopes returns all scopes of a set in canonical order. Those without
// content are sorted in among the others.
func (v *ScopeSet) SortedScopes() []format.ScopeState {
	return format.SortScopes(slices.Concat(v.Scopes, v.empty))
}

// ScopesForImage returns the scopes of a selection, or all scopes if it selects
// nothing. The image set of the result always knows which scopes offer an
// image. An image set with a single scope would not know this.
func (st *RegionState) ScopesForImage(sel request.Selection) (*ScopeSet, error) {
	if sel.IsEverything() {
		all := st.AllScopes()
		if len(all.Scopes) == 0 && len(all.empty) > 0 {
			return nil, st.scopeNotReadyError(all.empty[0])
		}
		return all, nil
	}
	selected, err := st.SelectScopes(sel)
	if err != nil {
		return nil, err
	}
	scopes := *selected // the cached one must not be changed
	scopes.Several, scopes.ByType = true, true
	return &scopes, nil
}
