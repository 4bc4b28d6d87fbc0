package capture

import (
	"slices"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// isSinceDue reports whether a time is after the timer of the request was due. It is
// false without a timer, and for a time in the future: a clock was wrong then.
func (r *runner) isSinceDue(at catalog.Time) bool {
	// Stored times have milliseconds, so the due time must not have more.
	due := r.request.Due
	return !due.IsZero() && !at.Before(due.Truncate(time.Millisecond)) && !at.After(r.now())
}

// isAlreadyHandled reports whether a scope was asked since the timer was due: by
// another delivery of the event, or by a later run. A failed check does not count.
func (r *runner) isAlreadyHandled(s archive.ScopeState) bool {
	return s.State != archive.Failed && r.isSinceDue(s.TriedAt)
}

// areAlreadyListed reports whether the clusters of all plans were listed since the
// timer was due. It must be all, because one endpoint may list clusters of another
// region. A held listing counts: listing it again would confirm it.
func (r *runner) areAlreadyListed(plans []*plan) bool {
	return !slices.ContainsFunc(plans, func(p *plan) bool {
		d := p.base.Discovery
		return !r.isSinceDue(d.TriedAt) || d.Problem != nil && d.Held == 0
	})
}

// lastListedClusters returns the stored clusters of each plan, by id. It stands in for
// discoverClusters where areAlreadyListed.
func (r *runner) lastListedClusters(plans []*plan) []map[string]catalog.Cluster {
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		clusters[i] = p.base.ClustersByID()
		p.listingReused = true // so that scopes are ended only if that listing was believed
	}
	r.addUnlistedClusters(plans, clusters, nil)
	return clusters
}

// removeHandledScopes removes the scopes of a plan that are already handled, and
// reports their number.
func (r *runner) removeHandledScopes(p *plan) {
	planned := len(p.scopes)
	p.scopes = slices.DeleteFunc(p.scopes, func(scope catalog.Scope) bool {
		state, _ := p.base.Scope(scope)
		return r.isAlreadyHandled(state)
	})
	p.report.Answered = planned - len(p.scopes)
}

// hasNothingToCommit reports whether the plan repeats an event that was handled
// completely, the head included, or publishes none of the scopes that it accepts.
func (p *plan) hasNothingToCommit() bool {
	return (p.listingReused || p.accepting) && len(p.scopes)+len(p.ended) == 0
}
