package capture

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// plan is one region on its way through a run. Each stage fills in its part, and the
// region's report is made of it at the end.
type plan struct {
	regionID string
	base     *archive.Region            // the stored state before the run; nil if it cannot be read
	events   []*Event                   // that need the region; nil for a run without events
	listing  clusterListing             // of the clusters
	clusters map[string]catalog.Cluster // by id; those of which selected was made
	selected []catalog.Scope            // that the run is about
	scopes   []catalog.Scope            // to ask, or that are accepted
	ended    []catalog.Scope            // to ask no more
	answered int                        // scopes that the run is about and need not ask
	accept   acceptOutcome              // of a run that accepts
	problems []string                   // for the report
	outcome  outcome                    // what became of the plan
}

// clusterListing is what the plan of a region knows of its clusters' listing.
type clusterListing struct {
	result          *archive.Listing // nil if the run does not list clusters
	reused          bool             // the clusters were listed since the timer was due
	unusableEntries int              // entries that name no cluster
}

// isBelieved reports whether the run has listed the clusters and the listing counts.
func (l clusterListing) isBelieved() bool { return l.result != nil && l.result.Problem == nil }

// acceptOutcome is what became of the scopes that a run accepts.
type acceptOutcome struct {
	accepting bool // scopes are accepted and not asked
	refused   int  // accepted scopes that cannot be published
}

// outcome is what became of the plan of a region.
type outcome struct {
	err    error          // why nothing was committed
	result archive.Result // of the commit; zero if there was none to make
	took   time.Duration  // of the commit
	// goneBootImages has the clusters that lost their boot image by the commit.
	goneBootImages []GoneBootImage
}

// loadPlans reads the stored state of every region and makes a plan for each. A region
// that cannot be read has an error in its outcome.
func loadPlans(ctx context.Context, writer *archive.Writer, regions []string) []*plan {
	plans := make([]*plan, len(regions))
	var group errgroup.Group
	for i, region := range regions {
		group.Go(func() error {
			base, err := writer.Load(ctx, region)
			if err != nil {
				err = fmt.Errorf("reading the state of region %q: %w", region, err)
			}
			// Each goroutine writes its own element, so no lock is needed.
			plans[i] = &plan{regionID: region, base: base, outcome: outcome{err: err}}
			return nil
		})
	}
	_ = group.Wait() // the errors are in the outcomes
	return plans
}

// withoutErrors returns the plans of the regions that could be read.
func withoutErrors(plans []*plan) []*plan {
	return slices.DeleteFunc(slices.Clone(plans), func(p *plan) bool { return p.outcome.err != nil })
}

// addProblem adds a line to the problems of the region's report.
func (p *plan) addProblem(format string, values ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, values...))
}

// selectScopes plans the scopes of the region, given its clusters by id. It is called
// for the known clusters and again once they are listed. Most listings say what is
// known, and then the first plan stands.
func (p *plan) selectScopes(sel *selection, clusters map[string]catalog.Cluster) {
	sameTypes := func(a, b catalog.Cluster) bool { return slices.Equal(a.InstanceTypes, b.InstanceTypes) }
	if p.clusters != nil && maps.EqualFunc(p.clusters, clusters, sameTypes) {
		return
	}
	p.clusters, p.selected = clusters, sel.selectScopes(p.regionID, clusters)
	// Events narrow down what the settings and the request select.
	if p.events != nil {
		p.selected = slices.DeleteFunc(p.selected, func(s catalog.Scope) bool { return !p.isNeededByEvent(s) })
	}
}

// isNeededByEvent reports whether an event of the plan needs a scope.
func (p *plan) isNeededByEvent(scope catalog.Scope) bool {
	state, known := p.base.Scope(scope) // the zero state needs a check
	return slices.ContainsFunc(p.events, func(e *Event) bool {
		// The scopes that were asked before did not change because of an unnamed cluster.
		if e.ClusterID == "" {
			return !known
		}
		return e.ClusterID == scope.ClusterID && needsCheckAfter(state, *e)
	})
}

// removeHandledScopes leaves those of the selected scopes to ask that were not asked
// since the timer was due.
func (p *plan) removeHandledScopes(sel *selection, now time.Time) {
	for _, scope := range p.selected {
		if state, _ := p.base.Scope(scope); !sel.isAlreadyHandled(state, now) {
			p.scopes = append(p.scopes, scope)
		}
	}
	p.answered = len(p.selected) - len(p.scopes)
}

// findEndedScopes returns the stored scopes that the plan does not select. There are
// none if the run is restricted or does not know all clusters.
func (p *plan) findEndedScopes(sel *selection) []catalog.Scope {
	// The run that made a reused listing may have ended nothing: it was of another shard.
	if p.listing.reused && p.base.Discovery.Problem != nil {
		return nil
	}
	if sel.restricted || p.listing.result != nil && !p.listing.isBelieved() {
		return nil
	}
	// A scope that ended stays in the history; it only leaves the current state.
	asked := make(map[catalog.Scope]bool, len(p.selected))
	for _, s := range p.selected {
		asked[s] = true
	}
	var ended []catalog.Scope
	for _, state := range p.base.Scopes() {
		scope := state.Scope(p.regionID)
		if !asked[scope] && sel.request.Shard.contains(scope.ClusterID) {
			ended = append(ended, scope)
		}
	}
	return ended
}

// knownScopes returns the scopes that can be asked before the clusters have been listed:
// those that were asked before and, as far as is known, will be asked again.
func (p *plan) knownScopes(sel *selection, now time.Time) []catalog.Scope {
	var known []catalog.Scope
	for _, scope := range p.selected {
		if state, asked := p.base.Scope(scope); asked && !sel.isAlreadyHandled(state, now) {
			known = append(known, scope)
		}
	}
	return known
}

// hasNothingToCommit reports whether the plan repeats an event that was handled
// completely, the head included, or publishes none of the scopes that it accepts.
func (p *plan) hasNothingToCommit() bool {
	return (p.listing.reused || p.accept.accepting) && len(p.scopes)+len(p.ended) == 0
}

// stateAfter returns the state after the run: without a commit, what it was before. It
// is nil if the state could not be read.
func (p *plan) stateAfter() *archive.Region {
	if p.outcome.result.Region != nil {
		return p.outcome.result.Region
	}
	return p.base
}
