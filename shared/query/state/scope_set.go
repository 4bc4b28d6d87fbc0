package state

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/request"
)

// ScopeSet is a selection resolved against one state of a region. It must not
// be changed once it is finished.
type ScopeSet struct {
	// Region is the one that all scopes are of. A set never covers several.
	Region string
	// Scopes are the selected scopes that have content, in canonical order.
	Scopes []format.ScopeState
	// empty are the selected scopes that were never captured with success.
	empty []format.ScopeState
	// Several says that the selection can match several scopes, and byType that
	// it can match several instance types. They do not depend on what it did
	// match, so that answers keep their shape.
	Several, ByType bool
	// IndexSequence is the commit that the region's index goes up to. 0: the
	// region has no index.
	IndexSequence int64
	// Indexed has the head that describes the ids of exactly the images of these scopes, for
	// source.Archive.IndexedIDs. nil: no head does.
	Indexed *archive.Region

	// The following are set by finish and are about scopes alone.

	Digest        string       // of the names of the scopes and of their content
	OldestCheck   time.Time    // zero: there are no scopes
	LatestCheck   catalog.Time // zero: there are no scopes
	NewestContent catalog.Time // when content last changed; zero: there are no scopes
	// unhealthy are the scopes whose last check did not succeed.
	unhealthy []format.ScopeState
}

// addScope puts a scope into the set.
func (v *ScopeSet) addScope(scope format.ScopeState) {
	if scope.Digest == "" {
		v.empty = append(v.empty, scope)
	} else {
		v.Scopes = append(v.Scopes, scope)
	}
}

// Finish sorts the scopes and derives everything that depends on all of them.
func (v *ScopeSet) Finish() {
	// Two names of a request can stand for one scope.
	v.Scopes = format.SortScopes(v.Scopes)
	// Check times are not in the digest: answers with equal content share an
	// ETag and a cached set of images.
	h := sha256.New()
	for i, sc := range v.Scopes {
		fmt.Fprintf(h, "%s %s\n", sc.Scope(v.Region), sc.Digest)
		if i == 0 || sc.CheckedAt.Before(v.OldestCheck) {
			v.OldestCheck = sc.CheckedAt.Time
		}
		if sc.CheckedAt.After(v.LatestCheck.Time) {
			v.LatestCheck = sc.CheckedAt
		}
		if sc.CapturedAt.After(v.NewestContent.Time) {
			v.NewestContent = sc.CapturedAt
		}
		if sc.State != format.StateOK {
			v.unhealthy = append(v.unhealthy, sc)
		}
	}
	v.Digest = hex.EncodeToString(h.Sum(nil)[:16])
}

// SelectScopes resolves a selection. It returns an error if a name that is not
// "*" matches no scope, or if no scope that matches has content.
func (st *RegionState) SelectScopes(sel request.Selection) (*ScopeSet, error) {
	if sel.IsEverything() && st.ScopeCount() > 0 {
		all := st.AllScopes()
		if len(all.Scopes) == 0 {
			return nil, st.scopeNotReadyError(all.empty[0])
		}
		return all, nil
	}
	key := scopeSetKey{selection: sel.Key()}
	if v := st.cachedScopeSet(key); v != nil {
		return v, nil
	}
	v, err := st.buildScopeSet(sel)
	if err != nil {
		return nil, err
	}
	v.Finish()
	st.cacheScopeSet(key, v)
	return v, nil
}

// buildScopeSet is selectScopes without the cache. The set is not finished.
func (st *RegionState) buildScopeSet(sel request.Selection) (*ScopeSet, error) {
	v := st.newScopeSet(sel.SelectsSeveral(), request.CanMatchSeveral(sel.Types))
	// A cluster without the selected types is an error if it was named, and is
	// left out of "*".
	clusters := request.ToScopeNames(sel.Clusters)
	if sel.IsEveryCluster() {
		clusters = st.ClusterNames()
		if request.IsEveryName(sel.Clusters) && st.hasCluster("") {
			clusters = append(clusters, "")
		}
		if len(clusters) == 0 {
			return nil, st.clustersNotFoundError(nil)
		}
	}
	if missing := missingIn(clusters, st.hasCluster); len(missing) > 0 {
		return nil, st.clustersNotFoundError(missing)
	}
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
	case len(v.Scopes) > 0:
		return v, nil
	case len(v.empty) > 0: // they are asked for, but have not answered yet
		return nil, st.scopeNotReadyError(v.empty[0])
	}
	return nil, scopeNotFoundError(sel, st)
}

// addClusterScopes adds the scopes of one captured cluster that a selection matches.
func (st *RegionState) addClusterScopes(set *ScopeSet, sel request.Selection, cluster string) error {
	captured := st.instanceTypesOf(cluster)
	types := request.ToScopeNames(sel.Types)
	if request.IncludesAll(sel.Types) {
		types = slices.DeleteFunc(slices.Clone(captured), func(t string) bool { return !request.MatchesName(sel.Types, t) })
	}
	for _, t := range types {
		sc, ok := st.Scope(catalog.Scope{ClusterID: cluster, InstanceType: t})
		switch {
		case ok:
			set.addScope(sc)
		case !sel.IsEveryCluster():
			return &scopeError{
				regions: []string{st.RegionID}, cluster: cluster, instanceType: t, types: captured, past: st.pastSequence(),
			}
		}
	}
	return nil
}

// AllScopes returns the set of all scopes of the region.
func (st *RegionState) AllScopes() *ScopeSet {
	if v := st.cachedScopeSet(allScopesKey); v != nil {
		return v
	}
	return st.MatchingScopes(request.Everything())
}

// scopeSetKey is the key of a cached set. A selection has two sets: the one of
// SelectScopes, which must have each name, and the one of MatchingScopes.
type scopeSetKey struct {
	selection  string // of request.Selection.Key
	isMatching bool   // the set is that of MatchingScopes
}

// allScopesKey is the key of the set of all scopes. No selection has an empty key.
var allScopesKey = scopeSetKey{isMatching: true}

// MatchingScopes returns the set of the scopes that a selection includes. If
// there are none, it returns all scopes: a caller who asks for the history of a
// cluster that has ended still learns how fresh the region is.
func (st *RegionState) MatchingScopes(sel request.Selection) *ScopeSet {
	key := allScopesKey
	if !sel.IsEverything() {
		key.selection = sel.Key()
	}
	if v := st.cachedScopeSet(key); v != nil {
		return v
	}
	v := st.newScopeSet(true, true)
	for _, sc := range st.CandidateScopes(sel) {
		if sel.Includes(sc.ClusterID, sc.InstanceType) {
			v.addScope(sc)
		}
	}
	if !sel.IsEverything() && len(v.Scopes)+len(v.empty) == 0 {
		return st.AllScopes()
	}
	if sel.IsEverything() && st.isIndexed() && st.IndexImages.HasIDs() {
		v.Indexed = st.Region
	}
	v.Finish()
	st.cacheScopeSet(key, v)
	return v
}

// newScopeSet returns an empty set.
func (st *RegionState) newScopeSet(several, byType bool) *ScopeSet {
	return &ScopeSet{Region: st.RegionID, IndexSequence: st.IndexSequence, Several: several, ByType: byType}
}
