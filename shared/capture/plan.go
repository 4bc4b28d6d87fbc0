package capture

import (
	"context"
	"slices"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// plan is what a run will do in one region.
type plan struct {
	base            *archive.Region  // the stored state before the run
	discovery       *archive.Listing // nil if the run does not list clusters
	listingReused   bool             // the clusters were listed since the timer was due
	scopes          []catalog.Scope  // to ask
	ended           []catalog.Scope  // to ask no more
	events          []*Event         // that need the plan; nil for a run without events
	problems        []string         // for the report
	unusableEntries int              // entries of the listing that name no cluster
	accepting       bool             // scopes are accepted and not asked
	refused         int              // accepted scopes that cannot be published
	report          *RegionReport    // of the region; the run fills it in
}

// planRegions decides for each region what to ask and which scopes have ended. It
// lists the clusters if that is necessary.
func (r *runner) planRegions(ctx context.Context, plans []*plan) {
	var clusters []map[string]catalog.Cluster
	// clusters has one map for each plan, by the id of a cluster.
	switch {
	case r.settings.needsListing(r.request) && r.areAlreadyListed(plans):
		clusters = r.lastListedClusters(plans)
	case r.settings.needsListing(r.request):
		clusters = r.discoverClusters(ctx, plans)
	default:
		for range plans {
			clusters = append(clusters, namedClusters(r.settings, r.request))
		}
	}
	for i, p := range plans {
		p.scopes = planScopes(r.settings, r.request, p, clusters[i])

		switch {
		case p.events != nil:
			p.ended = p.findUnlistedScopes(clusters[i])
			p.explainEvents(clusters[i])
		case !p.listingReused || p.base.Discovery.Problem == nil:
			// The run that made a reused listing may have ended nothing: it was of another shard.
			p.ended = findEndedScopes(p, r.request)
		}
		r.removeHandledScopes(p)
	}
}

// planScopes returns the scopes of a region to ask, sorted. clusters are those of the
// region by id, as listed or as last known.
func planScopes(s Settings, req Request, p *plan, clusters map[string]catalog.Cluster) []catalog.Scope {
	region := p.base.RegionID
	var scopes []catalog.Scope
	// add adds the scopes of one cluster, "" for none: without an instance type, and with
	// each of types. A request for certain types asks only with these.
	add := func(cluster string, types []string) {
		if !req.Shard.contains(cluster) {
			return
		}
		if len(req.InstanceTypes) > 0 {
			types = req.InstanceTypes
		} else {
			scopes = append(scopes, catalog.Scope{RegionID: region, ClusterID: cluster})
		}
		for _, t := range types {
			scopes = append(scopes, catalog.Scope{RegionID: region, ClusterID: cluster, InstanceType: t})
		}
	}
	if s.Unscoped && len(req.Clusters) == 0 {
		add("", s.InstanceTypes.List)
	}
	for id, c := range clusters {
		if !allows(s.Clusters, id) || !allows(req.Clusters, id) {
			continue
		}
		// A named cluster that is not listed has no types of its own.
		types := s.InstanceTypes.List
		if s.InstanceTypes.Auto {
			types = c.InstanceTypes
		}
		add(id, types)
	}
	// Events narrow down what the lists above allow.
	scopes = slices.DeleteFunc(scopes, func(s catalog.Scope) bool { return !p.includesScope(s) })
	slices.SortFunc(scopes, catalog.Scope.Compare)
	// The instance types of a cluster, or of a request, may name one twice.
	return slices.Compact(scopes)
}

// allows reports whether a list has a name. An empty list allows every name.
func allows(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

// findEndedScopes returns the stored scopes that the plan does not ask. There are none
// if the run is restricted or does not know all clusters.
func findEndedScopes(p *plan, req Request) []catalog.Scope {
	if req.isRestricted() || p.discovery != nil && p.discovery.Problem != nil {
		return nil
	}
	// A scope that ended stays in the history; it only leaves the current state.
	asked := make(map[catalog.Scope]bool, len(p.scopes))
	for _, s := range p.scopes {
		asked[s] = true
	}
	var ended []catalog.Scope
	for _, state := range p.base.Scopes() {
		if scope := state.Scope(p.base.RegionID); !asked[scope] && req.Shard.contains(scope.ClusterID) {
			ended = append(ended, scope)
		}
	}
	return ended
}
