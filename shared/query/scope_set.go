package query

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// scopeSet is a selection resolved against one state of a region. It must not
// be changed once it is finished.
type scopeSet struct {
	// region is the one that all scopes are of. A set never covers several.
	region string
	// scopes are the selected scopes that have content, in canonical order.
	scopes []format.ScopeState
	// empty are the selected scopes that were never captured with success.
	empty []format.ScopeState
	// several says that the selection can match several scopes, and byType that
	// it can match several instance types. They do not depend on what it did
	// match, so that answers keep their shape.
	several, byType bool
	// indexSequence is the commit that the region's index goes up to. 0: the
	// region has no index.
	indexSequence int64

	// The following are set by finish and are about scopes alone.

	digest        string       // of the names of the scopes and of their content
	oldestCheck   time.Time    // zero: there are no scopes
	latestCheck   catalog.Time // zero: there are no scopes
	newestContent catalog.Time // when content last changed; zero: there are no scopes
	// unhealthy are the scopes whose last check did not succeed.
	unhealthy []format.ScopeState
}

// add puts a scope into the set.
func (v *scopeSet) addScope(scope format.ScopeState) {
	if scope.Digest == "" {
		v.empty = append(v.empty, scope)
	} else {
		v.scopes = append(v.scopes, scope)
	}
}

// finish sorts the scopes and derives everything that depends on all of them.
func (v *scopeSet) finish() {
	byScope := func(a, b format.ScopeState) int { return a.Scope("").Compare(b.Scope("")) }
	slices.SortFunc(v.scopes, byScope)
	// Two names of a request can stand for one scope.
	v.scopes = slices.CompactFunc(v.scopes, func(a, b format.ScopeState) bool { return byScope(a, b) == 0 })
	// Check times are not in the digest: answers with equal content share an
	// ETag and a cached set of images.
	h := sha256.New()
	for i, sc := range v.scopes {
		fmt.Fprintf(h, "%s %s\n", sc.Scope(v.region), sc.Digest)
		if i == 0 || sc.CheckedAt.Before(v.oldestCheck) {
			v.oldestCheck = sc.CheckedAt.Time
		}
		if sc.CheckedAt.After(v.latestCheck.Time) {
			v.latestCheck = sc.CheckedAt
		}
		if sc.CapturedAt.After(v.newestContent.Time) {
			v.newestContent = sc.CapturedAt
		}
		if sc.State != format.StateOK {
			v.unhealthy = append(v.unhealthy, sc)
		}
	}
	v.digest = hex.EncodeToString(h.Sum(nil)[:16])
}

// selectScopes resolves a selection. It returns an error if a name that is not
// "*" matches no scope, or if no scope that matches has content.
func (st *regionState) selectScopes(sel selection) (*scopeSet, error) {
	key := sel.key()
	if v := st.cachedScopeSet(key); v != nil {
		return v, nil
	}
	v, err := st.buildScopeSet(sel)
	if err != nil {
		return nil, err
	}
	v.finish()
	st.cacheScopeSet(key, v)
	return v, nil
}

// buildScopeSet is selectScopes without the cache. The set is not finished.
func (st *regionState) buildScopeSet(sel selection) (*scopeSet, error) {
	v := st.newScopeSet(sel.selectsSeveral(), canMatchSeveral(sel.types))
	// A cluster without the selected types is an error if it was named, and is
	// left out of "*".
	clusters := toScopeNames(sel.clusters)
	if sel.isEveryCluster() {
		clusters = st.clusterNames()
		if len(clusters) == 0 {
			return nil, &clusterError{region: st.RegionID, name: allNames, past: st.pastSequence()}
		}
	}
	// The first name that is wrong is the one that is reported.
	for _, cluster := range clusters {
		if err := st.addClusterScopes(v, sel, cluster); err != nil {
			return nil, err
		}
	}
	// Next to "*" a name without a scope would only be missing in the answer.
	if part, found := firstUnmatched(sel, v); found {
		return nil, scopeNotFoundError(part, st)
	}
	switch {
	case len(v.scopes) > 0:
		return v, nil
	case len(v.empty) > 0: // they are asked for, but have not answered yet
		return nil, st.scopeNotReadyError(v.empty[0])
	}
	return nil, scopeNotFoundError(sel, st)
}

// addClusterScopes adds the scopes of one cluster that a selection matches.
func (st *regionState) addClusterScopes(set *scopeSet, sel selection, cluster string) error {
	captured := st.instanceTypesOf(cluster)
	if len(captured) == 0 {
		return st.clusterNotFoundError(cluster)
	}
	// "*" stands for the types that have a name, as for clusters.
	types := toScopeNames(sel.types)
	if isAllNames(sel.types) {
		types = slices.DeleteFunc(slices.Clone(captured), func(t string) bool { return t == "" })
	}
	for _, t := range types {
		sc, ok := st.Scope(catalog.Scope{ClusterID: cluster, InstanceType: t})
		switch {
		case ok:
			set.addScope(sc)
		case !sel.isEveryCluster():
			return &scopeError{
				region: st.RegionID, cluster: cluster, instanceType: t, types: captured, past: st.pastSequence(),
			}
		}
	}
	return nil
}

// allScopes returns the set of all scopes of the region.
func (st *regionState) allScopes() *scopeSet { return st.matchingScopes(selection{}) }

// matchingScopes returns the set of the scopes that a selection includes. If
// there are none, it returns all scopes: a caller who asks for the history of a
// cluster that has ended still learns how fresh the region is.
func (st *regionState) matchingScopes(sel selection) *scopeSet {
	// Names have no spaces, so the keys differ from those of selectScopes.
	key := ""
	if !sel.isEverything() {
		key = "matching " + sel.key()
	}
	if v := st.cachedScopeSet(key); v != nil {
		return v
	}
	v := st.newScopeSet(true, true)
	for _, sc := range st.candidateScopes(sel) {
		if sel.includes(sc.ClusterID, sc.InstanceType) {
			v.addScope(sc)
		}
	}
	if !sel.isEverything() && len(v.scopes)+len(v.empty) == 0 {
		return st.allScopes()
	}
	v.finish()
	st.cacheScopeSet(key, v)
	return v
}

// newScopeSet returns an empty set.
func (st *regionState) newScopeSet(several, byType bool) *scopeSet {
	return &scopeSet{region: st.RegionID, indexSequence: st.IndexSequence, several: several, byType: byType}
}
