package state

import (
	"slices"
	"sync"

	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/query/request"
)

// RegionState is a region at present or after a commit, with the scope sets
// that were asked for. It is safe for concurrent use; the Region must not be
// changed.
type RegionState struct {
	*archive.Region
	// Live says that this is the present state, with the check times of the head.
	Live bool
	// logNumber counts the logs that this instance has seen of the region. A
	// restored backup begins another log, which gives commit numbers again.
	logNumber int
	// full is what a restricted state was cut from. nil: the state is a full one.
	full *RegionState
	// WithListing returns the Region with upstream's list of clusters. The Region of
	// a restricted state lacks it, because cutting it out reads all of the list.
	WithListing func() *archive.Region
	// VisibleAliases returns the aliases that the caller may see. The Region of a restricted
	// state has none, because their lookups tell which may be seen.
	VisibleAliases func() alias.List

	mu sync.Mutex // guards the following
	// scopeSets are the sets that were asked for.
	scopeSets map[scopeSetKey]*ScopeSet
	// cachedScopes counts the scopes in scopeSets, and one for each set.
	cachedScopes int
}

// newRegionState returns a full state without scope sets.
func newRegionState(r *archive.Region, live bool) *RegionState {
	return &RegionState{
		Region: r, Live: live, scopeSets: map[scopeSetKey]*ScopeSet{}, WithListing: func() *archive.Region { return r },
		VisibleAliases: func() alias.List { return r.Aliases },
	}
}

// cachedScopeSet returns the scope set with a key, or nil.
func (st *RegionState) cachedScopeSet(key scopeSetKey) *ScopeSet {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.scopeSets[key]
}

// cacheScopeSet keeps a scope set. If the cache is full, it drops all others.
func (st *RegionState) cacheScopeSet(key scopeSetKey, set *ScopeSet) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, ok := st.scopeSets[key]; ok { // another lookup was faster
		return
	}
	more := 1 + len(set.Scopes) + len(set.empty)
	if st.cachedScopes += more; st.cachedScopes > st.maxCachedScopes() {
		clear(st.scopeSets)
		st.cachedScopes = more
	}
	st.scopeSets[key] = set
}

// maxCachedScopes bounds the scopes in all cached sets. It leaves room for the
// set of each cluster, and for some sets of all scopes. A past state gets less,
// because many past states are kept.
func (st *RegionState) maxCachedScopes() int {
	const few = 64
	if !st.Live {
		return st.ScopeCount() + few
	}
	return 4*st.ScopeCount() + few
}

// CapturedImages returns how many images ClusterId=* lists, if no field is redacted. It
// reads nothing. It returns 0 if that is not known, as for past states and for callers who
// do not see all clusters.
func (st *RegionState) CapturedImages() int {
	if !st.isIndexed() {
		return 0
	}
	return st.IndexImages.Count
}

// isIndexed reports whether the images of the index, by what the head says of it, are those
// of the state, and the caller may see all of them.
func (st *RegionState) isIndexed() bool {
	return st.Live && st.full == nil && st.IndexSequence == st.Sequence
}

// ClusterNames lists the captured clusters in order, without the empty name.
func (st *RegionState) ClusterNames() []string {
	var names []string
	// Scopes are in canonical order, so those of a cluster follow each other.
	scopes := st.Scopes()
	for i := range scopes {
		if name := scopes[i].ClusterID; name != "" && (len(names) == 0 || name != names[len(names)-1]) {
			names = append(names, name)
		}
	}
	return names
}

// ScopeRefs returns the names of the captured scopes, in order.
func (st *RegionState) ScopeRefs() []format.ScopeRef {
	scopes := st.Scopes()
	refs := make([]format.ScopeRef, len(scopes))
	for i := range scopes {
		refs[i] = format.ScopeRef{ClusterID: scopes[i].ClusterID, InstanceType: scopes[i].InstanceType}
	}
	return refs
}

// instanceTypesOf lists the instance types that a cluster is captured with,
// where "" is the question without a type. It returns none if the cluster is
// not captured.
func (st *RegionState) instanceTypesOf(cluster string) []string {
	scopes := st.ScopesOf(cluster)
	types := make([]string, len(scopes))
	for i := range scopes {
		types[i] = scopes[i].InstanceType
	}
	return types
}

// CandidateScopes returns the scopes that a selection may match, each once. For
// named clusters these are their scopes alone: a cold instance has not decoded the
// others.
func (st *RegionState) CandidateScopes(sel request.Selection) []format.ScopeState {
	if sel.IsEveryCluster() {
		return st.Scopes()
	}
	var scopes []format.ScopeState
	for _, cluster := range slices.Compact(slices.Sorted(slices.Values(request.ToScopeNames(sel.Clusters)))) {
		scopes = append(scopes, st.ScopesOf(cluster)...)
	}
	return scopes
}

// hasCluster reports whether a cluster is captured; "" is the question without
// a cluster.
func (st *RegionState) hasCluster(cluster string) bool { return len(st.ScopesOf(cluster)) > 0 }

// isListed reports whether upstream lists a cluster, captured or not.
func (st *RegionState) isListed(cluster string) bool {
	_, ok := st.Cluster(cluster)
	return ok
}

// pastSequence returns the number of the commit of a past state. It returns 0
// for the present state.
func (st *RegionState) pastSequence() int64 {
	if st.Live {
		return 0
	}
	return st.Sequence
}

// scopeNotReadyError returns the error for a scope that has no content.
func (st *RegionState) scopeNotReadyError(scope format.ScopeState) error {
	return &notReadyError{scope: scope.Scope(st.RegionID), problem: scope.Problem, past: st.pastSequence()}
}

// scopeNotFoundError returns the error for a selection that matches no scope of the
// states. It names the instance types that the selected clusters have.
func scopeNotFoundError(sel request.Selection, states ...*RegionState) error {
	e := &scopeError{cluster: request.JoinSelected(sel.Clusters), instanceType: request.JoinSelected(sel.Types)}
	for _, st := range states {
		e.regions = append(e.regions, st.RegionID)
		for _, sc := range st.CandidateScopes(sel) {
			if request.MatchesName(sel.Clusters, sc.ClusterID) && !slices.Contains(e.types, sc.InstanceType) {
				e.types = append(e.types, sc.InstanceType)
			}
		}
	}
	slices.Sort(e.types)
	if len(states) == 1 { // each region counts its own commits
		e.past = states[0].pastSequence()
	}
	return e
}
