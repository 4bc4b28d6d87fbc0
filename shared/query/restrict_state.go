package query

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// restrictedStates cuts what a grant covers out of the present state of a
// region.
type restrictedStates struct {
	// stateSource is the one of the full service. hasState and recentFailure
	// are the same for every caller.
	stateSource
	grant access.Grant

	mu   sync.Mutex
	last *regionState // cut from last.full; nil: none yet; guarded by mu
}

// get implements stateSource. A region without any commit is an error, as for
// every caller.
func (r *restrictedStates) get(ctx context.Context) (currentState, error) {
	current, err := r.stateSource.get(ctx)
	if err != nil {
		return currentState{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil || r.last.full != current.regionState {
		r.last = restrictState(current.regionState, r.grant)
	}
	current.regionState = r.last
	return current, nil
}

// toFull returns the full state that a restricted one was cut from.
func (c currentState) toFull() currentState {
	c.regionState = c.full
	return c
}

// wholeRegion returns the region for readers of the log: what the head says of it is about
// all clusters.
func (c currentState) wholeRegion() *archive.Region {
	if c.full != nil {
		return c.full.Region
	}
	return c.Region
}

// restrictedStateAsOf is stateAsOf for the service of a grant. Moments mean the
// same commits for every caller.
func (s *lookup) restrictedStateAsOf(ctx context.Context, current currentState, at asOf) (*regionState, error) {
	// Errors name the region's own first or last commit.
	full, err := s.full.stateAsOf(ctx, current.toFull(), at)
	if err != nil {
		return nil, err
	}
	// The present state is restricted already, and its cache of scope sets is
	// worth keeping.
	if full == current.full {
		return current.regionState, nil
	}
	key := s.grantKey + pastStateKey(full, full.Sequence)
	restricted, ok := s.past.get(key)
	if !ok {
		restricted = restrictState(full, *s.grant)
		s.past.put(key, restricted, 1)
	}
	return restricted, nil
}

// restrictState returns what a grant covers of a full state. Runs and their
// results are about all clusters, so the restricted state has none.
func restrictState(full *regionState, g access.Grant) *regionState {
	// The copy shares what every caller may see: the number and time of the
	// commit, and the months of the log.
	r := *full.Region
	if len(g.Clusters) > 0 {
		r = *full.WithTables(coveredTables(full, g))
	}
	r.Discovery, r.Run, r.Swept, r.Upstream = archive.Discovery{}, archive.RunInfo{}, archive.Swept{}, nil
	restricted := newRegionState(&r, full.live)
	restricted.full = full
	restricted.withListing = sync.OnceValue(func() *archive.Region {
		listed := r
		listed.Upstream = restrictListing(full.Upstream, g)
		return &listed
	})
	return restricted
}

// coveredTables returns the scopes and clusters of a state that a grant names. It
// does not touch the others, which a cold instance has not decoded.
func coveredTables(full *regionState, g access.Grant) (scopes []archive.ScopeState, clusters []catalog.Cluster) {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(toScopeNames(g.Clusters)))) {
		scopes = append(scopes, full.ScopesOf(id)...)
		if c, ok := full.Cluster(id); ok {
			clusters = append(clusters, c)
		}
	}
	return scopes, clusters
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
