package history

import (
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// choice is a value of a parameter to choose.
type choice struct {
	value string
	name  string // in the language of the page
}

// selectNode lets a person choose a value of a parameter. A given value that is none of the
// choices stands after them.
func selectNode(label, name, given string, choices []choice, attributes ...g.Node) g.Node {
	isListed := slices.ContainsFunc(choices, func(c choice) bool { return c.value == given })
	if given != "" && !isListed {
		choices = append(slices.Clone(choices), choice{given, given})
	}
	options := g.Map(choices, func(c choice) g.Node {
		return h.Option(h.Value(c.value), g.If(c.value == given, h.Selected()), g.Text(c.name))
	})
	return h.Label(g.Text(label), g.Text(" "), h.Select(h.Name(name), g.Group(attributes), options))
}

// momentsAgo returns times before now to choose.
func momentsAgo(in *ui.Input) []choice {
	return []choice{
		{"-1h", in.T("an hour ago")}, {"-24h", in.T("24 hours ago")}, {"-1w", in.T("a week ago")},
		{"-30d", in.T("30 days ago")},
	}
}

// momentSelect lets a person choose a time. The script adds the choice of a date and a time
// of day: without it they would have no zone, which the server does not take.
func momentSelect(in *ui.Input, label, name, given string, choices []choice) g.Node {
	return g.Group{
		selectNode(label, name, given, choices, h.Data("moment", in.T("another time …"))),
		h.Input(h.Type("datetime-local"), g.Attr("hidden"), h.Aria("label", in.T("%s: date and time", label))),
	}
}

// clusterChoices returns the clusters to choose from, by their names, after others.
func clusterChoices(in *ui.Input, names ui.ClusterNames, first ...choice) []choice {
	var ids []string
	for id := range names {
		ids = append(ids, id)
	}
	for _, id := range names.Sort(in, ids) {
		first = append(first, choice{id, names.Of(in, id)})
	}
	return first
}

// typeChoices returns the instance types of an answer of /v1/clusters to choose from.
func typeChoices(in *ui.Input, a ui.Answer) []choice {
	choices := []choice{{catalog.Any, in.T("every type")}}
	list, ok := a.Value.(*render.ClusterList)
	if !ok {
		return choices
	}
	var types []string
	for i := range list.Scopes {
		if name := list.Scopes[i].InstanceType; name != "" {
			types = append(types, name)
		}
	}
	slices.Sort(types)
	for _, name := range slices.Compact(types) {
		choices = append(choices, choice{name, name})
	}
	return choices
}

// allClusters is the choice of all that is captured.
func allClusters(in *ui.Input) choice { return choice{request.AllNames, in.T("all clusters")} }

// keep returns the parameters of the page with these names for a form, as far as they are
// given.
func keep(in *ui.Input, names ...string) (fields g.Group) {
	here := in.Here()
	for _, name := range names {
		if value := here.Get(name); value != "" {
			fields = append(fields, ui.Hidden(name, value))
		}
	}
	return fields
}
