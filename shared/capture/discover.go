package capture

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// needsListing reports whether a run must list the clusters: all are wanted, or their
// regions or instance types are not known.
func (s Settings) needsListing(req Request) bool {
	return len(s.Clusters) == 0 || len(s.Regions) > 1 || s.InstanceTypes.Auto && len(req.InstanceTypes) == 0
}

// discoverClusters lists the clusters at the endpoint of every region, and returns the
// clusters of each plan by id. One endpoint may list clusters of all regions; each
// cluster goes to the plan of its own region. It sets the discovery and the problems
// of the plans.
func (r *runner) discoverClusters(ctx context.Context, plans []*plan) []map[string]catalog.Cluster {
	listings := make([][]ehpc.Cluster, len(plans))
	var group errgroup.Group
	group.SetLimit(r.settings.Concurrency)
	for i, p := range plans {
		group.Go(func() error {
			listings[i], p.discovery = r.listClusters(ctx, p.base)
			return nil
		})
	}
	_ = group.Wait()

	// All listings must be there first: one endpoint may list clusters of the others.
	found, regionOf := assignClusters(plans, listings)
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		p.tolerateUnusable(found[i], regionOf)
		clusters[i] = r.completeDiscovery(p, found[i])
	}
	// A run of events covers only some of the regions, so it cannot tell what is listed
	// nowhere, unless there is only one.
	if len(r.request.Events) == 0 || len(r.settings.Regions) == 1 {
		r.addUnlistedClusters(plans, clusters, regionOf)
	}
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
				p.unusableEntries++
				continue
			}
			regionOf[c.ClusterID] = c.RegionID
			// home is the plan of the region; -1 if the run does not cover it.
			home := slices.IndexFunc(plans, func(q *plan) bool { return q.base.RegionID == c.RegionID })
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
func (r *runner) addUnlistedClusters(
	plans []*plan, clusters []map[string]catalog.Cluster, regionOf map[string]string,
) {
	oneRegion := len(r.settings.Regions) == 1 && len(plans) == 1
	allRegions := len(plans) == len(r.settings.Regions)
	named := namedClusters(r.settings, r.request)
	for _, id := range slices.Sorted(maps.Keys(named)) {
		isListed := func(m map[string]catalog.Cluster) bool { _, ok := m[id]; return ok }
		region := regionOf[id]
		switch {
		case slices.ContainsFunc(clusters, isListed):
		case region == "" && oneRegion:
			clusters[0][id] = named[id]
		case allRegions || slices.Contains(r.request.Clusters, id):
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

// completeDiscovery sets the clusters of a region's discovery and returns them by id.
// found are the clusters that are listed. If the listing failed or is anomalous, the
// known clusters stay with their instance types, and the listed ones are added.
func (r *runner) completeDiscovery(p *plan, found map[string]ehpc.Cluster) map[string]catalog.Cluster {
	r.holdListingIfAnomalous(p, found)
	clusters := map[string]catalog.Cluster{}
	if p.discovery.Problem != nil {
		clusters = p.base.ClustersByID()
	}
	raw := []json.RawMessage{} // not nil: an empty listing is stored as []
	for _, id := range slices.Sorted(maps.Keys(found)) {
		// A cluster that lost its types keeps them while the listing is not believed.
		if known := clusters[id]; !lostTypes(known, found[id].Cluster) {
			clusters[id] = found[id].Cluster
		}
		p.discovery.Clusters = append(p.discovery.Clusters, found[id].Cluster)
		if found[id].Raw != nil {
			raw = append(raw, found[id].Raw)
		}
	}
	p.discovery.Upstream, _ = json.Marshal(raw) // no error: the entries are valid JSON
	return clusters
}

// listClusters lists the clusters of a region, and a second time if a listing of
// several pages misses a known cluster. While pages are read, a cluster that comes and
// one that goes can move a third to a page that was already read. What either listing
// has is returned. A listing with an entry that names no cluster is not read again,
// because it ends no scope.
func (r *runner) listClusters(ctx context.Context, base *archive.Region) ([]ehpc.Cluster, *archive.Listing) {
	clusters, discovery, pages := r.readListing(ctx, base.RegionID)
	listed := map[string]bool{}
	for _, c := range clusters {
		listed[c.ClusterID] = true
	}
	complete := !slices.ContainsFunc(base.Clusters(), func(c catalog.Cluster) bool { return !listed[c.ClusterID] })
	if discovery.Problem != nil || pages < 2 || complete || listed[""] {
		return clusters, discovery
	}
	// The second listing only adds clusters. Its failure makes the discovery a failed one.
	again, second, _ := r.readListing(ctx, base.RegionID)
	discovery.Problem = second.Problem
	for _, c := range again {
		if !listed[c.ClusterID] {
			clusters = append(clusters, c)
		}
	}
	return clusters, discovery
}

// readListing reads one listing. Each page is a call of its own, with its own retries;
// calls is their number. The time of the discovery is that of its first page. If there
// was no time even for that, it is the time when the waiting ended.
func (r *runner) readListing(
	ctx context.Context, region string,
) (clusters []ehpc.Cluster, discovery *archive.Listing, calls int64) {
	discovery = &archive.Listing{}
	var first sync.Once
	var count atomic.Int64
	run := func(ctx context.Context, call func(context.Context) error) error {
		count.Add(1)
		at, err := r.callWithRetries(ctx, call)
		// Pages are read concurrently. The first that ends is page 1: only it says how
		// many there are.
		first.Do(func() { discovery.At = at })
		return err
	}
	clusters, err := r.client.ListClusters(ctx, region, run)
	if err == nil {
		return clusters, discovery, count.Load()
	}
	// An answer of E-HPC says more than that the time is up.
	if ctx.Err() != nil && findAPIError(err) == nil {
		err = errNoTime
	}
	if discovery.At.IsZero() {
		discovery.At = catalog.At(r.now())
	}
	discovery.Problem = newProblem(err)
	return nil, discovery, count.Load()
}

// namedClusters returns the clusters that the settings and the request name, by id. If
// one region is captured, they need no listing.
func namedClusters(s Settings, req Request) map[string]catalog.Cluster {
	clusters := map[string]catalog.Cluster{}
	for _, id := range slices.Concat(s.Clusters, req.Clusters) {
		if allows(s.Clusters, id) && allows(req.Clusters, id) {
			clusters[id] = catalog.Cluster{ClusterID: id}
		}
	}
	return clusters
}
