package capture

import (
	"slices"
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
	// CheckLookup returns an error for the lookup of an alias that lookups would refuse. Nil:
	// runs do not read the file with the aliases.
	CheckLookup func(lookup string) error
}

// InstanceTypes are the instance types with which clusters are asked, besides without
// one.
type InstanceTypes struct {
	Auto bool     // each cluster's own types
	List []string // these types for each cluster; used if Auto is false
}

// needsListing reports whether a run must list the clusters: all are wanted, or their
// regions or instance types are not known. instanceTypes are those that the run asks
// instead of the clusters' own.
func (s Settings) needsListing(instanceTypes []string) bool {
	return len(s.Clusters) == 0 || len(s.Regions) > 1 || s.InstanceTypes.Auto && len(instanceTypes) == 0
}

// allows reports whether a list has a name. An empty list allows every name.
func allows(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}
