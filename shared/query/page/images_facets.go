package page

import (
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
)

const (
	shownValues  = 8  // of a facet
	foldedValues = 60 // of a facet, below "more"
)

// facetTitles are the fields that people choose by, in the order of the page.
func facetTitles() []facetTitle {
	return []facetTitle{
		{"OsTag.Platform", "Platform"}, {"Status", "Status"}, {"ImageOwnerAlias", "Owner"}, {"SkuCode", "Billing"},
		{"OsTag.Architecture", "Architecture"},
	}
}

// facetTitle is the name of a field for people.
type facetTitle struct {
	field string
	title message
}

// facets show the values of some fields with the number of their images. A click adds a value
// to the conditions, or removes it.
func (v *imagesView) facets() g.Node {
	var fields []*field.Field
	titles := map[string]message{}
	for _, t := range facetTitles() {
		if f := v.p.Schema.FieldNamed(t.field); f != nil { // else it is redacted
			fields, titles[f.Name] = append(fields, f), t.title
		}
	}
	counted, err := v.p.Set.CountAlternatives(v.p.Filter, fields)
	if err != nil { // the list itself was not too expensive; the page is whole without them
		return nil
	}
	var boxes []g.Node
	for _, f := range counted {
		boxes = append(boxes, v.facet(v.T(titles[f.Field]), v.valuesOf(f)))
	}
	boxes = append(boxes, v.facet(v.T("Cluster"), v.clusterValues()))
	return h.Aside(h.Class("facets"), h.Aria("label", v.T("Filters")),
		h.Details(h.Class("fold"), h.ID("facets"), h.Summary(g.Text(v.T("Filters"))), g.Group(boxes)))
}

// facetValue is a value that a click adds or removes.
type facetValue struct {
	text     string
	count    int // -1: it is not known
	isChosen bool
	to       address // without it, or with it
}

// valuesOf returns the values of a facet.
func (v *imagesView) valuesOf(f imageset.Facet) []facetValue {
	chosen := v.p.Request.GivenValues(f.Field)
	var values []facetValue
	for _, c := range f.Counts {
		value := facetValue{text: c.Value, count: c.Count}
		switch i := slices.IndexFunc(chosen, func(s string) bool { return strings.EqualFold(s, c.Value) }); {
		case c.Value == "": // a condition of its own says that there is none
			value.text, value.to = v.T("none"), v.address.without(f.Field).with(f.Field+"__exists", "false")
		case i >= 0:
			value.isChosen = true
			value.to = v.withValues(f.Field, slices.Delete(slices.Clone(chosen), i, i+1))
		default:
			value.to = v.withValues(f.Field, append(slices.Clone(chosen), c.Value))
		}
		values = append(values, value)
	}
	return values
}

// withValues returns the address with the values of a list parameter.
func (v *imagesView) withValues(name string, values []string) address {
	if len(values) == 0 {
		return v.address.without(name, "cursor")
	}
	return v.address.with(name, field.JoinList(values))
}

// clusterValues returns the clusters that can be chosen. The count of one is known if the
// list is about it.
func (v *imagesView) clusterValues() []facetValue {
	chosen := v.p.Request.Selection.NamedClusters()
	counts := map[string]int{}
	var ids []string
	if v.p.Set.ScopesOf != nil {
		facet, err := v.p.Set.CountClusters(v.p.Filter)
		if err != nil {
			return nil
		}
		for _, c := range facet.Counts {
			ids, counts[c.Value] = append(ids, c.Value), c.Count
		}
	} else if len(chosen) == 1 {
		ids, counts[chosen[0]] = chosen, len(v.p.Rows)
	}
	for _, id := range v.p.Subject.State.ClusterNames() {
		if _, known := counts[id]; !known && len(ids) < shownValues+foldedValues {
			ids = append(ids, id)
		}
	}
	var values []facetValue
	for _, id := range ids {
		value := facetValue{text: v.clusterName(id), count: -1, isChosen: slices.Contains(chosen, id)}
		if n, known := counts[id]; known {
			value.count = n
		}
		value.to = v.withCluster(chosen, id)
		values = append(values, value)
	}
	return values
}

// withCluster returns the address with another choice of clusters: without the one of an id,
// or with it. Without clusters everything captured is meant. The images of the first cluster
// are those of any type, as they were counted.
func (v *imagesView) withCluster(chosen []string, id string) address {
	i := slices.Index(chosen, id)
	switch {
	case i >= 0 && len(chosen) == 1:
		return v.everything()
	case i >= 0:
		return v.withValues("ClusterId", slices.Delete(slices.Clone(chosen), i, i+1))
	}
	to := v.withValues("ClusterId", append(slices.Clone(chosen), id))
	if len(chosen) == 0 && to.get("InstanceType") == "" {
		return to.with("InstanceType", request.AllNames)
	}
	return to
}

// facet shows one field. Chosen values always stand in sight.
func (v *imagesView) facet(title string, values []facetValue) g.Node {
	if len(values) == 0 {
		return nil
	}
	most := 1
	for _, value := range values {
		most = max(most, value.count)
	}
	slices.SortStableFunc(values[min(shownValues, len(values)):], func(a, b facetValue) int {
		return boolOrder(b.isChosen) - boolOrder(a.isChosen)
	})
	cut := shownValues
	for cut < len(values) && values[cut].isChosen {
		cut++
	}
	item := func(value facetValue) g.Node { return v.facetItem(value, most) }
	list := g.Group{h.H2(g.Text(title)), h.Ul(g.Map(values[:min(cut, len(values))], item))}
	if len(values) <= cut {
		return list
	}
	folded := values[cut:]
	rest := folded[min(foldedValues, len(folded)):]
	return append(list, h.Details(h.ID("more-"+title), h.Summary(g.Text(v.T("%d more", len(folded)))),
		h.Ul(g.Map(folded[:len(folded)-len(rest)], item)),
		g.If(len(rest) > 0, h.P(h.Class("soft"), g.Text(v.T("and %d more", len(rest)))))))
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// facetItem is one value of a facet, with a bar behind it.
func (v *imagesView) facetItem(value facetValue, most int) g.Node {
	action := v.T("Add %s", value.text)
	if value.isChosen {
		action = v.T("Remove %s", value.text)
	}
	return h.Li(h.A(h.Href(value.to.String()), live(), h.TitleAttr(action),
		g.If(value.isChosen, g.Group{h.Class("chosen"), h.Aria("current", "true")}),
		g.If(value.count > 0, bar(value.count, most)),
		h.Span(g.If(value.isChosen, g.Text("✓ ")), g.Text(value.text)),
		g.If(value.count >= 0, h.Span(h.Class("count"), g.Text(itoa(max(0, value.count)))))))
}

// bar draws a share as a bar.
func bar(n, most int) g.Node {
	width := itoa(max(1, n*100/most))
	return g.Raw(`<svg class="bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1"><rect width="` +
		width + `" height="1"/></svg>`)
}
