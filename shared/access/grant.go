package access

import (
	"slices"
	"strconv"
	"strings"
)

// NoCluster names, in a grant, the question that is asked without a cluster.
// It is no cluster id: E-HPC's begin otherwise, and the settings refuse it as
// one.
const NoCluster = "_any"

// Grant is what a caller may see. The zero grant covers everything.
type Grant struct {
	// Name is for people: which caller this is.
	Name string
	// Regions are region ids. Empty: every region.
	Regions []string
	// Clusters are cluster ids, and NoCluster for the question without a
	// cluster. Empty: every cluster and that question. A list covers what it
	// names and nothing else; the answer to the question without a cluster
	// depends on what the whole account has, so it is not part of a list that
	// does not name it.
	Clusters []string
}

// Region says whether the grant covers a region.
func (g Grant) Region(id string) bool {
	return len(g.Regions) == 0 || slices.Contains(g.Regions, id)
}

// Cluster says whether the grant covers a cluster; "" and NoCluster are the
// question without one.
func (g Grant) Cluster(id string) bool {
	if id == "" {
		id = NoCluster
	}
	return len(g.Clusters) == 0 || slices.Contains(g.Clusters, id)
}

// Everything says whether the grant leaves nothing out.
func (g Grant) Everything() bool { return len(g.Regions) == 0 && len(g.Clusters) == 0 }

// Key is the same for two grants exactly if they cover the same; their names,
// and the order and repetition in their lists, do not matter. It is empty for
// a grant of everything. What is derived for one caller may be kept under it.
func (g Grant) Key() string {
	if g.Everything() {
		return ""
	}
	return listKey(g.Regions) + "/" + listKey(g.Clusters)
}

// listKey quotes each name, so that no two lists have one key.
func listKey(names []string) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(names)))
	for i, name := range sorted {
		sorted[i] = strconv.Quote(name)
	}
	return strings.Join(sorted, ",")
}
