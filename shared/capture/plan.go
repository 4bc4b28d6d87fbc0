package capture

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// plan is what a run will do in one region.
type plan struct {
	base      *archive.Region
	discovery *archive.Listing // nil: clusters are not discovered
	scopes    []catalog.Scope  // to ask
	ended     []catalog.Scope  // to ask no more
	problems  []string         // entries of the listing that could not be used
	unusable  int              // of these, how many name no cluster
	report    *RegionReport
	repeated  bool     // the clusters have been listed since the event
	events    []*Event // that made the plan; nil: it is not about events
}

// planScopes decides which scopes of a region to ask and which have ended.
// clusters are those of the region, as discovered or last known.
func planScopes(s Settings, req Request, p *plan, clusters map[string]catalog.Cluster) []catalog.Scope {
	region := p.base.RegionID
	var scopes []catalog.Scope
	add := func(cluster string, types []string) {
		if !req.Shard.holds(cluster) {
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
		add("", s.Types.List)
	}
	for id, c := range clusters {
		if !wanted(s.Clusters, id) || !wanted(req.Clusters, id) {
			continue
		}
		types := s.Types.List
		if s.Types.Auto {
			types = c.InstanceTypes
		}
		add(id, types)
	}
	if len(req.Accept) > 0 {
		scopes = slices.DeleteFunc(scopes, func(s catalog.Scope) bool { return !slices.Contains(req.Accept, s.String()) })
	}
	scopes = slices.DeleteFunc(scopes, func(s catalog.Scope) bool { return !p.concerns(s) })
	slices.SortFunc(scopes, catalog.Scope.Compare)
	return slices.Compact(scopes)
}

// unaccepted names the scopes of the region that are to be accepted and are
// not asked: a slip of the operator's, who would wait for them in vain.
func (p *plan) unaccepted(accept []string) (problems []string) {
	for _, name := range accept {
		asked := slices.ContainsFunc(p.scopes, func(s catalog.Scope) bool { return s.String() == name })
		if !asked && strings.HasPrefix(name, p.base.RegionID+"/") {
			problems = append(problems, fmt.Sprintf("accept: %q is not a scope that is asked", name))
		}
	}
	return problems
}

// wanted says whether a list, if there is one, has the name.
func wanted(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

// endedScopes are those that the base still has and the plan no longer asks.
// Only a run that knows all clusters and is not restricted may end a scope.
func endedScopes(p plan, req Request) []catalog.Scope {
	if req.restricted() || p.discovery != nil && p.discovery.Problem != nil {
		return nil
	}
	asked := make(map[catalog.Scope]bool, len(p.scopes))
	for _, s := range p.scopes {
		asked[s] = true
	}
	var ended []catalog.Scope
	for _, state := range p.base.Scopes {
		if scope := state.Scope(p.base.RegionID); !asked[scope] && req.Shard.holds(scope.ClusterID) {
			ended = append(ended, scope)
		}
	}
	return ended
}

// stalestFirst orders the scopes of all regions by when they were last asked,
// so that a run that is cut short is continued by the next one.
func stalestFirst(plans []*plan) []*task {
	var tasks []*task
	for _, p := range plans {
		for _, scope := range p.scopes {
			state, _ := p.base.Scope(scope)
			tasks = append(tasks, &task{scope: scope, known: state})
		}
	}
	slices.SortStableFunc(tasks, func(a, b *task) int {
		return cmp.Or(a.known.TriedAt.Compare(b.known.TriedAt.Time), a.scope.Compare(b.scope))
	})
	return tasks
}

// task is one scope to ask.
type task struct {
	scope catalog.Scope
	known archive.ScopeState // zero: never asked
}
