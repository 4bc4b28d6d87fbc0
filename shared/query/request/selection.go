package request

import (
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// AllNames in a list stands for every cluster that has a name, or for every instance
// type.
const AllNames = "*"

// everyName returns the list for everything that is captured: all names, and the
// question without one.
func everyName() []string { return []string{AllNames, catalog.Any} }

// Selection is the clusters and instance types that a request is about. A nil list
// stands for the question without a cluster, or without a type, as catalog.Any does in
// a list.
type Selection struct{ Clusters, Types []string }

// Everything returns the selection of all scopes.
func Everything() Selection { return Selection{everyName(), everyName()} }

// forList returns what /v1/images means by a selection as given. Without clusters it is
// E-HPC's own question. ClusterId=* is about every image, whatever the type.
func (c Selection) forList() Selection {
	if IncludesAll(c.Clusters) {
		c.Clusters = everyName()
		if c.Types == nil {
			c.Types = everyName()
		}
	}
	if IncludesAll(c.Types) {
		c.Types = everyName()
	}
	return c
}

// orEverything returns what the other routes mean by a selection as given: all that is
// captured, unless clusters or types are named.
func (c Selection) orEverything() Selection {
	if c.Clusters == nil || IncludesAll(c.Clusters) {
		c.Clusters = everyName()
	}
	if c.Types == nil || IncludesAll(c.Types) {
		c.Types = everyName()
	}
	return c
}

// Key is one text for each selection. It separates names by control characters, which
// no value of a request has: names of clusters can have commas, slashes and spaces.
func (c Selection) Key() string {
	return strings.Join(c.Clusters, "\x00") + "\n" + strings.Join(c.Types, "\x00")
}

// NamedClusters returns the clusters that a selection names by their ids, as given.
func (c Selection) NamedClusters() (names []string) {
	for _, name := range c.Clusters {
		if IsOneCluster(name) {
			names = append(names, name)
		}
	}
	return names
}

// IsEverything reports whether every scope is selected.
func (c Selection) IsEverything() bool { return IsEveryName(c.Clusters) && IsEveryName(c.Types) }

// IsEveryCluster reports whether all clusters with a name are selected.
func (c Selection) IsEveryCluster() bool { return IncludesAll(c.Clusters) }

// SelectsSeveral reports whether clusters or types can match more than one
// scope.
func (c Selection) SelectsSeveral() bool {
	return CanMatchSeveral(c.Clusters) || CanMatchSeveral(c.Types)
}

// Includes reports whether the scope of a cluster and an instance type, which may
// be empty, belongs to the selection.
func (c Selection) Includes(clusterID, instanceType string) bool {
	return MatchesName(c.Clusters, clusterID) && MatchesName(c.Types, instanceType)
}

// CanMatchSeveral reports whether a list of clusters or types can match more
// than one scope.
func CanMatchSeveral(names []string) bool { return len(names) > 1 || IncludesAll(names) }

// IncludesAll reports whether a list of clusters or types matches all names.
func IncludesAll(names []string) bool { return slices.Contains(names, AllNames) }

// IsEveryName reports whether a list of clusters or types matches all names, and the
// question without one.
func IsEveryName(names []string) bool {
	return IncludesAll(names) && slices.Contains(names, catalog.Any)
}

// MatchesName reports whether a list of clusters or types matches a name of a
// scope. The empty name is that of the question without one.
func MatchesName(names []string, name string) bool {
	return IncludesAll(names) && name != "" || slices.Contains(ToScopeNames(names), name)
}

// JoinSelected lists clusters or types as callers write them.
func JoinSelected(names []string) string {
	if IsEveryName(names) {
		return AllNames
	}
	return strings.Join(names, ",")
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

// IsOneCluster reports whether a value of ClusterId is the name of one
// cluster.
func IsOneCluster(cluster string) bool { return cluster != AllNames && cluster != catalog.Any }

// AnyIfEmpty returns a cluster or type as callers write it: "_any" for none.
// Names are empty in requests and scopes, because an empty parameter is not the
// same as one that is absent.
func AnyIfEmpty(name string) string {
	if name == "" {
		return catalog.Any
	}
	return name
}
