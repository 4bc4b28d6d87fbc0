package images

import (
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/request"
)

// maxOptions bounds the choices of a list.
const maxOptions = 100

// searchForm has what people choose most: words, a time, a cluster and an instance type. The
// other conditions stay as they are.
func (v *imagesView) searchForm() g.Node {
	return h.Form(h.Class("search"), h.Method("get"), h.Action(v.address.Path), ui.Live(), h.Role("search"),
		v.keepParameters("q", "at", "ClusterId", "InstanceType", "cursor"),
		h.Input(h.Type("search"), h.Name("q"), h.ID("q"), h.Value(v.address.Get("q")), g.Attr("data-type-ahead"),
			h.Aria("label", v.T("Search")), h.Placeholder(v.T("Search name, description, id, product code"))),
		h.Details(h.Class("fold where"), h.ID("where"), h.Summary(g.Text(v.T("Time, cluster, type"))), h.Div(
			v.timeInput(),
			v.choice("ClusterId", v.T("Cluster"), v.clusterOptions()),
			v.choice("InstanceType", v.T("Instance type"), v.typeOptions()),
		)),
		h.Button(h.Type("submit"), g.Attr("data-without-script"), g.Text(v.T("Search"))),
	)
}

// keepParameters returns the parameters of the address that a form does not set itself.
func (v *imagesView) keepParameters(but ...string) g.Node {
	var kept []g.Node
	others := v.address.Without(but...).Params
	names := make([]string, 0, len(others))
	for name := range others {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range others[name] {
			kept = append(kept, ui.Hidden(name, value))
		}
	}
	return g.Group(kept)
}

// timeInput lets a person choose a time to look at, as at takes it. The script adds a
// calendar in the reader's zone, which writes UTC into it.
func (v *imagesView) timeInput() g.Node {
	return h.Span(h.Class("time"),
		h.Input(h.Name("at"), h.ID("at"), h.Value(v.address.Get("at")), g.Attr("list", "times"), h.AutoComplete("off"),
			h.Aria("label", v.T("As of a time (UTC) or commit")), h.Placeholder(v.T("now, or -24h")),
			g.Attr("data-auto"), g.Attr("data-calendar", v.T("Choose a time"))),
		h.DataList(h.ID("times"), g.Map([]string{"-1h", "-24h", "-1w", "-4w"}, func(t string) g.Node {
			return h.Option(h.Value(t))
		})))
}

// option is one choice of a list.
type option struct {
	value, text string
	isChosen    bool
}

// choice is a list to choose from, which is sent when it changes. Without options the name is
// typed.
func (v *imagesView) choice(name, label string, options []option) g.Node {
	if options == nil {
		return h.Input(h.Name(name), h.ID(name), h.Value(v.address.Get(name)), h.Aria("label", label),
			h.Placeholder(label),
			g.Attr("data-auto"))
	}
	return h.Select(h.Name(name), h.ID(name), h.Aria("label", label), g.Attr("data-auto"),
		g.Map(options, func(o option) g.Node {
			return h.Option(h.Value(o.value), g.If(o.isChosen, h.Selected()), g.Text(o.text))
		}))
}

// clusterOptions are the clusters to choose from. What the address has is always among them.
// nil: there are too many.
func (v *imagesView) clusterOptions() []option {
	given, names := v.address.Get("ClusterId"), v.p.Request.Selection.Clusters
	isNone := !request.IncludesAll(names) && !v.namesCluster()
	options := []option{
		{request.AllNames, v.T("any cluster"), request.IncludesAll(names)},
		{catalog.Any, v.T("what every cluster supports"), isNone},
	}
	ids := v.p.Subject.State.ClusterNames()
	if len(ids) > maxOptions {
		return nil
	}
	for _, id := range ids {
		options = append(options, option{id, v.clusterName(id), given == id})
	}
	return v.withGiven(options, given, v.clustersInWords())
}

// typeOptions are the instance types to choose from. nil: there are too many.
func (v *imagesView) typeOptions() []option {
	given, names := v.address.Get("InstanceType"), v.p.Request.Selection.Types
	chosen := v.p.Request.Selection.NamedClusters()
	var types []string
	for _, scope := range v.p.Subject.State.ScopeRefs() {
		if scope.InstanceType != "" && (len(chosen) == 0 || slices.Contains(chosen, scope.ClusterID)) {
			types = append(types, scope.InstanceType)
		}
	}
	slices.Sort(types)
	if types = slices.Compact(types); len(types) > maxOptions {
		return nil
	}
	options := []option{
		{request.AllNames, v.T("any instance type"), request.IncludesAll(names)},
		{catalog.Any, v.T("every instance type"), len(names) == 0 || len(names) == 1 && names[0] == catalog.Any},
	}
	for _, name := range types {
		options = append(options, option{name, name, given == name})
	}
	return v.withGiven(options, given, v.typesInWords())
}

// withGiven returns options with the one that the address has, if none of them is chosen.
func (v *imagesView) withGiven(options []option, given, text string) []option {
	if given == "" || slices.ContainsFunc(options, func(o option) bool { return o.isChosen }) {
		return options
	}
	return append(options, option{given, text, true})
}

// columnsForm lets a person choose columns, as fields names them.
func (v *imagesView) columnsForm() g.Node {
	chosen := v.p.Request.Columns
	isShown := func(name string) bool {
		if chosen == nil {
			return slices.Contains(defaultFields, name)
		}
		return slices.ContainsFunc(v.p.Schema.FlattenColumns(chosen),
			func(c fieldColumn) bool { return c.Name == name })
	}
	boxes := make(markup, 0, 4096)
	for _, name := range v.columnNames() {
		boxes.html(`<label><input type="checkbox" name="fields" value="`)
		boxes.text(name)
		boxes.html(`"`)
		if isShown(name) {
			boxes.html(` checked`)
		}
		boxes.html(`> `)
		boxes.text(name)
		boxes.html(`</label>`)
	}
	return h.Details(h.Class("box"), h.ID("columns"), h.Summary(g.Text(v.T("Columns"))),
		h.Form(h.Method("get"), h.Action(v.address.Path), ui.Live(), v.keepParameters("fields"),
			h.FieldSet(h.Class("columns"), h.Legend(h.Class("hidden"), g.Text(v.T("Columns"))), boxes.node()),
			h.Button(h.Type("submit"), g.Text(v.T("Show"))), g.Text(" "),
			g.If(chosen != nil, ui.LiveLink(v.address.Without("fields"), v.T("Usual columns")))))
}

// columnNames returns the columns that can be chosen. The first column always shows the
// name and the id.
func (v *imagesView) columnNames() []string {
	return slices.DeleteFunc(v.p.Schema.ColumnNames(), func(name string) bool {
		isObject := strings.HasSuffix(name, "OsTag") && !strings.Contains(name, ".")
		return isObject || name == "*" || name == "ImageId" || name == "ImageName"
	})
}
