package state

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"sync"
	"time"

	"community-images/shared/access"
	"community-images/shared/alias"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/lru"
	"community-images/shared/query/request"
)

// GrantStates is States for the callers of a grant that names clusters. It leaves out what
// the grant does not cover. Commits it gives whole: their readers must ask Covers about each
// scope. The numbers and times of commits are no secret.
type GrantStates struct {
	full  States
	grant access.Grant
	key   string // of the grant
	// past has restricted past states; it is shared with other grants, so keys begin
	// with key.
	past *lru.Cache[string, *RegionState]

	mu sync.Mutex
	// last has by region what was cut from the present state; guarded by mu.
	last map[string]*RegionState
}

// NewGrantStates returns the states that a grant covers.
func NewGrantStates(full States, g access.Grant, past *lru.Cache[string, *RegionState]) *GrantStates {
	return &GrantStates{full: full, grant: g, key: g.Key(), past: past, last: map[string]*RegionState{}}
}

// LoadCurrent implements States. A region without any commit is an error, as for every
// caller.
func (g *GrantStates) LoadCurrent(ctx context.Context, region string) (Current, error) {
	current, err := g.full.LoadCurrent(ctx, region)
	if err != nil {
		return Current{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	last := g.last[region]
	if last == nil || last.full != current.RegionState {
		last = restrictState(current.RegionState, g.grant)
		g.last[region] = last
	}
	current.RegionState = last
	return current, nil
}

// toFull returns the full state that a restricted one was cut from.
func (c Current) toFull() Current {
	c.RegionState = c.full
	return c
}

// StateAsOf implements States. Errors name the region's own first or last commit.
func (g *GrantStates) StateAsOf(ctx context.Context, current Current, at request.AsOf) (*RegionState, error) {
	full, err := g.full.StateAsOf(ctx, current.toFull(), at)
	if err != nil {
		return nil, err
	}
	// The present state is restricted already, and its cache of scope sets is
	// worth keeping.
	if full == current.full {
		return current.RegionState, nil
	}
	key := g.key + pastStateKey(full, full.Sequence)
	restricted, ok := g.past.Get(key)
	if !ok {
		restricted = restrictState(full, g.grant)
		g.past.Put(key, restricted, 1)
	}
	return restricted, nil
}

// ReadUpTo implements States.
func (g *GrantStates) ReadUpTo(ctx context.Context, region string, sequence int64) error {
	return g.full.ReadUpTo(ctx, region, sequence)
}

// recentFailure implements States.
func (g *GrantStates) recentFailure(region string) error { return g.full.recentFailure(region) }

// Commits implements States.
func (g *GrantStates) Commits(
	ctx context.Context, current Current, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return g.hideAbsence(ctx, current, imageIDs, g.full.Commits(ctx, current.toFull(), imageIDs, from))
}

// CommitsBackward implements States.
func (g *GrantStates) CommitsBackward(
	ctx context.Context, current Current, imageIDs []string, from int64,
) iter.Seq2[*format.Commit, error] {
	return g.hideAbsence(ctx, current, imageIDs, g.full.CommitsBackward(ctx, current.toFull(), imageIDs, from))
}

// hideAbsence returns commits of images for a caller who may not know whether other
// clusters have the images. If there are none, it reads a commit all the same, so that
// the answer fails as it would with some if the store is down.
func (g *GrantStates) hideAbsence(
	ctx context.Context, current Current, imageIDs []string, commits iter.Seq2[*format.Commit, error],
) iter.Seq2[*format.Commit, error] {
	if imageIDs == nil {
		return commits
	}
	return func(yield func(*format.Commit, error) bool) {
		isEmpty := true
		for c, err := range commits {
			isEmpty = false
			if !yield(c, err) {
				return
			}
		}
		if !isEmpty {
			return
		}
		for _, err := range g.full.Commits(ctx, current.toFull(), nil, current.Sequence) {
			if err != nil {
				yield(nil, err)
			}
			return
		}
	}
}

// FirstCommit implements States.
func (g *GrantStates) FirstCommit(ctx context.Context, current Current) (*archive.TooEarlyError, error) {
	return g.full.FirstCommit(ctx, current.toFull())
}

// LastCommitAt implements States.
func (g *GrantStates) LastCommitAt(ctx context.Context, current Current, t time.Time) (int64, error) {
	return g.full.LastCommitAt(ctx, current.toFull(), t)
}

// endedScopes implements States.
func (g *GrantStates) endedScopes(ctx context.Context, current Current) ([]format.ScopeRef, error) {
	ended, err := g.full.endedScopes(ctx, current.toFull())
	return slices.DeleteFunc(ended, func(ref format.ScopeRef) bool { return !g.Covers(ref) }), err
}

// ImageDates implements States. The index is about all clusters, so nothing is known.
func (g *GrantStates) ImageDates(context.Context, Current, string) (format.ImageDates, bool, error) {
	return format.ImageDates{}, false, nil
}

// DatesIn implements States.
func (g *GrantStates) DatesIn(_ context.Context, _ Current, st *RegionState) (*RegionDates, error) {
	return newRegionDates(&format.Index{}, st.CommittedAt), nil
}

// PrefetchIndex implements States. It does nothing: a grant covers few lists.
func (g *GrantStates) PrefetchIndex(context.Context, string) {}

// Covers implements States.
func (g *GrantStates) Covers(ref format.ScopeRef) bool { return g.grant.CoversCluster(ref.ClusterID) }

// VisibleRun returns the last run of a state; nil: the caller may not see it, because
// runs are about all clusters.
func (st *RegionState) VisibleRun() *format.RunInfo {
	if st.full != nil {
		return nil
	}
	return &st.Run
}

// VisibleDiscovery returns the last listing of clusters; nil: the caller may not see it,
// because listings are about all clusters.
func (st *RegionState) VisibleDiscovery() *format.Discovery {
	if st.full != nil {
		return nil
	}
	return &st.Discovery
}

// ChecksKey stands for the times and outcomes of the checks of scopes in a state. The
// last run stands for all of them: each run checks anew. A restricted state has no run.
func (st *RegionState) ChecksKey(scopes *ScopeSet) []string {
	if st.full != nil {
		return []string{scopes.checkTimesKey()}
	}
	return []string{st.Run.RunID, st.Run.FinishedAt.String()}
}

// restrictState returns what a grant covers of a full state. Runs and their
// results are about all clusters, so the restricted state has none.
func restrictState(full *RegionState, g access.Grant) *RegionState {
	// The copy shares what every caller may see: the number and time of the
	// commit, and the months of the log.
	r := *full.WithTables(coveredTables(full, g))
	r.Discovery, r.Run, r.Swept, r.Upstream = format.Discovery{}, format.RunInfo{}, format.Swept{}, nil
	r.IndexImages, r.Aliases = format.IndexImages{}, nil
	restricted := newRegionState(&r, full.Live)
	restricted.full = full
	restricted.VisibleAliases = sync.OnceValue(func() alias.List { return coveredAliases(full.Aliases, g) })
	restricted.WithListing = sync.OnceValue(func() *archive.Region {
		listed := r
		listed.Upstream = restrictListing(full.Upstream, g)
		return &listed
	})
	return restricted
}

// coveredTables returns the scopes and clusters of a state that a grant names. It
// does not touch the others, which a cold instance has not decoded.
func coveredTables(full *RegionState, g access.Grant) (scopes []format.ScopeState, clusters []catalog.Cluster) {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(request.ToScopeNames(g.Clusters)))) {
		scopes = append(scopes, full.ScopesOf(id)...)
		if c, ok := full.Cluster(id); ok {
			clusters = append(clusters, c)
		}
	}
	return scopes, clusters
}

// coveredAliases returns the aliases with a lookup that a grant covers. One whose lookup
// cannot be parsed is not covered.
func coveredAliases(all alias.List, g access.Grant) (covered alias.List) {
	schema := field.NewSchema(nil)
	for _, a := range all {
		if req, err := request.ParseLookup(schema, "", a.Lookup); err == nil && req.IsCovered(g.CoversCluster) {
			covered = append(covered, a)
		}
	}
	return covered
}

// restrictListing returns the entries of upstream's list of clusters that a
// grant covers, each as it was written.
func restrictListing(upstream json.RawMessage, g access.Grant) json.RawMessage {
	if len(upstream) == 0 {
		return nil
	}
	var entries []json.RawMessage
	// Anything but a list has no entries that could be shown. The error is known
	// from the full state.
	_ = json.Unmarshal(upstream, &entries)
	// json.Marshal would rewrite numbers and escapes of the entries.
	out := []byte{'['}
	for _, entry := range entries {
		var cluster struct{ Id string }
		if json.Unmarshal(entry, &cluster) != nil || cluster.Id == "" || !g.CoversCluster(cluster.Id) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, entry...)
	}
	return append(out, ']')
}
