package ui

import (
	"cmp"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// ImageFacts shows side by side what people compare first of an image. text returns one of its
// fields; more stands after them.
func ImageFacts(in *Input, text func(field string) string, more ...Fact) g.Node {
	size := text("Size")
	if size != "" {
		size += " GiB"
	}
	words := func(words ...string) g.Node { return g.El("bdi", g.Text(cmp.Or(joinWords(words...), "–"))) }
	facts := append([]Fact{
		{in.T("Status"), StatusPill(text("Status"))},
		{in.T("System"), words(text("OsTag.Platform"), text("OsTag.Version"), text("OsTag.Architecture"))},
		{in.T("Size"), words(size)},
		{in.T("Owner"), words(text("ImageOwnerAlias"))},
		{in.T("Sold as"), words(text("SkuCode"), text("PricingCycle"))},
	}, more...)
	return h.Dl(h.Class("strip"), g.Map(facts, Fact.node))
}

// joinWords joins the words that are not empty.
func joinWords(words ...string) (joined string) {
	for _, word := range words {
		if word != "" && joined != "" {
			joined += " "
		}
		joined += word
	}
	return joined
}

// Fact is a name with what is known of it.
type Fact struct {
	Name  string // in the language of the page
	Value g.Node // nil: not shown
}

// FactList shows facts below each other.
func FactList(facts []Fact) g.Node {
	return h.Dl(h.Class("facts"), g.Map(facts, Fact.node))
}

// node shows the fact in a list of facts.
func (f Fact) node() g.Node {
	if f.Value == nil {
		return nil
	}
	return h.Div(h.Dt(g.Text(f.Name)), h.Dd(f.Value))
}
