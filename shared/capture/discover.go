package capture

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// discovers says whether the plan needs to know the clusters.
func (s Settings) discovers(req Request) bool {
	return len(s.Clusters) == 0 || len(s.Regions) > 1 || s.Types.Auto && len(req.InstanceTypes) == 0
}

// discover lists the clusters at the endpoint of every region and hands each
// to the region it is in: one endpoint may list clusters of all of them. It
// fills in discovery and problems of the plans and returns the clusters of
// each plan.
func (r *runner) discover(ctx context.Context, plans []*plan) []map[string]catalog.Cluster {
	answers := make([][]Cluster, len(plans))
	var group errgroup.Group
	group.SetLimit(r.settings.Concurrency)
	for i, p := range plans {
		group.Go(func() error {
			answers[i], p.discovery = r.list(ctx, p.base.RegionID)
			return nil
		})
	}
	_ = group.Wait()

	found := make([]map[string]Cluster, len(plans))
	for i := range plans {
		found[i] = map[string]Cluster{}
	}
	for i, p := range plans {
		for _, c := range answers[i] {
			if c.Problem != "" {
				p.problems = append(p.problems, c.Problem)
			}
			home := slices.IndexFunc(plans, func(q *plan) bool { return q.base.RegionID == c.RegionID })
			if home < 0 || c.ClusterID == "" {
				continue
			}
			if _, known := found[home][c.ClusterID]; !known || home == i {
				found[home][c.ClusterID] = c
			}
		}
	}
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		clusters[i] = r.settle(p, found[i])
	}
	if len(r.request.Events) == 0 || len(r.settings.Regions) == 1 {
		addUnlisted(named(r.settings, r.request), plans, clusters)
	}
	return clusters
}

// addUnlisted plans the clusters that were named and not listed. Where there
// is one region they are asked there, and upstream says what is wrong.
func addUnlisted(names map[string]catalog.Cluster, plans []*plan, clusters []map[string]catalog.Cluster) {
	for _, id := range slices.Sorted(maps.Keys(names)) {
		if slices.ContainsFunc(clusters, func(m map[string]catalog.Cluster) bool { _, ok := m[id]; return ok }) {
			continue
		}
		if len(plans) == 1 {
			clusters[0][id] = names[id]
			continue
		}
		for _, p := range plans {
			p.problems = append(p.problems, fmt.Sprintf("cluster %q is in none of the regions", id))
		}
	}
}

// settle completes the discovery of a region. If its own endpoint did not
// answer, or the listing is suspicious, the clusters known so far stay, and
// those that were listed join.
func (r *runner) settle(p *plan, found map[string]Cluster) map[string]catalog.Cluster {
	r.guardListing(p, found)
	clusters := map[string]catalog.Cluster{}
	if p.discovery.Problem != nil {
		clusters = p.base.ClustersByID()
	}
	raw := []json.RawMessage{}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		clusters[id] = found[id].Cluster
		p.discovery.Clusters = append(p.discovery.Clusters, found[id].Cluster)
		raw = append(raw, found[id].Raw)
	}
	p.discovery.Upstream, _ = json.Marshal(raw) // entries are valid JSON
	return clusters
}

// list asks one endpoint, with retries.
func (r *runner) list(ctx context.Context, region string) ([]Cluster, *archive.Listing) {
	var clusters []Cluster
	at, err := r.call(ctx, func(ctx context.Context) (err error) {
		clusters, err = r.upstream.Clusters(ctx, region)
		return err
	})
	listing := &archive.Listing{At: at}
	if err != nil {
		listing.Problem = problemOf(err)
		return nil, listing
	}
	return clusters, listing
}

// named are the clusters of the settings or the request that no listing is
// needed for. With one region they can be nowhere else.
func named(s Settings, req Request) map[string]catalog.Cluster {
	clusters := map[string]catalog.Cluster{}
	for _, id := range slices.Concat(s.Clusters, req.Clusters) {
		if wanted(s.Clusters, id) && wanted(req.Clusters, id) {
			clusters[id] = catalog.Cluster{ClusterID: id}
		}
	}
	return clusters
}
