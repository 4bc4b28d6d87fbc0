package capture

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"
)

// Settings say what is captured and how fast E-HPC may be asked.
type Settings struct {
	Regions       []string      // at least one
	Clusters      []string      // empty: every cluster that is listed
	Unscoped      bool          // ask without a cluster as well
	InstanceTypes InstanceTypes // with which types clusters are asked
	// Concurrency is the number of calls that a Capturer makes at a time, over all runs
	// and regions, pages of listings included. It is at least 1.
	Concurrency int
	// ShrinkGuard is the percentage of a list that may disappear in one step before the
	// answer is held. 100 publishes every answer.
	ShrinkGuard int
	// Margin is the time before the deadline that is kept for committing and reporting.
	Margin time.Duration
}

// InstanceTypes are the instance types with which clusters are asked, besides without
// one.
type InstanceTypes struct {
	Auto bool     // each cluster's own types
	List []string // these types for each cluster; used if Auto is false
}

// Shard is one of Count equal parts of a fleet. The zero Shard is the whole fleet.
type Shard struct {
	Index int // from 1
	Count int // 0 and 1 mean the whole fleet
}

// maxShards is the largest Count.
const maxShards = 1000

// ParseShard reads "i/n".
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || index < 1 || count < index || count > maxShards {
		return Shard{}, fmt.Errorf("shard: must be i/n with 1 <= i <= n <= %d, got %q", maxShards, s)
	}
	return Shard{Index: index, Count: count}, nil
}

// contains reports whether a cluster belongs to the shard. All scopes of a cluster are
// in one shard.
func (s Shard) contains(clusterID string) bool {
	if s.Count < 2 {
		return true
	}
	// The hash must never change: shards of different versions may run side by side.
	h := fnv.New32a()
	h.Write([]byte(clusterID))
	return int(h.Sum32()%uint32(s.Count)) == s.Index-1
}
