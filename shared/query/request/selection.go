package request

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// AllNames, alone in a list, stands for every cluster that has a name, or for
// every instance type.
const AllNames = "*"

// Selection is what a caller chooses by ClusterId and InstanceType. A nil list
// stands for the question without a cluster, or without a type, as catalog.Any
// does in a list. If both are nil, some routes are about every scope.
type Selection struct{ Clusters, Types []string }

// Key is one text for each selection.
func (c Selection) Key() string {
	return strings.Join(c.Clusters, ",") + "/" + strings.Join(c.Types, ",")
}

// IsEverything reports whether neither clusters nor types were given.
func (c Selection) IsEverything() bool { return c.Clusters == nil && c.Types == nil }

// IsEveryCluster reports whether all clusters with a name are selected.
func (c Selection) IsEveryCluster() bool { return IsAllNames(c.Clusters) }

// SelectsSeveral reports whether clusters or types can match more than one
// scope.
func (c Selection) SelectsSeveral() bool {
	return CanMatchSeveral(c.Clusters) || CanMatchSeveral(c.Types)
}

// Includes reports whether the scope of a cluster and an instance type, which may
// be empty, belongs to the selection. Every scope belongs to an empty one.
func (c Selection) Includes(clusterID, instanceType string) bool {
	if c.IsEverything() {
		return true
	}
	return MatchesName(c.Clusters, clusterID) && MatchesName(c.Types, instanceType)
}

// CanMatchSeveral reports whether a list of clusters or types can match more
// than one scope.
func CanMatchSeveral(names []string) bool { return len(names) > 1 || IsAllNames(names) }

// IsAllNames reports whether a list of clusters or types is AllNames.
func IsAllNames(names []string) bool { return len(names) == 1 && names[0] == AllNames }

// MatchesName reports whether a list of clusters or types matches a name of a
// scope, which may be empty.
func MatchesName(names []string, name string) bool {
	if IsAllNames(names) {
		return name != ""
	}
	return slices.Contains(ToScopeNames(names), name)
}

// ToScopeNames returns a list of clusters or types as scopes have them:
// catalog.Any and an empty list become "".
func ToScopeNames(names []string) []string {
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

// IsClusterName reports whether a value of ClusterId is the name of one
// cluster.
func IsClusterName(cluster string) bool { return cluster != AllNames && cluster != catalog.Any }

// AnyIfEmpty returns a cluster or type as callers write it: "_any" for none.
// Names are empty inside of this package, because an empty parameter is not the
// same as one that is absent.
func AnyIfEmpty(name string) string {
	if name == "" {
		return catalog.Any
	}
	return name
}
