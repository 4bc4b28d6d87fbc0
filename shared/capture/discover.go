package capture

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// discoverClusters returns the clusters of each plan by id: those that were listed since
// the timer was due, or those that it lists now. It sets the listings and the problems
// of the plans.
func discoverClusters(
	ctx context.Context, sel *selection, plans []*plan, calls *caller, g guard,
) []map[string]catalog.Cluster {
	if areAlreadyListed(sel, plans, calls.now()) {
		return lastListedClusters(sel, plans)
	}
	listings := make([][]ehpc.Cluster, len(plans))
	var group errgroup.Group
	group.SetLimit(sel.settings.Concurrency)
	for i, p := range plans {
		group.Go(func() error {
			listings[i], p.listing.result = listClusters(ctx, calls, p.base)
			return nil
		})
	}
	_ = group.Wait()

	// All listings must be there first: one endpoint may list clusters of the others.
	found, regionOf := assignClusters(plans, listings)
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		tolerateUnusable(p, found[i], regionOf)
		g.holdListingIfAnomalous(p.listing.result, p.base, found[i], sel.settings.InstanceTypes.Auto)
		clusters[i] = completeListing(p, found[i])
	}
	// A run of events covers only some of the regions, so it cannot tell what is listed
	// nowhere, unless there is only one.
	if len(sel.events) == 0 || len(sel.settings.Regions) == 1 {
		addUnlistedClusters(sel, plans, clusters, regionOf)
	}
	return clusters
}

// areAlreadyListed reports whether the clusters of all plans were listed since the
// timer was due. It must be all, because one endpoint may list clusters of another
// region. A held listing counts: listing it again would confirm it.
func areAlreadyListed(sel *selection, plans []*plan, now time.Time) bool {
	return !slices.ContainsFunc(plans, func(p *plan) bool {
		d := p.base.Discovery
		return !sel.isSinceDue(d.TriedAt, now) || d.Problem != nil && d.Held == 0
	})
}

// lastListedClusters returns the stored clusters of each plan, by id.
func lastListedClusters(sel *selection, plans []*plan) []map[string]catalog.Cluster {
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		clusters[i] = p.base.ClustersByID()
		p.listing.reused = true // so that scopes are ended only if that listing was believed
	}
	addUnlistedClusters(sel, plans, clusters, nil)
	return clusters
}

// assignClusters returns the listed clusters of each plan's own region by id, and the
// region of every listed cluster. listings[i] is from the endpoint of plans[i]. If
// several endpoints list a cluster, the entry of its own region's endpoint counts.
func assignClusters(
	plans []*plan, listings [][]ehpc.Cluster,
) (found []map[string]ehpc.Cluster, regionOf map[string]string) {
	found, regionOf = make([]map[string]ehpc.Cluster, len(plans)), map[string]string{}
	for i := range plans {
		found[i] = map[string]ehpc.Cluster{}
	}
	for i, p := range plans {
		for _, c := range listings[i] {
			// A problem is reported even if the rest of the entry can be used.
			if c.Problem != "" {
				p.problems = append(p.problems, c.Problem)
			}
			if c.ClusterID == "" {
				p.listing.unusableEntries++
				continue
			}
			regionOf[c.ClusterID] = c.RegionID
			// home is the plan of the region; -1 if the run does not cover it.
			home := slices.IndexFunc(plans, func(q *plan) bool { return q.regionID == c.RegionID })
			if home < 0 {
				continue
			}
			if _, known := found[home][c.ClusterID]; !known || home == i {
				found[home][c.ClusterID] = c
			}
		}
	}
	return found, regionOf
}

// addUnlistedClusters handles the clusters that the settings or the request name and
// that no region of the run lists. If one region is captured they are asked there, so
// that E-HPC says what is wrong, unless they are known to be in another region.
// Otherwise they become problems. A run of fewer regions than are captured reports only
// the clusters that its request names.
func addUnlistedClusters(
	sel *selection, plans []*plan, clusters []map[string]catalog.Cluster, regionOf map[string]string,
) {
	oneRegion := len(sel.settings.Regions) == 1 && len(plans) == 1
	allRegions := len(plans) == len(sel.settings.Regions)
	for _, id := range slices.Sorted(maps.Keys(sel.named)) {
		isListed := func(m map[string]catalog.Cluster) bool { _, ok := m[id]; return ok }
		region := regionOf[id]
		switch {
		case slices.ContainsFunc(clusters, isListed):
		case region == "" && oneRegion:
			clusters[0][id] = sel.named[id]
		case allRegions || slices.Contains(sel.request.Clusters, id):
			for _, p := range plans {
				if region != "" {
					p.addProblem("cluster %q is in region %q, which was not asked", id, region)
				} else {
					p.addProblem("cluster %q is listed in none of the regions that were asked", id)
				}
			}
		}
	}
}

// completeListing sets the clusters of a region's listing and returns them by id.
// found are the clusters that are listed. If the listing failed or is anomalous, the
// known clusters stay with their instance types, and the listed ones are added.
func completeListing(p *plan, found map[string]ehpc.Cluster) map[string]catalog.Cluster {
	l := p.listing.result
	clusters := map[string]catalog.Cluster{}
	if l.Problem != nil {
		clusters = p.base.ClustersByID()
	}
	raw := []json.RawMessage{} // not nil: an empty listing is stored as []
	for _, id := range slices.Sorted(maps.Keys(found)) {
		// A cluster that lost its types keeps them while the listing is not believed.
		if known := clusters[id]; !lostTypes(known, found[id].Cluster) {
			clusters[id] = found[id].Cluster
		}
		l.Clusters = append(l.Clusters, found[id].Cluster)
		if found[id].Raw != nil {
			raw = append(raw, found[id].Raw)
		}
	}
	l.Upstream, _ = json.Marshal(raw) // no error: the entries are valid JSON
	return clusters
}

// tolerateUnusable adds to a listing what its unusable entries may have meant. A
// cluster with an unusable instance type keeps its known types. If an entry names no
// cluster, the known clusters that are listed nowhere stay. regionOf has the region
// of every listed cluster, by id.
func tolerateUnusable(p *plan, found map[string]ehpc.Cluster, regionOf map[string]string) {
	for id, c := range found {
		if known, ok := p.base.Cluster(id); ok && c.Problem != "" {
			// Not nil even if there are none: that would be stored as a change.
			types := append(append([]string{}, c.InstanceTypes...), known.InstanceTypes...)
			slices.Sort(types)
			c.InstanceTypes = slices.Compact(types)
			found[id] = c
		}
	}
	// If every entry names its cluster, those that are not listed have gone.
	if p.listing.unusableEntries == 0 {
		return
	}
	// The stored entries are kept too, so that the listing of now can be served whole.
	entries, kept := lastListedEntries(p.base), 0
	for _, c := range p.base.Clusters() {
		if regionOf[c.ClusterID] == "" {
			found[c.ClusterID] = ehpc.Cluster{Cluster: c, Raw: entries[c.ClusterID]}
			kept++
		}
	}
	if kept > 0 {
		p.addProblem("the listing has %d entries that name no cluster; %d clusters that it does not list stay",
			p.listing.unusableEntries, kept)
	}
}

// lastListedEntries returns the entries of the last listing, by cluster.
func lastListedEntries(base *archive.Region) map[string]json.RawMessage {
	entries := map[string]json.RawMessage{}
	var last []json.RawMessage
	_ = json.Unmarshal(base.Upstream, &last) // it is empty if there was no listing
	for _, raw := range last {
		if c, _, err := catalog.ParseCluster(raw, base.RegionID); err == nil {
			entries[c.ClusterID] = raw
		}
	}
	return entries
}
