package query

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// allNames, alone in a list, stands for every cluster that has a name, or for
// every instance type.
const allNames = "*"

// selection is what a caller chooses by ClusterId and InstanceType. A nil list
// stands for the question without a cluster, or without a type, as catalog.Any
// does in a list. If both are nil, some routes are about every scope.
type selection struct{ clusters, types []string }

// key is one text for each selection.
func (c selection) key() string {
	return strings.Join(c.clusters, ",") + "/" + strings.Join(c.types, ",")
}

// isEverything reports whether neither clusters nor types were given.
func (c selection) isEverything() bool { return c.clusters == nil && c.types == nil }

// isEveryCluster reports whether all clusters with a name are selected.
func (c selection) isEveryCluster() bool { return isAllNames(c.clusters) }

// selectsSeveral reports whether clusters or types can match more than one
// scope.
func (c selection) selectsSeveral() bool {
	return canMatchSeveral(c.clusters) || canMatchSeveral(c.types)
}

// includes reports whether the scope of a cluster and an instance type, which may
// be empty, belongs to the selection. Every scope belongs to an empty one.
func (c selection) includes(clusterID, instanceType string) bool {
	if c.isEverything() {
		return true
	}
	return matchesName(c.clusters, clusterID) && matchesName(c.types, instanceType)
}

// canMatchSeveral reports whether a list of clusters or types can match more
// than one scope.
func canMatchSeveral(names []string) bool { return len(names) > 1 || isAllNames(names) }

// isAllNames reports whether a list of clusters or types is allNames.
func isAllNames(names []string) bool { return len(names) == 1 && names[0] == allNames }

// matchesName reports whether a list of clusters or types matches a name of a
// scope, which may be empty.
func matchesName(names []string, name string) bool {
	if isAllNames(names) {
		return name != ""
	}
	return slices.Contains(toScopeNames(names), name)
}

// toScopeNames returns a list of clusters or types as scopes have them:
// catalog.Any and an empty list become "".
func toScopeNames(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	out := make([]string, len(names))
	for i, name := range names {
		if name != catalog.Any {
			out[i] = name
		}
	}
	return out
}

// isClusterName reports whether a value of ClusterId is the name of one
// cluster.
func isClusterName(cluster string) bool { return cluster != allNames && cluster != catalog.Any }

// anyIfEmpty returns a cluster or type as callers write it: "_any" for none.
// Names are empty inside of this package, because an empty parameter is not the
// same as one that is absent.
func anyIfEmpty(name string) string {
	if name == "" {
		return catalog.Any
	}
	return name
}
