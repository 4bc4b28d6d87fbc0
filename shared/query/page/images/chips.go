package images

import (
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/field"
	"community-images/shared/query/page/language"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/request"
)

// notConditions are the parameters that decide where and how images are shown, and not which.
var notConditions = []string{"RegionId", "lang", "format", "fields", "cursor", "facets", "bom", "pretty"}

// chips show the conditions, each with a link that removes it.
func (v *imagesView) chips() g.Node {
	var chips []g.Node
	for _, name := range v.givenNames() {
		chips = append(chips, v.chipsOf(name)...)
	}
	if len(chips) == 0 {
		return nil
	}
	clear := v.ToImages()
	if fields := v.address.Get("fields"); fields != "" {
		clear = clear.With("fields", fields)
	}
	return h.Ul(h.Class("chips"), h.Aria("label", v.T("Active filters")), g.Group(chips),
		h.Li(ui.LiveLink(clear, v.T("clear"))))
}

// givenNames returns the names of the conditions in the address, in order.
func (v *imagesView) givenNames() []string {
	var names []string
	for name := range v.address.Params {
		isOther := slices.ContainsFunc(notConditions, func(n string) bool { return strings.EqualFold(n, name) })
		isDefault := strings.EqualFold(name, "ClusterId") && v.address.Get(name) == request.AllNames
		if !isOther && !isDefault {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// chipsOf returns the chips of one parameter: one for each value that can go alone.
func (v *imagesView) chipsOf(name string) []g.Node {
	given := v.address.Get(name)
	if strings.EqualFold(name, "ClusterId") {
		var chips []g.Node
		chosen := v.p.Request.Selection.NamedClusters()
		for _, id := range chosen {
			chips = append(chips, v.chip(v.T("Cluster"), ": ", v.clusterName(id), v.withoutCluster(chosen, id)))
		}
		if len(chips) > 0 {
			return chips
		}
		return []g.Node{v.chip("", "", v.clustersInWords(), v.everything())}
	}
	fieldName, op, _ := strings.Cut(name, "__")
	f := v.p.Schema.FieldNamed(fieldName)
	switch {
	case f == nil:
		return []g.Node{v.chip(v.parameterName(name), ": ", given, v.address.Without(name, "cursor"))}
	case op == "":
		var chips []g.Node
		values := v.p.Request.GivenValues(f.Name)
		for i, value := range values {
			rest := slices.Delete(slices.Clone(values), i, i+1)
			chips = append(chips, v.chip(f.Name, ": ", value, v.withValues(name, rest)))
		}
		return chips
	}
	return []g.Node{v.chip(f.Name, ui.OperatorSign(op), given, v.address.Without(name, "cursor"))}
}

// parameterName returns the name of a parameter for people.
func (v *imagesView) parameterName(name string) string {
	names := map[string]language.Message{
		"q": "Text", "sort": "Sorted by", "at": "As of", "instancetype": "Instance type", "latestby": "First of each",
		"mincount": "At least", "limit": "On a page", "maxage": "Checked within",
	}
	if text, ok := names[field.FoldCase(name)]; ok {
		return v.T(text)
	}
	return name
}

// chip shows one condition. to is the address without it.
func (v *imagesView) chip(name, sign, value string, to ui.Address) g.Node {
	text := name + sign + value
	return h.Li(h.A(h.Class("chip"), h.Href(to.String()), ui.Live(), h.Title(v.T("Remove")+v.T(": ")+text),
		g.Text(text), h.Span(h.Aria("hidden", "true"), g.Text(" ×"))))
}
