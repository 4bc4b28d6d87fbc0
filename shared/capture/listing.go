package capture

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/ehpc"
)

// listClusters lists the clusters of a region, and a second time if a listing of
// several pages misses a known cluster. While pages are read, a cluster that comes and
// one that goes can move a third to a page that was already read. What either listing
// has is returned. A listing with an entry that names no cluster is not read again,
// because it ends no scope.
func listClusters(ctx context.Context, c *caller, base *archive.Region) ([]ehpc.Cluster, *archive.Listing) {
	clusters, discovery, pages := readListing(ctx, c, base.RegionID)
	listed := map[string]bool{}
	for _, cluster := range clusters {
		listed[cluster.ClusterID] = true
	}
	complete := !slices.ContainsFunc(base.Clusters(), func(c catalog.Cluster) bool { return !listed[c.ClusterID] })
	if discovery.Problem != nil || pages < 2 || complete || listed[""] {
		return clusters, discovery
	}
	// The second listing only adds clusters. Its failure makes the discovery a failed one.
	again, second, _ := readListing(ctx, c, base.RegionID)
	discovery.Problem = second.Problem
	for _, cluster := range again {
		if !listed[cluster.ClusterID] {
			clusters = append(clusters, cluster)
		}
	}
	return clusters, discovery
}

// readListing reads one listing. Each page is a call of its own, with its own retries;
// calls is their number. The time of the discovery is that of its first page. If there
// was no time even for that, it is the time when the waiting ended.
func readListing(
	ctx context.Context, c *caller, region string,
) (clusters []ehpc.Cluster, discovery *archive.Listing, calls int64) {
	discovery = &archive.Listing{}
	var first sync.Once
	var count atomic.Int64
	callPage := func(ctx context.Context, call func(context.Context) error) error {
		count.Add(1)
		at, err := c.callWithRetries(ctx, call)
		// Pages are read concurrently. The first that ends is page 1: only it says how
		// many there are.
		first.Do(func() { discovery.At = at })
		return err
	}
	clusters, err := c.client.ListClusters(ctx, region, callPage)
	if err == nil {
		return clusters, discovery, count.Load()
	}
	// An answer of E-HPC says more than that the time is up.
	if ctx.Err() != nil && findAPIError(err) == nil {
		err = errNoTime
	}
	if discovery.At.IsZero() {
		discovery.At = catalog.At(c.now())
	}
	discovery.Problem = newProblem(err)
	return nil, discovery, count.Load()
}
