package page

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// link returns a link with a text.
func link(to address, text string) g.Node { return h.A(h.Href(to.String()), g.Text(text)) }

// live marks a link or form that the script follows without loading the page anew.
func live() g.Node { return g.Attr("data-live") }

// liveLink is link for another view of the same page.
func liveLink(to address, text string) g.Node { return h.A(h.Href(to.String()), live(), g.Text(text)) }

// pill shows a word with a colour behind it: kind is good, warn, bad or calm.
func pill(kind, text string) g.Node { return h.Span(h.Class("pill "+kind), g.Text(text)) }

// statusPill shows the Status of an image as E-HPC spells it. Nothing is shown for none.
func statusPill(status string) g.Node {
	kind := "calm"
	switch status {
	case "":
		return g.Text("–")
	case "Available":
		kind = "good"
	case "Waiting", "Creating":
		kind = "warn"
	case "UnAvailable", "CreateFailed":
		kind = "bad"
	}
	return pill(kind, status)
}

// notice is a sentence above everything else: kind is good, warn or bad.
func notice(kind string, children ...g.Node) g.Node {
	return h.P(append([]g.Node{h.Class("notice " + kind), h.Role("note")}, children...)...)
}

// column is the header of a column of a table.
type column struct {
	name    string // in the language of the page
	numeric bool   // aligned right
	sort    string // address that sorts by it; empty: it cannot be sorted
	arrow   string // "↑" or "↓" if the table is sorted by it
	isQuiet bool   // only screen readers say the name
}

// table returns a table. caption says what it shows, for screen readers. Each row is a
// tr with one td for each column. On narrow screens rows become cards, whose cells show
// the attribute data-label: see cell.
func table(caption string, columns []column, rows []g.Node) g.Node {
	return h.Div(h.Class("scroll"), h.TabIndex("0"), h.Role("region"), h.Aria("label", caption),
		h.Table(
			h.Caption(h.Class("hidden"), g.Text(caption)),
			h.THead(h.Tr(g.Map(columns, func(c column) g.Node {
				return h.Th(h.Scope("col"), g.If(c.numeric, h.Class("number")), c.ariaSort(), c.label())
			}))),
			h.TBody(g.Group(rows)),
		))
}

// ariaSort tells screen readers how the table is sorted.
func (c column) ariaSort() g.Node {
	switch c.arrow {
	case "↑":
		return h.Aria("sort", "ascending")
	case "↓":
		return h.Aria("sort", "descending")
	}
	return nil
}

func (c column) label() g.Node {
	text := c.name
	if c.arrow != "" {
		text += " " + c.arrow
	}
	switch {
	case c.isQuiet:
		return h.Span(h.Class("hidden"), g.Text(text))
	case c.sort == "":
		return g.Text(text)
	}
	return h.A(h.Href(c.sort), live(), g.Text(text))
}

// cell is a cell of a table. label is the name of its column, for narrow screens.
func cell(label string, children ...g.Node) g.Node {
	return h.Td(append([]g.Node{g.Attr("data-label", label)}, children...)...)
}

// numberCell is a cell that is aligned right.
func numberCell(label, text string) g.Node {
	return h.Td(g.Attr("data-label", label), h.Class("number"), g.Text(text))
}

// nameOverID shows what people read above what programs read.
func nameOverID(to address, name, id string) g.Node {
	if name == "" {
		name = id
	}
	return g.Group{h.A(h.Class("name"), h.Href(to.String()), g.Text(name)), h.Code(g.Text(id))}
}

// emptyState says why there is nothing, and what to do.
func emptyState(title string, hints []string, more ...g.Node) g.Node {
	return h.Div(h.Class("empty"), h.P(h.Class("lead"), g.Text(title)),
		g.Map(hints, func(hint string) g.Node { return h.P(g.Text(hint)) }), g.Group(more))
}

// formatLinks leads to the same data in the other formats of the route.
func (in *Input) formatLinks() g.Node {
	links := g.Group{h.Span(g.Text(in.T("This page as")))}
	for _, format := range formatsBeside(in.Request.Route) {
		links = append(links, g.Text(" "), link(in.here().as(format), format))
	}
	return h.P(append([]g.Node{h.Class("formats")}, links...)...)
}
