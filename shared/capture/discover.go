package capture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

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
			answers[i], p.discovery = r.listWell(ctx, p.base)
			return nil
		})
	}
	_ = group.Wait()

	found := make([]map[string]Cluster, len(plans))
	for i := range plans {
		found[i] = map[string]Cluster{}
	}
	placed := map[string]string{} // cluster -> region
	for i, p := range plans {
		for _, c := range answers[i] {
			if c.Problem != "" {
				p.problems = append(p.problems, c.Problem)
			}
			if c.ClusterID == "" {
				p.unusable++
				continue
			}
			placed[c.ClusterID] = c.RegionID
			home := slices.IndexFunc(plans, func(q *plan) bool { return q.base.RegionID == c.RegionID })
			if home < 0 {
				continue
			}
			if _, known := found[home][c.ClusterID]; !known || home == i {
				found[home][c.ClusterID] = c
			}
		}
	}
	clusters := make([]map[string]catalog.Cluster, len(plans))
	for i, p := range plans {
		p.keepKnown(found[i], placed)
		clusters[i] = r.settle(p, found[i])
	}
	if len(r.request.Events) == 0 || len(r.settings.Regions) == 1 {
		r.addUnlisted(plans, clusters, placed)
	}
	return clusters
}

// addUnlisted deals with the clusters that were named and are listed in no
// region of the run. Where one region is captured they are asked there, and
// upstream says what is wrong, unless they are known to be elsewhere. A run of
// fewer regions than are captured misses only clusters that it names itself.
func (r *runner) addUnlisted(plans []*plan, clusters []map[string]catalog.Cluster, placed map[string]string) {
	names := named(r.settings, r.request)
	for _, id := range slices.Sorted(maps.Keys(names)) {
		if slices.ContainsFunc(clusters, func(m map[string]catalog.Cluster) bool { _, ok := m[id]; return ok }) {
			continue
		}
		problem := fmt.Sprintf("cluster %q is listed in none of the regions that were asked", id)
		if region := placed[id]; region != "" {
			problem = fmt.Sprintf("cluster %q is in region %q, which was not asked", id, region)
		} else if len(r.settings.Regions) == 1 && len(plans) == 1 {
			clusters[0][id] = names[id]
			continue
		}
		if len(plans) < len(r.settings.Regions) && !slices.Contains(r.request.Clusters, id) {
			continue
		}
		for _, p := range plans {
			p.problems = append(p.problems, problem)
		}
	}
}

// settle completes the discovery of a region. If its own endpoint did not
// answer, or the listing is suspicious, the clusters known so far stay, with
// their instance types, and those that were listed join.
func (r *runner) settle(p *plan, found map[string]Cluster) map[string]catalog.Cluster {
	r.guardListing(p, found)
	clusters := map[string]catalog.Cluster{}
	if p.discovery.Problem != nil {
		clusters = p.base.ClustersByID()
	}
	raw := []json.RawMessage{}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if known := clusters[id]; !bereft(known, found[id].Cluster) {
			clusters[id] = found[id].Cluster
		}
		p.discovery.Clusters = append(p.discovery.Clusters, found[id].Cluster)
		if found[id].Raw != nil {
			raw = append(raw, found[id].Raw)
		}
	}
	p.discovery.Upstream, _ = json.Marshal(raw) // entries are valid JSON
	return clusters
}

// listWell lists the clusters of a region. While pages are read a cluster may
// come and another go, so that a third slips from one page to another and is on
// none: a listing of several pages that misses a known cluster is read again,
// and what is in either is there. One with an entry that names no cluster is
// not: it ends nothing.
func (r *runner) listWell(ctx context.Context, base *archive.Region) ([]Cluster, *archive.Listing) {
	clusters, listing, pages := r.list(ctx, base.RegionID)
	listed := map[string]bool{}
	for _, c := range clusters {
		listed[c.ClusterID] = true
	}
	complete := !slices.ContainsFunc(base.Clusters, func(c catalog.Cluster) bool { return !listed[c.ClusterID] })
	if listing.Problem != nil || pages < 2 || complete || listed[""] {
		return clusters, listing
	}
	again, second, _ := r.list(ctx, base.RegionID)
	listing.Problem = second.Problem
	for _, c := range again {
		if !listed[c.ClusterID] {
			clusters = append(clusters, c)
		}
	}
	return clusters, listing
}

// list asks one endpoint and counts its pages. Every page is a call like any
// other, repeated alone if it fails. The listing is as old as its first page, or,
// if there was not even time to ask for that, as old as the end of the waiting
// for it.
func (r *runner) list(ctx context.Context, region string) (clusters []Cluster, listing *archive.Listing, pages int64) {
	listing = &archive.Listing{}
	var first sync.Once
	var asked atomic.Int64
	clusters, err := r.upstream.Clusters(ctx, region, func(ctx context.Context, ask func(context.Context) error) error {
		asked.Add(1)
		at, err := r.call(ctx, ask)
		first.Do(func() { listing.At = at })
		return err
	})
	if err == nil {
		return clusters, listing, asked.Load()
	}
	if fault := new(Fault); ctx.Err() != nil && !errors.As(err, &fault) {
		err = errNoTime
	}
	if listing.At.IsZero() {
		listing.At = catalog.At(r.now())
	}
	listing.Problem = problemOf(err)
	return nil, listing, asked.Load()
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
