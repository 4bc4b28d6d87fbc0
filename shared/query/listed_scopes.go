package query

import (
	"encoding/binary"
	"slices"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// checkTimesKey encodes the times and outcomes of the checks of all scopes. The
// result is binary; it is a part of an ETag's hash.
func (v *scopeSet) checkTimesKey() string {
	var b []byte
	// Scopes that never answered change too: from not tried to failed.
	for _, list := range [][]format.ScopeState{v.scopes, v.empty} {
		for _, sc := range list {
			b = binary.AppendVarint(b, sc.CheckedAt.UnixNano())
			b = binary.AppendVarint(b, sc.TriedAt.UnixNano())
			b = append(b, sc.State...)
		}
	}
	return string(b)
}

// listedScopes returns the scopes that /v1/clusters shows for a selection.
// Unlike for images, a cluster or type that is not named means all of them, and
// "*" has to be named with "_any" to cover the lists without one. For example
// ClusterId=* shows every named cluster, and ClusterId=*,_any shows the lists
// without a cluster too.
func (st *regionState) listedScopes(sel selection) *scopeSet {
	if sel.isEverything() {
		return st.allScopes()
	}
	if sel.types == nil {
		sel.types = []string{allNames, catalog.Any}
	}
	if sel.clusters == nil {
		sel.clusters = []string{allNames, catalog.Any}
	}
	// The set is not cached: it is cheap, and only this route has it.
	scopes := st.newScopeSet(true, true)
	for _, sc := range st.candidateScopes(sel) {
		if matchesNameOrAny(sel.clusters, sc.ClusterID) && matchesNameOrAny(sel.types, sc.InstanceType) {
			scopes.addScope(sc)
		}
	}
	scopes.finish()
	return scopes
}

// matchesNameOrAny returns true if names has the name, or "*". The empty name
// needs "_any", which may stand next to "*".
func matchesNameOrAny(names []string, name string) bool {
	if slices.Contains(names, allNames) && (name != "" || slices.Contains(names, catalog.Any)) {
		return true
	}
	return slices.Contains(toScopeNames(names), name)
}

// checkSelectionExists returns an error if a name of a selection, or all of it,
// is of no scope of the subjects. A selection with clusters has one subject. An
// answer that is silently without a scope that the caller named would look like
// one in which nothing is captured. The names are checked one by one, then the
// combination of clusters and types.
func checkSelectionExists(sel selection, subjects []*subject) error {
	if sel.isEverything() {
		return nil
	}
	var states []*regionState
	var sets []*scopeSet
	count := 0
	for _, sub := range subjects {
		// The first cluster that does not exist gets an error of its own, with
		// a suggestion.
		for _, name := range sel.clusters {
			if isClusterName(name) && !sub.state.hasCluster(name) {
				return sub.state.clusterNotFoundError(name)
			}
		}
		// Counts scopes without content too: they are captured, only not
		// answered yet.
		states, sets = append(states, sub.state), append(sets, sub.scopes)
		count += len(sub.scopes.scopes) + len(sub.scopes.empty)
	}
	if sel.types == nil {
		sel.types = []string{allNames}
	}
	if sel.clusters == nil {
		sel.clusters = []string{allNames}
	}
	if part, found := firstUnmatched(sel, sets...); found {
		return scopeNotFoundError(part, states...)
	}
	if count == 0 {
		return scopeNotFoundError(sel, states...)
	}
	return nil
}

// sortedScopes returns all scopes of a set in canonical order. Those without
// content are sorted in among the others.
func (v *scopeSet) sortedScopes() []format.ScopeState {
	list := slices.Concat(v.scopes, v.empty)
	slices.SortFunc(list, func(a, b format.ScopeState) int { return a.Scope("").Compare(b.Scope("")) })
	return list
}

// scopesForImage returns the scopes of a selection, or all scopes if it selects
// nothing. The image set of the result always knows which scopes offer an
// image. An image set with a single scope would not know this.
func (st *regionState) scopesForImage(sel selection) (*scopeSet, error) {
	if sel.isEverything() {
		all := st.allScopes()
		if len(all.scopes) == 0 && len(all.empty) > 0 {
			return nil, st.scopeNotReadyError(all.empty[0])
		}
		return all, nil
	}
	selected, err := st.selectScopes(sel)
	if err != nil {
		return nil, err
	}
	scopes := *selected // the cached one must not be changed
	scopes.several, scopes.byType = true, true
	return &scopes, nil
}
