package ui

import (
	"cmp"
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/render"
)

// ClusterNames has the names of clusters by their ids. Clusters that are no longer there have
// none, unless AddEnded adds it.
type ClusterNames map[string]string

// NewClusterNames returns the names of an answer of /v1/clusters. They are none if it has an
// error: pages show ids then.
func NewClusterNames(a Answer) ClusterNames {
	names := ClusterNames{}
	if list, ok := a.Value.(*render.ClusterList); ok {
		for _, c := range list.Clusters {
			names[c.ClusterID] = c.Name
		}
	}
	return names
}

// AddEnded adds the names of the clusters that ended in rows.
func (names ClusterNames) AddEnded(rows []render.Change) {
	for _, row := range rows {
		if row.ClusterID != nil && names[*row.ClusterID] == "" {
			names[*row.ClusterID] = row.ClusterName
		}
	}
}

// Of returns the name of a cluster, or its id. The list without a cluster is that of the
// images that every cluster supports.
func (names ClusterNames) Of(in *Input, id string) string {
	if id == "" {
		return in.T("every cluster")
	}
	return cmp.Or(names[id], id)
}

// Node shows the name of a cluster with its id as title.
func (names ClusterNames) Node(in *Input, id string) g.Node {
	return g.El("bdi", g.If(id != "", h.Title(id)), g.Text(names.Of(in, id)))
}

// MaxShown is the number of names that a cell shows before the rest is folded away.
const MaxShown = 8

// List shows clusters by name, with commas between them.
func (names ClusterNames) List(in *Input, ids []string) g.Node {
	sorted := names.Sort(in, ids)
	shown := names.join(in, sorted[:min(len(sorted), MaxShown)])
	if len(sorted) <= MaxShown+1 {
		return names.join(in, sorted)
	}
	return g.Group{shown, h.Details(h.Summary(g.Text(in.N(len(sorted)-MaxShown, "and %d more", "and %d more"))),
		names.join(in, sorted[MaxShown:]))}
}

// Sort returns ids in the order of the names. The list without a cluster comes first.
func (names ClusterNames) Sort(in *Input, ids []string) []string {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b string) int {
		if a == "" || b == "" {
			return len(a) - len(b)
		}
		return cmp.Or(strings.Compare(names.Of(in, a), names.Of(in, b)), strings.Compare(a, b))
	})
	return slices.Compact(sorted)
}

func (names ClusterNames) join(in *Input, ids []string) g.Node {
	var nodes g.Group
	for i, id := range ids {
		if i > 0 {
			nodes = append(nodes, g.Text(in.T(", ")))
		}
		nodes = append(nodes, names.Node(in, id))
	}
	return nodes
}
