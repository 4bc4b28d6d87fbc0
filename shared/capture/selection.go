package capture

import (
	"slices"
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// selection is what a run is about: what the settings and the request select together.
// It is made once for each run.
type selection struct {
	settings Settings
	request  Request
	// events are those of the request, with their outcomes. A run with events is about
	// nothing else.
	events []Event
	// regions are the regions of the run, each once. A region that is named twice has
	// one plan: of two plans, only one would find the clusters listed.
	regions []string
	// named has the clusters that the settings and the request name, by id. If one region
	// is captured, they need no listing.
	named map[string]catalog.Cluster
	// listing tells whether the clusters must be listed.
	listing bool
	// restricted tells whether scopes of the regions are left out. Such a run ends none.
	restricted bool
}

// newSelection decides what a run is about. It sets the outcomes of the events that the
// settings exclude.
func newSelection(s Settings, req Request) *selection {
	sel := &selection{
		settings: s, request: req, events: slices.Clone(req.Events), named: map[string]catalog.Cluster{},
		listing:    s.needsListing(req.InstanceTypes),
		restricted: len(req.Clusters) > 0 || len(req.InstanceTypes) > 0,
	}
	for i := range sel.events {
		sel.events[i].reject(s)
	}
	for _, region := range sel.chooseRegions() {
		if !slices.Contains(sel.regions, region) {
			sel.regions = append(sel.regions, region)
		}
	}
	for _, id := range slices.Concat(s.Clusters, req.Clusters) {
		if sel.allowsCluster(id) {
			sel.named[id] = catalog.Cluster{ClusterID: id}
		}
	}
	return sel
}

// chooseRegions returns the regions of the events, of the scopes that are accepted, of
// the request, or of the settings.
func (sel *selection) chooseRegions() []string {
	switch {
	case len(sel.events) > 0:
		return eventRegions(sel.settings, sel.events)
	case len(sel.request.Accept) > 0:
		return sel.request.acceptedRegions()
	case len(sel.request.Regions) > 0:
		return sel.request.Regions
	}
	return sel.settings.Regions
}

// allowsCluster reports whether a cluster is selected by its id.
func (sel *selection) allowsCluster(id string) bool {
	return allows(sel.settings.Clusters, id) && allows(sel.request.Clusters, id)
}

// selectScopes returns the scopes of a region to ask, sorted, each once. clusters are
// those of the region by id, as listed or as last known.
func (sel *selection) selectScopes(region string, clusters map[string]catalog.Cluster) []catalog.Scope {
	var scopes []catalog.Scope
	types := sel.settings.InstanceTypes
	if sel.settings.Unscoped && len(sel.request.Clusters) == 0 {
		scopes = sel.appendScopes(scopes, catalog.Scope{RegionID: region}, types.List)
	}
	for id, c := range clusters {
		if !sel.allowsCluster(id) {
			continue
		}
		// A named cluster that is not listed has no types of its own.
		list := types.List
		if types.Auto {
			list = c.InstanceTypes
		}
		scopes = sel.appendScopes(scopes, catalog.Scope{RegionID: region, ClusterID: id}, list)
	}
	slices.SortFunc(scopes, catalog.Scope.Compare)
	// The instance types of a cluster, or of a request, may name one twice.
	return slices.Compact(scopes)
}

// appendScopes adds the scopes of one cluster: without an instance type, and with each
// of types. A request for certain types asks only with these.
func (sel *selection) appendScopes(scopes []catalog.Scope, cluster catalog.Scope, types []string) []catalog.Scope {
	if !sel.request.Shard.contains(cluster.ClusterID) {
		return scopes
	}
	if len(sel.request.InstanceTypes) > 0 {
		types = sel.request.InstanceTypes
	} else {
		scopes = append(scopes, cluster)
	}
	for _, t := range types {
		cluster.InstanceType = t
		scopes = append(scopes, cluster)
	}
	return scopes
}

// isSinceDue reports whether a time is after the timer of the request was due. It is
// false without a timer, and for a time after now: a clock was wrong then.
func (sel *selection) isSinceDue(at catalog.Time, now time.Time) bool {
	// Stored times have milliseconds, so the due time must not have more.
	due := sel.request.Due
	return !due.IsZero() && !at.Before(due.Truncate(time.Millisecond)) && !at.After(now)
}

// isAlreadyHandled reports whether a scope was asked since the timer was due: by
// another delivery of the event, or by a later run. A failed check does not count.
func (sel *selection) isAlreadyHandled(s format.ScopeState, now time.Time) bool {
	return s.State != format.StateFailed && sel.isSinceDue(s.TriedAt, now)
}

// confirmationWeight is what a repeated anomaly adds to its confirmations. It is 0 in
// a run of events: they come in bursts, and three that follow one change within
// seconds confirm nothing.
func (sel *selection) confirmationWeight() int {
	if len(sel.events) > 0 {
		return 0
	}
	return 1
}
