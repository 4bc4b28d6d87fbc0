package images

import (
	"slices"
	"strconv"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/page/language"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/request"
)

const (
	shownValues  = 8  // of a facet
	foldedValues = 16 // of a facet, below "more"
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
	title language.Message
}

// facets show the values of some fields with the number of their images. A click adds a value
// to the conditions, or removes it.
func (v *imagesView) facets() g.Node {
	var fields []*field.Field
	titles := map[string]language.Message{}
	for _, t := range facetTitles() {
		if f := v.p.Schema.FieldNamed(t.field); f != nil { // else it is redacted
			fields, titles[f.Name] = append(fields, f), t.title
		}
	}
	matches, err := v.matches()
	if err != nil {
		return nil // too expensive a second time; the page is whole without it
	}
	counted, err := v.p.Set.CountAlternatives(v.p.Filter, matches, fields)
	if err != nil {
		return nil
	}
	var boxes []g.Node
	for _, f := range counted {
		boxes = append(boxes, v.facet(v.T(titles[f.Field]), v.valuesOf(f)))
	}
	boxes = append(boxes, v.facet(v.T("Cluster"), v.clusterValues(matches)))
	return h.Aside(h.Class("facets"), h.Aria("label", v.T("Filters")),
		h.Details(h.Class("fold"), h.ID("facets"), h.Summary(g.Text(v.T("Filters"))), g.Group(boxes)))
}

// matches returns the rows of all images that match the conditions, also those that latestBy
// leaves out.
func (v *imagesView) matches() ([]int32, error) {
	if v.p.Request.LatestBy == nil {
		return v.p.Rows, nil
	}
	f := v.p.Filter
	f.Sort = nil
	return v.p.Set.SelectRows(f)
}

// facetValue is a value that a click adds or removes.
type facetValue struct {
	text     string
	count    int // -1: it is not known
	isChosen bool
	to       string // address without it, or with it
}

// valuesOf returns the values of a facet.
func (v *imagesView) valuesOf(f imageset.Facet) []facetValue {
	chosen := v.p.Request.GivenValues(f.Field)
	linkTo := v.address.LinksWith(f.Field)
	var values []facetValue
	for _, c := range f.Counts[:min(len(f.Counts), shownValues+foldedValues)] {
		value := facetValue{text: c.Value, count: c.Count}
		switch i := slices.IndexFunc(chosen, func(s string) bool { return strings.EqualFold(s, c.Value) }); {
		case c.Value == "": // a condition of its own says that there is none
			value.text, value.to = v.T("none"), v.address.Without(f.Field).With(f.Field+"__exists", "false").String()
		case i >= 0:
			value.isChosen = true
			value.to = linkTo(slices.Delete(slices.Clone(chosen), i, i+1)...)
		default:
			value.to = linkTo(append(slices.Clone(chosen), c.Value)...)
		}
		values = append(values, value)
	}
	return values
}

// withValues returns the address with the values of a list parameter.
func (v *imagesView) withValues(name string, values []string) ui.Address {
	if len(values) == 0 {
		return v.address.Without(name, "cursor")
	}
	return v.address.With(name, field.JoinList(values))
}

// clusterValues returns the clusters that can be chosen. The count of one is known if the
// list is about it.
func (v *imagesView) clusterValues(matches []int32) []facetValue {
	chosen := v.p.Request.Selection.NamedClusters()
	counts := map[string]int{}
	var ids []string
	if v.p.Set.ScopesOf != nil {
		for _, c := range v.p.Set.CountClusters(matches).Counts {
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
	// The images of the first cluster are those of any type, as they were counted.
	from := v.address
	if len(chosen) == 0 && from.Get("InstanceType") == "" {
		from = from.With("InstanceType", request.AllNames)
	}
	linkTo := from.LinksWith("ClusterId")
	values := make([]facetValue, 0, shownValues+foldedValues)
	for _, id := range ids[:min(len(ids), shownValues+foldedValues)] {
		value := facetValue{text: v.clusterName(id), count: -1, isChosen: slices.Contains(chosen, id)}
		if n, known := counts[id]; known {
			value.count = n
		}
		if value.isChosen {
			value.to = v.withoutCluster(chosen, id).String()
		} else {
			value.to = linkTo(append(slices.Clone(chosen), id)...)
		}
		values = append(values, value)
	}
	return values
}

// withoutCluster returns the address without one of the chosen clusters. Without any,
// everything captured is meant.
func (v *imagesView) withoutCluster(chosen []string, id string) ui.Address {
	if len(chosen) == 1 {
		return v.everything()
	}
	return v.withValues("ClusterId", slices.DeleteFunc(slices.Clone(chosen), func(c string) bool { return c == id }))
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
	first := h.Ul(v.facetItems(values[:min(cut, len(values))], most))
	if len(values) <= cut {
		return g.Group{h.H2(g.Text(title)), first}
	}
	more := values[cut:]
	return g.Group{h.H2(g.Text(title)), first,
		h.Details(h.ID("more-"+title), h.Summary(g.Text(v.T("%d more", len(more)))), h.Ul(v.facetItems(more, most)))}
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// facetItems are values of a facet, each with a bar behind it. most is the largest count.
func (v *imagesView) facetItems(values []facetValue, most int) g.Node {
	m := make(markup, 0, 400*len(values))
	add, remove := v.T("Add"), v.T("Remove")
	for _, value := range values {
		m.html(`<li><a href="`)
		m.text(value.to)
		m.html(`" data-live title="`)
		if value.isChosen {
			m.text(remove)
		} else {
			m.text(add)
		}
		m.html(`: `)
		m.text(value.text)
		if value.isChosen {
			m.html(`" class="chosen" aria-current="true`)
		}
		m.html(`">`)
		if value.count > 0 {
			m.html(`<svg class="bar" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 100 1"><rect width="`)
			m.text(strconv.Itoa(max(1, value.count*100/most)))
			m.html(`" height="1"/></svg>`)
		}
		m.html(`<span>`)
		if value.isChosen {
			m.html("✓ ")
		}
		m.text(value.text)
		m.html(`</span>`)
		if value.count >= 0 {
			m.html(`<span class="count">`)
			m.text(strconv.Itoa(value.count))
			m.html(`</span>`)
		}
		m.html(`</a></li>`)
	}
	return m.node()
}
