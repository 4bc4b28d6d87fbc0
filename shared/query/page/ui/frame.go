package ui

import (
	"bytes"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/page/language"
	"community-images/shared/query/state"
)

// Document is a whole HTML document.
type Document struct {
	Input     *Input
	Title     string
	Main      g.Node
	Freshness *state.Freshness // nil: the page is not about stored data
}

// node returns the document as HTML.
func (d Document) node() g.Node {
	in := d.Input
	return h.Doctype(h.HTML(h.Lang(in.Tag),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(h.Name("color-scheme"), h.Content("light dark")),
			h.TitleEl(g.Text(d.Title+" – "+in.T("Community images"))),
			h.Link(h.Rel("stylesheet"), h.Href(assetPaths()["page.css"])),
			h.Link(h.Rel("icon"), h.Href(assetPaths()["icon.svg"])),
			h.Script(h.Src(assetPaths()["page.js"]), h.Defer()),
		),
		h.Body(
			h.A(h.Class("skip"), h.Href("#main"), g.Text(in.T("Skip to the content"))),
			d.header(),
			h.Main(h.ID("main"), h.TabIndex("-1"), d.Main),
			d.footer(),
		),
	))
}

// header shows the navigation, the region, how fresh the data is, and the other language.
func (d Document) header() g.Node {
	in := d.Input
	return h.Header(h.Class("top"),
		h.A(h.Class("brand"), h.Href(in.To("/").String()), g.Text(in.T("Community images"))),
		h.Nav(h.Aria("label", in.T("Navigation")), g.Map(navigation(), func(link navigationLink) g.Node {
			target := in.To(link.path)
			switch link.path {
			case "/v1/images":
				target = in.ToImages()
			case "/v1/changes":
				target = in.ToChanges()
			}
			if link.ofOneRegion && in.Region == "" && len(in.Regions) > 0 {
				target = target.With("RegionId", in.Regions[0]) // the header lets a person choose another
			}
			return h.A(h.Href(target.String()), g.If(link.path == in.Path, h.Aria("current", "page")),
				g.Text(in.T(link.name)))
		})),
		h.Div(h.Class("tools"), d.regionForm(), d.freshnessPill(), d.languageLink(), d.signOutForm()),
	)
}

// navigationLink leads to a page.
type navigationLink struct {
	path        string
	name        language.Message
	ofOneRegion bool // else of all regions, if none is chosen
}

// navigation returns the links to the pages, in the order in which the header shows them.
func navigation() []navigationLink {
	return []navigationLink{
		{"/", "Overview", false}, {"/v1/images", "Images", true}, {"/v1/aliases", "Aliases", false},
		{"/v1/changes", "Changes", true}, {"/v1/diff", "Compare", true}, {"/v1/matrix", "Matrix", true},
		{"/v1/clusters", "Clusters", false}, {"/v1/status", "Status", false},
	}
}

// regionForm lets a person choose the region. It opens the same page of another region,
// without what is about the present one. The script sends it when the choice changes.
func (d Document) regionForm() g.Node {
	in := d.Input
	if len(in.Regions) < 2 {
		return nil
	}
	isImages := in.Path == "/v1/images"
	return h.Form(h.Method("get"), h.Action(pathOfRegion(in.Path)), h.Class("region"), g.Attr("data-auto"),
		g.If(isImages, Hidden("ClusterId", "*")), g.If(in.Path == "/v1/changes", Hidden("since", "-1w")),
		KeepLanguage(in),
		h.Label(g.Text(in.T("Region")), g.Text(" "),
			h.Select(h.Name("RegionId"),
				g.If(in.Region == "", h.Option(h.Value(""), h.Disabled(), h.Selected(), g.Text(in.T("all regions")))),
				g.Map(in.Regions, func(id string) g.Node {
					return h.Option(h.Value(id), g.If(id == in.Region, h.Selected()), g.Text(id))
				}))),
		h.Button(h.Type("submit"), g.Attr("data-without-script"), g.Text(in.T("Show"))),
	)
}

// pathOfRegion returns the path to open for another region. An image is of one region. An alias
// may be defined in each.
func pathOfRegion(path string) string {
	if strings.HasPrefix(path, AliasPath) {
		return path
	}
	for _, link := range navigation() {
		if link.path == path {
			return path
		}
	}
	return "/"
}

// freshnessPill says how old the data is, in words.
func (d Document) freshnessPill() g.Node {
	in, f := d.Input, d.Freshness
	switch {
	case f == nil:
		return nil
	case f.CheckedAt.IsZero():
		return h.A(h.Class("pill bad"), h.Href(in.To("/v1/status").String()), g.Text(in.T("never checked")))
	}
	text, class := in.T("checked %s", in.age(f.CheckedAt.Time)), "pill good"
	if len(f.Stale) > 0 { // maybe since a check failed just now
		text, class = in.T("partly out of date"), "pill warn"
	}
	return h.A(h.Class(class), h.Href(in.To("/v1/status").String()), h.Title(UTCText(f.CheckedAt.Time)),
		g.Text(text))
}

// languageLink leads to the same page in the other language. Its name is in that language.
func (d Document) languageLink() g.Node {
	other := d.Input.Other()
	return h.A(h.Href(d.Input.Here().With("lang", other.Parameter).String()), h.Lang(other.Tag), g.Text(other.Name))
}

// signOutForm ends the session of a person who has signed in.
func (d Document) signOutForm() g.Node {
	if !d.Input.SignedIn {
		return nil
	}
	return h.Form(h.Method("post"), h.Action("/sign-out"), h.Button(h.Type("submit"), g.Text(d.Input.T("Sign out"))))
}

// footer has what programs read, and the version.
func (d Document) footer() g.Node {
	in := d.Input
	return h.Footer(
		h.A(h.Href("/openapi.json"), g.Text(in.T("Description for programs"))),
		g.Text(" · "), g.Text(in.T("Version %s", in.Service.Version)),
	)
}

// Render returns the bytes of the document.
func (d Document) Render() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(120 << 10) // a page of 100 images
	err := d.node().Render(&b)
	return b.Bytes(), err
}
