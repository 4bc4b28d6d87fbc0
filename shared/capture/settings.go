package capture

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-images/shared/catalog"
)

// Settings say what is captured and how hard upstream may be asked.
type Settings struct {
	Regions  []string
	Clusters []string // empty: every cluster that is discovered
	Unscoped bool     // ask without a cluster as well
	Types    Types
	// Concurrency bounds the calls of a Capturer that are under way at a time,
	// over all runs and regions, the pages of listings included; at least 1.
	Concurrency int
	// ShrinkGuard is the percentage of a list that may vanish in one step; 100
	// lets every answer pass.
	ShrinkGuard int
	// Margin is kept free before the deadline for storing and reporting.
	Margin time.Duration
}

// Types says with which instance types clusters are asked, besides without.
type Types struct {
	Auto bool     // with each cluster's own
	List []string // with each of these
}

// Request is what one invocation asks for. Empty lists mean: as the settings
// say. A restricted request never ends a scope.
type Request struct {
	RunID         string
	Trigger       string   // timer, event, direct
	Regions       []string // some of the settings' regions
	Clusters      []string // ClusterIds
	InstanceTypes []string
	Shard         Shard
	// Accept names the scopes, as Scope.String has them, that alone are asked
	// and whose answers are published however suspicious they are.
	Accept []string
	// Due is when the timer was due whose event the request is; zero: it is no
	// timer's. What has been asked since is not asked again: FC may deliver an
	// event more than once, and late.
	Due time.Time
	// Events, if there are any, are all that the request is about; the lists
	// above are empty then.
	Events []Event
}

func (r Request) restricted() bool {
	return len(r.Clusters) > 0 || len(r.InstanceTypes) > 0 || len(r.Accept) > 0
}

// Validate names the first part of the request that cannot be served.
func (r Request) Validate(s Settings) error {
	for _, region := range r.Regions {
		if !slices.Contains(s.Regions, region) {
			return fmt.Errorf("regions: %q is not captured here; allowed are %s (setting EHPC_REGIONS)", region, strings.Join(s.Regions, ", "))
		}
	}
	for _, id := range r.Clusters {
		if err := catalog.ValidateName("clusters:", id); err != nil {
			return err
		}
		if len(s.Clusters) > 0 && !slices.Contains(s.Clusters, id) {
			return fmt.Errorf("clusters: %q is not captured here; allowed are %s (setting SNAPSHOT_CLUSTERS)", id, strings.Join(s.Clusters, ", "))
		}
	}
	for _, t := range r.InstanceTypes {
		if err := catalog.ValidateName("instanceTypes:", t); err != nil {
			return err
		}
	}
	for _, scope := range r.Accept {
		region, path, _ := strings.Cut(scope, "/")
		if _, err := catalog.ParseScopePath(region, path); err != nil || !slices.Contains(s.Regions, region) {
			return fmt.Errorf("accept: %q is not a scope of the form <RegionId>/<ClusterId or %s>/<InstanceType or %s> in one of %s",
				scope, catalog.Any, catalog.Any, strings.Join(s.Regions, ", "))
		}
		if len(r.Regions) > 0 && !slices.Contains(r.Regions, region) {
			return fmt.Errorf(`accept: %q is in none of the "regions" that are to be asked: %s`, scope, strings.Join(r.Regions, ", "))
		}
	}
	return nil
}

// Shard is one of Count equal parts of a fleet. The zero Shard is all of it.
type Shard struct {
	Index int // from 1
	Count int
}

// maxShards bounds how far a fleet can be split.
const maxShards = 1000

// ParseShard reads "i/n".
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || index < 1 || count < index || count > maxShards {
		return Shard{}, fmt.Errorf("shard: %q is not of the form i/n with 1 <= i <= n <= %d", s, maxShards)
	}
	return Shard{Index: index, Count: count}, nil
}

// holds says whether a cluster belongs to the shard. All scopes of one cluster
// are in one shard.
func (s Shard) holds(clusterID string) bool {
	if s.Count < 2 {
		return true
	}
	h := fnv.New32a()
	h.Write([]byte(clusterID))
	return int(h.Sum32()%uint32(s.Count)) == s.Index-1
}
