// Package images makes the page of images, which finds and compares them, and that of one
// image.
package images

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// ListPage is the page of /v1/images.
func ListPage() ui.Page {
	return ui.Page{
		Title: func(in *ui.Input, _ []ui.Answer) string { return in.T("Images") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			v := imagesView{
				Input: in, p: answers[0].Value.(*render.ImagePage), address: in.Here().Without("format"),
				answer: answers[0],
			}
			return h.Div(h.Class("images"), v.facets(), h.Div(h.Class("list"), v.content()))
		},
	}
}

// imagesView is what the parts of the page are made from.
type imagesView struct {
	*ui.Input
	p       *render.ImagePage
	address ui.Address // of the page, without the format
	answer  ui.Answer
}

// content is the page without the facets.
func (v *imagesView) content() g.Node {
	list := g.Group{v.hintsAbove(), v.imageTable(), v.pageLinks()}
	switch {
	case len(v.p.Rows) == 0:
		list = g.Group{v.emptyList()}
	case v.isComparison():
		list = g.Group{v.comparison()}
	}
	return g.Group{
		h.H1(g.Text(v.T("Images"))),
		h.P(h.Class("soft"), g.Text(v.summary()), g.Text(" · "), ui.LiveLink(v.address, v.T("Refresh"))),
		v.searchForm(), v.chips(), list, v.copyBox(), v.FormatLinks(),
	}
}

// summary says how many images there are, what they are about, and as of when.
func (v *imagesView) summary() string {
	counted := v.N(v.p.Set.Len(), "%d image", "%d images")
	if v.p.Request.Selection.IsEverything() {
		counted = v.N(v.p.Set.Len(), "%d captured image", "%d captured images")
	}
	if found := len(v.p.Rows); found != v.p.Set.Len() {
		counted = v.T("%d of %s", found, counted)
	}
	parts := []string{counted, v.clustersInWords(), v.typesInWords()}
	if f := v.answer.Freshness; f != nil {
		if v.p.Request.At.IsSet {
			parts = append(parts, v.T("as of %s", ui.UTCText(f.CommittedAt.Time)))
		}
		if f.Sequence > 0 {
			parts = append(parts, v.T("commit %d", f.Sequence))
		}
	}
	return strings.Join(parts, " · ")
}

// clustersInWords says which clusters the list is about.
func (v *imagesView) clustersInWords() string {
	names := v.p.Request.Selection.Clusters
	switch {
	case request.IncludesAll(names):
		return v.T("any cluster")
	case !v.namesCluster():
		return v.T("what every cluster supports")
	}
	return v.shorten(names, v.clusterName)
}

// namesCluster reports whether the list is about clusters by their ids.
func (v *imagesView) namesCluster() bool { return len(v.p.Request.Selection.NamedClusters()) > 0 }

// typesInWords says which instance types the list is about.
func (v *imagesView) typesInWords() string {
	names := v.p.Request.Selection.Types
	switch {
	case request.IncludesAll(names):
		return v.T("any instance type")
	case len(names) == 0 || len(names) == 1 && names[0] == catalog.Any:
		return v.T("every instance type")
	}
	return v.shorten(names, func(name string) string { return name })
}

// shorten lists a few names, and says how many more there are.
func (v *imagesView) shorten(names []string, show func(string) string) string {
	const most = 3
	var shown []string
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, show(name))
	}
	text := strings.Join(shown, ", ")
	if more := len(names) - most; more > 0 {
		text += " " + v.T("and %d more", more)
	}
	return text
}

// clusterName returns the name of a cluster, or its id if it has none.
func (v *imagesView) clusterName(id string) string {
	if id == catalog.Any {
		return v.T("no cluster")
	}
	if name := v.p.Subject.State.ClusterName(id); name != "" {
		return name
	}
	return id
}

// hintsAbove shows hints about a list that has images: there are more elsewhere.
func (v *imagesView) hintsAbove() g.Node {
	if len(v.answer.Hints) == 0 {
		return nil
	}
	return ui.Notice("warn", g.Text(v.Say(message.Sentences(v.answer.Hints...))), g.Text(" "),
		g.If(!v.p.Request.Selection.IsEverything(), ui.LiveLink(v.everything(), v.T("Search everything captured"))))
}

// everything returns the address of the same request about all that is captured.
func (v *imagesView) everything() ui.Address {
	return v.address.With("ClusterId", request.AllNames).Without("InstanceType")
}

// emptyList says why there are no images, and leads to some.
func (v *imagesView) emptyList() g.Node {
	var links []g.Node
	if !v.p.Request.Selection.IsEverything() {
		links = append(links, h.Li(ui.LiveLink(v.everything(), v.T("Search everything captured"))))
	}
	for _, c := range v.p.Set.CountConditions(v.p.Filter, 0) {
		if c.Without > 0 {
			links = append(links, h.Li(
				ui.LiveLink(v.address.Without(c.Name), v.T("Without the condition on %s", c.Name)),
				g.Text(v.T(": ")+v.N(c.Without, "%d image", "%d images"))))
		}
	}
	if v.p.Request.At.IsSet {
		links = append(links, h.Li(ui.LiveLink(v.address.Without("at"), v.T("Look at the present"))))
	}
	links = append(links, h.Li(ui.Link(v.ToImages(), v.T("Show all images"))))
	return ui.EmptyState(v.T("No image matches"), v.SayAll(v.answer.Hints), h.Ul(h.Class("plain"), g.Group(links)))
}

// pageLinks say which part of the list is shown, and lead to the rest.
func (v *imagesView) pageLinks() g.Node {
	p := v.p
	if p.From == 0 && p.Next == "" {
		return nil
	}
	shown := v.T("%d–%d of %d", p.From+1, p.To, len(p.Rows))
	return h.Nav(h.Class("pages"), h.Aria("label", v.T("Pages")),
		h.Span(h.Class("soft"), g.Text(shown)),
		g.If(p.From > 0, ui.Link(v.address.Without("cursor"), v.T("First page"))),
		g.If(p.Next != "", h.A(h.Rel("next"), h.Href(v.address.With("cursor", p.Next).String()),
			g.Text(v.T("Next page")))),
	)
}
