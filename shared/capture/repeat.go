package capture

import (
	"slices"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// since says whether something was done after the timer was due that the
// request answers. What a clock dates later than now says nothing.
func (r *runner) since(at catalog.Time) bool {
	return !r.request.Due.IsZero() && !at.Before(r.request.Due.Truncate(time.Millisecond)) && !at.After(r.now())
}

// answered says whether another delivery of the event, or a later run, has
// asked about a scope already. A check that failed is repeated.
func (r *runner) answered(s archive.ScopeState) bool {
	return s.State != archive.Failed && r.since(s.TriedAt)
}

// listed says whether the clusters of all regions have been listed since the
// event: one endpoint may list those of another region. A listing that is
// held is not repeated, for that would confirm it.
func (r *runner) listed(plans []*plan) bool {
	return !slices.ContainsFunc(plans, func(p *plan) bool {
		d := p.base.Discovery
		return !r.since(d.TriedAt) || d.Problem != nil && d.Held == 0
	})
}

// remembered is what discover returns, without a listing.
func (r *runner) remembered(plans []*plan) []map[string]catalog.Cluster {
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		clusters[i] = p.base.ClustersByID()
		p.repeated = true
	}
	r.addUnlisted(plans, clusters, nil)
	return clusters
}

// repeats leaves out what has been answered.
func (r *runner) repeats(p *plan) {
	planned := len(p.scopes)
	p.scopes = slices.DeleteFunc(p.scopes, func(scope catalog.Scope) bool {
		state, _ := p.base.Scope(scope)
		return r.answered(state)
	})
	p.report.Answered = planned - len(p.scopes)
}

// idle says whether the plan repeats an event that was dealt with, head and
// all: then there is nothing to commit.
func (p *plan) idle() bool { return p.repeated && len(p.scopes)+len(p.ended) == 0 }
