package ui

import (
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// Link returns a link with a text.
func Link(to Address, text string) g.Node { return h.A(h.Href(to.String()), g.Text(text)) }

// Live marks a link or form that the script follows without loading the page anew.
func Live() g.Node { return g.Attr("data-live") }

// LiveLink is Link for another view of the same page.
func LiveLink(to Address, text string) g.Node { return h.A(h.Href(to.String()), Live(), g.Text(text)) }

// Pill shows a word with a colour behind it: kind is good, warn, bad or calm.
func Pill(kind, text string) g.Node { return h.Span(h.Class("pill "+kind), g.Text(text)) }

// StatusPill shows the Status of an image as E-HPC spells it. Nothing is shown for none.
func StatusPill(status string) g.Node {
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
	return Pill(kind, status)
}

// Notice is a sentence above everything else: kind is good, warn or bad.
func Notice(kind string, children ...g.Node) g.Node {
	return h.P(append([]g.Node{h.Class("notice " + kind), h.Role("note")}, children...)...)
}

// NameOverID shows what people read above what programs read.
func NameOverID(to Address, name, id string) g.Node {
	if name == "" {
		name = id
	}
	return g.Group{h.A(h.Class("name"), h.Href(to.String()), g.Text(name)), h.Code(g.Text(id))}
}

// SayAll returns texts in the language of the page.
func (in *Input) SayAll(texts []message.Text) (said []string) {
	for _, text := range texts {
		said = append(said, in.Say(text))
	}
	return said
}

// EmptyState says why there is nothing, and what to do.
func EmptyState(title string, hints []string, more ...g.Node) g.Node {
	return h.Div(h.Class("empty"), h.P(h.Class("lead"), g.Text(title)),
		g.Map(hints, func(hint string) g.Node { return h.P(g.Text(hint)) }), g.Group(more))
}

// FormatLinks leads to the same data in the other formats of the route.
func (in *Input) FormatLinks() g.Node {
	links := g.Group{h.Span(g.Text(in.T("This page as")))}
	for _, format := range formatsBeside(in.Request.Route) {
		links = append(links, g.Text(" "), Link(in.Here().As(format), format))
	}
	return h.P(append([]g.Node{h.Class("formats")}, links...)...)
}

// formatsBeside returns the formats that a page can link to.
func formatsBeside(rt *request.Route) []string {
	return slices.DeleteFunc(slices.Clone(rt.Formats), func(f string) bool { return f == request.FormatHTML })
}

// Section is a part of a page with a heading.
func Section(title string, children ...g.Node) g.Node {
	return h.Section(append([]g.Node{h.H2(g.Text(title))}, children...)...)
}

// Problem shows an error: what happened, what to do, and the code that programs get.
func Problem(in *Input, e *apierror.Error) g.Node {
	return g.Group{
		Notice("bad", g.Text(in.Say(e.Message))),
		g.If(!e.Recommend.IsEmpty(), h.P(g.Text(in.Say(e.Recommend)))),
		h.P(h.Class("soft"), h.Code(g.Text(e.Code)), g.Text(" – "+in.T(fault.About(e.Code))),
			g.If(in.RequestID != "", g.Text(" · RequestId "+in.RequestID))),
		g.Iff(e.Code == fault.CodeMissing && in.Region == "", func() g.Node { return regionLinks(in) }),
	}
}

// regionLinks leads to the same page of each of several regions.
func regionLinks(in *Input) g.Node {
	if len(in.Regions) < 2 {
		return nil
	}
	return h.P(g.Map(in.Regions, func(region string) g.Node {
		return g.Group{Link(in.Here().With("RegionId", region), region), g.Text(" ")}
	}))
}
