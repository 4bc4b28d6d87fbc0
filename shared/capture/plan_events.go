package capture

import (
	"cmp"
	"slices"

	"community-images/shared/catalog"
)

// assignEvents gives each event to the plans that it needs, sets its outcome, and
// returns the plans that have events. Other regions are not asked; their reports say
// what is stored.
func assignEvents(plans []*plan, sel *selection) []*plan {
	loaded := withoutErrors(plans)
	for i := range sel.events {
		e := &sel.events[i]
		for _, p := range loaded {
			if e.concernsRegion(p.regionID) && !e.wasCheckedSince(p.base, sel.listing) {
				p.events = append(p.events, e)
				e.Outcome = EventTaken
			}
		}
		for _, p := range plans {
			if e.Outcome == "" && p.outcome.err != nil && e.concernsRegion(p.regionID) {
				e.Outcome, e.Reason = EventFailed, p.outcome.err.Error()
			}
		}
		if e.Outcome == "" {
			e.Outcome, e.Reason = EventSkipped, "a check that began later knows already"
		}
	}
	return slices.DeleteFunc(loaded, func(p *plan) bool { return p.events == nil })
}

// finishEvents ends the scopes of clusters that are not listed any more, if the run has
// a listing that it believes, and explains the outcomes of the plan's events.
func finishEvents(p *plan) {
	p.ended = findUnlistedScopes(p)
	explainEvents(p)
}

// findUnlistedScopes returns the scopes of clusters that are not listed any more. There
// are none if the run has no listing that it believes.
func findUnlistedScopes(p *plan) []catalog.Scope {
	if !p.listing.isBelieved() {
		return nil
	}
	var unlisted []catalog.Scope
	for _, state := range p.base.Scopes() {
		// A scope without a cluster stays: no listing says anything about it.
		if _, listed := p.clusters[state.ClusterID]; !listed && state.ClusterID != "" {
			unlisted = append(unlisted, state.Scope(p.regionID))
		}
	}
	return unlisted
}

// explainEvents sets the reason of each event whose cluster is not listed. An event
// may concern several regions; it has no reason if one of them lists the cluster.
func explainEvents(p *plan) {
	for _, e := range p.events {
		if _, listed := p.clusters[e.ClusterID]; listed {
			e.listed, e.Reason = true, ""
		}
		if e.listed || e.ClusterID == "" {
			continue
		}
		e.Reason = "the cluster is not listed; if it is new, another event or the next run finds it"
		if slices.ContainsFunc(p.ended, func(s catalog.Scope) bool { return s.ClusterID == e.ClusterID }) {
			e.Reason = "the cluster is not listed any more; its scopes ended"
		} else if p.listing.result != nil && !p.listing.isBelieved() {
			e.Reason = cmp.Or(p.listing.result.Problem.Message, "the clusters could not be listed")
		}
	}
}
