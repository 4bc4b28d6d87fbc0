package ui

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// Column is the header of a column of a table.
type Column struct {
	Name    string // in the language of the page
	Numeric bool   // aligned right
	Sort    string // address that sorts by it; empty: it cannot be sorted
	Arrow   string // "↑" or "↓" if the table is sorted by it
	IsQuiet bool   // only screen readers say the name
}

// Table returns a table. caption says what it shows, for screen readers. Each row is a
// tr with one td for each column. On narrow screens rows become cards, whose cells show
// the attribute data-label: see Cell.
func Table(caption string, columns []Column, rows []g.Node) g.Node {
	return h.Div(h.Class("scroll"), h.TabIndex("0"), h.Role("region"), h.Aria("label", caption),
		h.Table(
			h.Caption(h.Class("hidden"), g.Text(caption)),
			h.THead(h.Tr(g.Map(columns, func(c Column) g.Node {
				return h.Th(h.Scope("col"), g.If(c.Numeric, h.Class("number")), c.ariaSort(), c.label())
			}))),
			h.TBody(g.Group(rows)),
		))
}

// ariaSort tells screen readers how the table is sorted.
func (c Column) ariaSort() g.Node {
	switch c.Arrow {
	case "↑":
		return h.Aria("sort", "ascending")
	case "↓":
		return h.Aria("sort", "descending")
	}
	return nil
}

func (c Column) label() g.Node {
	text := c.Name
	if c.Arrow != "" {
		text += " " + c.Arrow
	}
	switch {
	case c.IsQuiet:
		return h.Span(h.Class("hidden"), g.Text(text))
	case c.Sort == "":
		return g.Text(text)
	}
	return h.A(h.Href(c.Sort), Live(), g.Text(text))
}

// Cell is a cell of a table. label is the name of its column, for narrow screens.
func Cell(label string, children ...g.Node) g.Node {
	return h.Td(append([]g.Node{g.Attr("data-label", label)}, children...)...)
}

// NumberCell is a cell that is aligned right.
func NumberCell(label, text string, more ...g.Node) g.Node {
	return h.Td(g.Attr("data-label", label), h.Class("number"), g.Text(text), g.Group(more))
}
