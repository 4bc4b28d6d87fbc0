package query

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// state is a region as it stands or stood, with what is derived from it.
type regionState struct {
	*archive.Region
	live bool         // the present, with the check times of the head
	full *regionState // what a restricted state was cut from; nil: it is a full one

	mu           sync.Mutex
	scopeSets    map[string]*scopeSet
	cachedScopes int // scopes in them
}

// maxHeld is how many scopes the selections that are remembered for a state may
// have together: those of each cluster and some that are of all. Of a past
// state, of which there can be many, it is less.
func (st *regionState) maxCachedScopes() int {
	const few = 64
	if !st.live {
		return len(st.Scopes) + few
	}
	return 4*len(st.Scopes) + few
}

func newRegionState(r *archive.Region, live bool) *regionState {
	return &regionState{Region: r, live: live, scopeSets: map[string]*scopeSet{}}
}

// clusters lists the captured clusters in order, without "none".
func (st *regionState) clusterNames() []string {
	var names []string
	for i := range st.Scopes {
		if name := st.Scopes[i].ClusterID; name != "" && (len(names) == 0 || name != names[len(names)-1]) {
			names = append(names, name)
		}
	}
	return names
}

// types lists the instance types that a cluster is captured with, "" being
// none; empty: it is not captured.
func (st *regionState) instanceTypesOf(cluster string) []string {
	scopes := st.ScopesOf(cluster)
	types := make([]string, len(scopes))
	for i := range scopes {
		types[i] = scopes[i].InstanceType
	}
	return types
}

// captured says whether there is a scope of the cluster, "" being none.
func (st *regionState) hasCluster(cluster string) bool { return len(st.ScopesOf(cluster)) > 0 }

// view is a selection of scopes of one state.
type scopeSet struct {
	region      string
	scopes      []archive.ScopeState // with content, in canonical order
	empty       []archive.ScopeState // selected, never captured
	several     bool                 // several clusters or types were asked for
	byType      bool                 // several types were asked for
	digest      string               // of the scopes and their digests
	oldestCheck time.Time            // check among scopes
	latestCheck catalog.Time         // check among scopes
	// suspects are the scopes whose last check did not succeed.
	unhealthy     []archive.ScopeState
	newestContent catalog.Time // content among scopes
	indexSequence int64        // the commit up to which the region's catalogue goes
}

// choice is what a caller selects: nil stands for "none", "*" for all.
type selection struct{ clusters, types []string }

func (c selection) key() string {
	return strings.Join(c.clusters, ",") + "/" + strings.Join(c.types, ",")
}

// many says whether the choice can cover several scopes.
func selectsSeveral(names []string) bool {
	return len(names) > 1 || len(names) == 1 && names[0] == allNames
}

const allNames = "*"

// view resolves a choice. Errors are about scopes that are not there.
func (st *regionState) selectScopes(c selection) (*scopeSet, error) {
	key := c.key()
	st.mu.Lock()
	v := st.scopeSets[key]
	st.mu.Unlock()
	if v != nil {
		return v, nil
	}
	v, err := st.buildScopeSet(c)
	if err != nil {
		return nil, err
	}
	v.finish()
	st.cacheScopeSet(key, v)
	return v, nil
}

func (st *regionState) buildScopeSet(c selection) (*scopeSet, error) {
	v := &scopeSet{region: st.RegionID, indexSequence: st.IndexSequence, several: selectsSeveral(c.clusters) || selectsSeveral(c.types), byType: selectsSeveral(c.types)}
	clusters := toScopeNames(c.clusters)
	if len(c.clusters) == 1 && c.clusters[0] == allNames {
		clusters = st.clusterNames()
		if len(clusters) == 0 {
			return nil, &clusterError{region: st.RegionID, name: allNames, past: st.pastSequence()}
		}
	}
	for _, cluster := range clusters {
		if err := st.addClusterScopes(v, c, cluster); err != nil {
			return nil, err
		}
	}
	if err := st.checkEveryNameMatches(c, v); err != nil {
		return nil, err
	}
	if len(v.scopes) == 0 {
		if len(v.empty) > 0 {
			return nil, st.scopeNotReady(v.empty[0])
		}
		return nil, scopeNotFound(c, st)
	}
	return v, nil
}

// covered holds that every name is of some scope: next to * one that is of
// none would only be missed in the answer.
func (st *regionState) checkEveryNameMatches(c selection, v *scopeSet) error {
	if one, missing := c.firstUnmatched(v); missing {
		return scopeNotFound(one, st)
	}
	return nil
}

// missing is the part of a choice that is about the first name that is of no
// scope of the views.
func (c selection) firstUnmatched(views ...*scopeSet) (part selection, missing bool) {
	clusters, types := map[string]bool{allNames: true}, map[string]bool{allNames: true}
	for _, v := range views {
		for _, list := range [][]archive.ScopeState{v.scopes, v.empty} {
			for _, sc := range list {
				clusters[sc.ClusterID], types[sc.InstanceType] = true, true
			}
		}
	}
	for _, name := range toScopeNames(c.clusters) {
		if !clusters[name] {
			return selection{[]string{anyIfEmpty(name)}, c.types}, true
		}
	}
	for _, name := range toScopeNames(c.types) {
		if !types[name] {
			return selection{c.clusters, []string{anyIfEmpty(name)}}, true
		}
	}
	return selection{}, false
}

func (st *regionState) addClusterScopes(v *scopeSet, c selection, cluster string) error {
	captured := st.instanceTypesOf(cluster)
	if len(captured) == 0 {
		return st.clusterNotFound(cluster)
	}
	anyCluster := len(c.clusters) == 1 && c.clusters[0] == allNames
	types, anyType := toScopeNames(c.types), len(c.types) == 1 && c.types[0] == allNames
	if anyType {
		types = slices.DeleteFunc(slices.Clone(captured), func(t string) bool { return t == "" })
	}
	for _, t := range types {
		s, ok := st.Scope(catalog.Scope{ClusterID: cluster, InstanceType: t})
		switch {
		case !ok && anyCluster:
		case !ok:
			return &scopeError{region: st.RegionID, cluster: cluster, instanceType: t, types: captured, past: st.pastSequence()}
		case s.Digest != "":
			v.scopes = append(v.scopes, s)
		default:
			v.empty = append(v.empty, s)
		}
	}
	return nil
}

// uncaptured is the error about a scope without content.
func (st *regionState) scopeNotReady(s archive.ScopeState) error {
	return &notReadyError{scope: s.Scope(st.RegionID), problem: s.Problem, past: st.pastSequence()}
}

// without is the error about a cluster that is not captured.
func (st *regionState) clusterNotFound(cluster string) error {
	return &clusterError{region: st.RegionID, name: cluster, clusters: st.clusterNames(), listed: st.isListed(cluster), past: st.pastSequence()}
}

// past is the commit of a past state; 0: it is the present one.
func (st *regionState) pastSequence() int64 {
	if st.live {
		return 0
	}
	return st.Sequence
}

// noScope explains a choice that no scope of the states answers to.
func scopeNotFound(c selection, states ...*regionState) error {
	e := &scopeError{cluster: strings.Join(c.clusters, ","), instanceType: strings.Join(c.types, ",")}
	var regions []string
	for _, st := range states {
		regions = append(regions, st.RegionID)
		for _, s := range st.Scopes {
			if matchesName(c.clusters, s.ClusterID) && !slices.Contains(e.types, s.InstanceType) {
				e.types = append(e.types, s.InstanceType)
			}
		}
	}
	if e.region = strings.Join(regions, ", "); len(states) == 1 { // several count their commits for themselves
		e.past = states[0].pastSequence()
	}
	slices.Sort(e.types)
	return e
}

func (st *regionState) isListed(cluster string) bool {
	_, ok := st.Cluster(cluster)
	return ok
}

// named is the list with "none" spelt out.
func toScopeNames(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	out := make([]string, len(names))
	for i, name := range names {
		if name != catalog.Any {
			out[i] = name
		}
	}
	return out
}

// seal derives what depends on all the scopes of v.
func (v *scopeSet) finish() {
	slices.SortFunc(v.scopes, func(a, b archive.ScopeState) int { return a.Scope("").Compare(b.Scope("")) })
	v.scopes = slices.CompactFunc(v.scopes, func(a, b archive.ScopeState) bool { return a.Scope("") == b.Scope("") })
	h := sha256.New()
	for i, s := range v.scopes {
		fmt.Fprintf(h, "%s %s\n", s.Scope(v.region), s.Digest)
		if i == 0 || s.CheckedAt.Before(v.oldestCheck) {
			v.oldestCheck = s.CheckedAt.Time
		}
		if s.CheckedAt.After(v.latestCheck.Time) {
			v.latestCheck = s.CheckedAt
		}
		if s.CapturedAt.After(v.newestContent.Time) {
			v.newestContent = s.CapturedAt
		}
		if s.State != archive.OK {
			v.unhealthy = append(v.unhealthy, s)
		}
	}
	v.digest = hex.EncodeToString(h.Sum(nil)[:16])
}

// everything is a view of all scopes.
func (st *regionState) allScopes() *scopeSet { return st.matchingScopes(selection{}) }

// covering is a view of the scopes that a choice covers. If there are none,
// such as those of a cluster that has ended, it is of everything: whoever asks
// for their history learns what came last from the region as a whole.
func (st *regionState) matchingScopes(c selection) *scopeSet {
	key := ""
	if !c.isEverything() {
		key = "covering " + c.key()
	}
	st.mu.Lock()
	v := st.scopeSets[key]
	st.mu.Unlock()
	if v != nil {
		return v
	}
	v = &scopeSet{region: st.RegionID, indexSequence: st.IndexSequence, several: true, byType: true}
	for _, s := range st.Scopes {
		switch {
		case !c.includes(archive.ScopeRef{ClusterID: s.ClusterID, InstanceType: s.InstanceType}):
		case s.Digest != "":
			v.scopes = append(v.scopes, s)
		default:
			v.empty = append(v.empty, s)
		}
	}
	if key != "" && len(v.scopes)+len(v.empty) == 0 {
		return st.allScopes()
	}
	v.finish()
	st.cacheScopeSet(key, v)
	return v
}

// keep remembers a view.
func (st *regionState) cacheScopeSet(key string, v *scopeSet) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, known := st.scopeSets[key]; known { // another lookup was faster
		return
	}
	more := 1 + len(v.scopes) + len(v.empty)
	if st.cachedScopes += more; st.cachedScopes > st.maxCachedScopes() {
		clear(st.scopeSets)
		st.cachedScopes = more
	}
	st.scopeSets[key] = v
}
