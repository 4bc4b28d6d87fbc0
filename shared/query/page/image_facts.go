package page

import (
	"cmp"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// imageFacts shows side by side what people compare first of an image. text returns one of its
// fields; more stands after them.
func imageFacts(in *Input, text func(field string) string, more ...fact) g.Node {
	size := text("Size")
	if size != "" {
		size += " GiB"
	}
	words := func(words ...string) g.Node { return g.El("bdi", g.Text(cmp.Or(joinWords(words...), "–"))) }
	facts := append([]fact{
		{in.T("Status"), statusPill(text("Status"))},
		{in.T("System"), words(text("OsTag.Platform"), text("OsTag.Version"), text("OsTag.Architecture"))},
		{in.T("Size"), words(size)},
		{in.T("Owner"), words(text("ImageOwnerAlias"))},
		{in.T("Sold as"), words(text("SkuCode"), text("PricingCycle"))},
	}, more...)
	return h.Dl(h.Class("strip"), g.Map(facts, fact.node))
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
