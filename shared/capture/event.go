package capture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Event says that something has happened to the clusters of a region. Where
// a run knows of no check that came later, it lists the clusters of that
// region, asks about the one that is named, and ends the scopes of clusters
// that are listed no more. An event that names no cluster makes it ask about
// what it has never asked.
type Event struct {
	ID        string       `json:"Id,omitempty"`
	Type      string       `json:"Type"`
	RegionID  string       `json:"RegionId,omitempty"`  // empty: every region
	ClusterID string       `json:"ClusterId,omitempty"` // empty: none is named
	At        catalog.Time `json:"At"`                  // when it happened
	// Outcome is taken, skipped (a later check knows already), ignored (it
	// changes nothing here), refused (it cannot be read) or failed (what is
	// known could not be read); a run decides about events that have none yet.
	Outcome string `json:"Outcome"`
	Reason  string `json:"Reason,omitempty"`

	listed bool // the cluster is in one of the regions
}

// judge ignores an event that the settings leave out.
func (e *Event) judge(s Settings) {
	if e.Outcome != "" {
		return
	}
	if e.RegionID != "" && !slices.Contains(s.Regions, e.RegionID) {
		e.Outcome, e.Reason = "ignored", fmt.Sprintf("region %q is not captured here (setting EHPC_REGIONS: %s)", e.RegionID, strings.Join(s.Regions, ", "))
		return
	}
	if e.ClusterID == "" {
		if !s.discovers(Request{}) {
			e.Outcome, e.Reason = "ignored", "it names no cluster, and clusters are not listed here (setting SNAPSHOT_CLUSTERS)"
		}
	} else if err := catalog.ValidateName("cluster", e.ClusterID); err != nil {
		e.Outcome, e.Reason = "refused", err.Error()
	} else if !wanted(s.Clusters, e.ClusterID) {
		e.Outcome, e.Reason = "ignored", fmt.Sprintf("cluster %q is not captured here (setting SNAPSHOT_CLUSTERS)", e.ClusterID)
	}
}

// eventRegions are the regions that the events of a request are about.
func eventRegions(s Settings, events []Event) []string {
	return slices.DeleteFunc(slices.Clone(s.Regions), func(region string) bool {
		return !slices.ContainsFunc(events, func(e Event) bool { return e.in(region) })
	})
}

func (e Event) in(region string) bool {
	return e.Outcome != "skipped" && e.Outcome != "ignored" && e.Outcome != "refused" && (e.RegionID == "" || e.RegionID == region)
}

// due leaves the plans that an event asks for, and skips the other events.
func (r *runner) due(plans []*plan, report *Report) []*plan {
	for i := range report.Events {
		e := &report.Events[i]
		for _, p := range plans {
			if e.in(p.base.RegionID) && !r.knows(p.base, *e) {
				p.events = append(p.events, e)
				e.Outcome = "taken"
			}
		}
		for _, region := range report.Regions {
			if e.Outcome == "" && region.Error != "" && e.in(region.RegionID) {
				e.Outcome, e.Reason = "failed", region.Error
			}
		}
		if e.Outcome == "" {
			e.Outcome, e.Reason = "skipped", "a check that began later knows already"
		}
	}
	return slices.DeleteFunc(plans, func(p *plan) bool {
		if p.events == nil {
			p.report.add(p, archive.Result{}, 0)
		}
		return p.events == nil
	})
}

// knows says whether everything an event can have changed has been asked
// since it happened.
func (r *runner) knows(base *archive.Region, e Event) bool {
	discovers := r.settings.discovers(r.request)
	if discovers && !base.Discovery.CheckedAt.After(e.At.Time) {
		return false
	}
	asked := 0
	for _, s := range base.Scopes {
		if s.ClusterID != e.ClusterID || e.ClusterID == "" {
			continue
		}
		if asked++; s.State == archive.Failed || !s.TriedAt.After(e.At.Time) {
			return false
		}
	}
	_, listed := base.Cluster(e.ClusterID)
	return asked > 0 || discovers && !listed
}

// concerns says whether an event of the plan asks for a scope; every plan
// without events asks for all of its own.
func (p *plan) concerns(scope catalog.Scope) bool {
	state, known := p.base.Scope(scope)
	return p.events == nil || slices.ContainsFunc(p.events, func(e *Event) bool {
		if e.ClusterID == "" {
			return !known
		}
		return e.ClusterID == scope.ClusterID && (state.State == archive.Failed || !state.TriedAt.After(e.At.Time))
	})
}

// vanished are the scopes of clusters that are listed no more. What became
// of the events is written into them.
func (p *plan) vanished(clusters map[string]catalog.Cluster) []catalog.Scope {
	var ended []catalog.Scope
	for _, state := range p.base.Scopes {
		if _, listed := clusters[state.ClusterID]; !listed && state.ClusterID != "" && p.discovery != nil && p.discovery.Problem == nil {
			ended = append(ended, state.Scope(p.base.RegionID))
		}
	}
	for _, e := range p.events {
		if _, listed := clusters[e.ClusterID]; listed {
			e.listed, e.Reason = true, ""
		}
		if e.listed || e.ClusterID == "" {
			continue
		}
		e.Reason = "the cluster is not listed; if it is new, another event or the next run finds it"
		if slices.ContainsFunc(ended, func(s catalog.Scope) bool { return s.ClusterID == e.ClusterID }) {
			e.Reason = "the cluster is listed no more; its scopes ended"
		} else if p.discovery != nil && p.discovery.Problem != nil {
			e.Reason = cmp.Or(p.discovery.Problem.Message, "the clusters could not be listed")
		}
	}
	return ended
}
