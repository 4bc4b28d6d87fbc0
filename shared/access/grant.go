package access

import (
	"slices"
	"strconv"
	"strings"
)

// NoCluster stands, in a grant, for the question without a cluster. It is not a
// valid cluster id.
const NoCluster = "_any"

// Grant is what a caller may see. The zero grant covers everything.
type Grant struct {
	// Name says which caller this is, for people.
	Name string
	// Regions are region ids. Empty: every region.
	Regions []string
	// Clusters are cluster ids, and NoCluster for the question without a cluster.
	// Empty: every cluster and that question. A list covers exactly what it
	// names. The question without a cluster must be named, because its answer
	// depends on the whole account.
	Clusters []string
}

// CoversRegion reports whether the grant covers a region.
func (g Grant) CoversRegion(id string) bool {
	return len(g.Regions) == 0 || slices.Contains(g.Regions, id)
}

// CoversCluster reports whether the grant covers a cluster. "" and NoCluster
// stand for the question without a cluster.
func (g Grant) CoversCluster(id string) bool {
	if id == "" {
		id = NoCluster
	}
	return len(g.Clusters) == 0 || slices.Contains(g.Clusters, id)
}

// CoversEverything reports whether the grant has no limits.
func (g Grant) CoversEverything() bool { return len(g.Regions) == 0 && len(g.Clusters) == 0 }

// Key returns a text that is the same for two grants exactly if they cover the
// same; names, order and repetitions do not matter. It is empty for a grant of
// everything. Results that depend on the grant may be cached under it.
func (g Grant) Key() string {
	if g.CoversEverything() {
		return ""
	}
	return listKey(g.Regions) + "/" + listKey(g.Clusters)
}

// listKey quotes each name, so that different lists have different keys.
func listKey(names []string) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	for i, name := range sorted {
		sorted[i] = strconv.Quote(name)
	}
	return strings.Join(sorted, ",")
}
