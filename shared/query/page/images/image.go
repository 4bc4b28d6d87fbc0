package images

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/fault"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// ImagePage is the page of /v1/images/{ImageId}: also of an image that is gone, and of one
// that never was there. Their status is that of the error.
func ImagePage() ui.Page {
	return ui.Page{
		Subrequests: func(in *ui.Input) []ui.Subrequest {
			history := in.Here().Without("format", "lang", "maxAge", "pretty")
			history.Path += "/history"
			return []ui.Subrequest{history.Subrequest(), in.ClustersSubrequest()}
		},
		Explains: func(e *apierror.Error) bool { return e.Code == fault.CodeGone || e.Code == fault.CodeImage },
		Title: func(in *ui.Input, answers []ui.Answer) string {
			if e := answers[0].Err; e != nil && e.Code == fault.CodeImage {
				return in.T("No such image")
			}
			return newImageReport(in, answers).title()
		},
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			if e := answers[0].Err; e != nil && e.Code == fault.CodeImage {
				return noSuchImage(in, e)
			}
			return newImageReport(in, answers).main()
		},
	}
}

// imageReport is all that the page of an image shows.
type imageReport struct {
	in       *ui.Input
	id       string
	seen     render.ImageSeen
	gone     catalog.Time // zero: it is offered
	contents []render.ImageContent
	history  *render.EventView // nil: see historyErr
	clusters *render.ClusterList
	names    ui.ClusterNames
	// errors say which parts are missing.
	historyErr, clustersErr *apierror.Error
	timeline                *timeline
}

// newImageReport puts the answers of the page together.
func newImageReport(in *ui.Input, answers []ui.Answer) *imageReport {
	r := &imageReport{in: in, historyErr: answers[1].Err, clustersErr: answers[2].Err,
		names: ui.NewClusterNames(answers[2])}
	if view, ok := answers[0].Value.(*render.ImageView); ok {
		r.id, r.seen, r.contents = view.ImageID, view.ImageSeen, view.Contents
	} else {
		r.readGone(answers[0].Err)
	}
	r.history, _ = answers[1].Value.(*render.EventView)
	r.clusters, _ = answers[2].Value.(*render.ClusterList)
	if r.history != nil {
		r.timeline = newTimeline(r.history.Events, in.Now)
	}
	return r
}

// readGone reads what an error says about an image that is gone.
func (r *imageReport) readGone(e *apierror.Error) {
	var gone struct {
		ImageID                        string `json:"ImageId"`
		FirstSeen, LastSeen, GoneSince catalog.Time
		Image                          json.RawMessage
	}
	members := slices.Concat([]byte("{"), bytes.TrimPrefix(e.Members, []byte(",")), []byte("}"))
	if json.Unmarshal(members, &gone) == nil {
		r.id, r.gone = gone.ImageID, gone.GoneSince
		r.seen = render.ImageSeen{ImageID: gone.ImageID, First: gone.FirstSeen, Last: gone.LastSeen}
	}
	if image, err := catalog.ParseImage(gone.Image); err == nil { // else its content is not known
		r.contents = []render.ImageContent{{Image: image}}
	}
}

// text returns a field of the image; empty: it has none, or its content is not known.
func (r *imageReport) text(field string) string {
	if len(r.contents) == 0 {
		return ""
	}
	return r.contents[0].Image.Text(field)
}

func (r *imageReport) title() string { return cmp.Or(r.text("ImageName"), r.id) }

// main returns the content of the page.
func (r *imageReport) main() g.Node {
	in := r.in
	description := r.text("Description")
	return g.Group{
		h.Nav(h.Class("crumbs"), h.Aria("label", in.T("Path")),
			ui.Link(in.ToImages(), in.T("Images")), g.Text(" / "), h.Span(h.Aria("current", "page"), g.Text(r.id))),
		h.H1(g.El("bdi", g.Text(r.title()))),
		h.P(h.Code(g.Text(r.id)), g.Text(" "), ui.CopyButton(in),
			g.If(description != "", g.Group{g.Text(" · "), in.TextNode(description)})),
		r.notices(),
		r.facts(),
		r.timelineSection(),
		r.eventsSection(),
		r.offersSection(),
		r.contentSection(),
		in.FormatLinks(),
	}
}

// facts shows what people compare first, and when the image came and changed.
func (r *imageReport) facts() g.Node {
	in := r.in
	changed := g.Node(g.Text("–"))
	if r.timeline != nil && !r.timeline.lastChange.IsZero() {
		changed = in.DateNode(r.timeline.lastChange)
	}
	return ui.ImageFacts(in, r.text, ui.Fact{Name: in.T("First seen"), Value: r.firstSeen()},
		ui.Fact{Name: in.T("Last changed"), Value: changed})
}

// firstSeen shows when the image was first seen, or since when it was there at least.
func (r *imageReport) firstSeen() g.Node {
	if !r.seen.First.IsZero() || r.timeline == nil || r.timeline.start.IsZero() {
		return r.in.DateNode(r.seen.First)
	}
	return r.in.Sentence("%s or earlier", r.in.DateNode(r.timeline.start))
}

// contentSection shows every field of the image.
func (r *imageReport) contentSection() g.Node {
	in := r.in
	if len(r.contents) == 0 {
		return ui.Section(in.T("Content"), h.P(g.Text(in.T("The last content is not known."))))
	}
	if len(r.contents) == 1 {
		title := in.T("Content")
		if !r.gone.IsZero() {
			title = in.T("Last content")
		}
		return ui.Section(title, contentList(in, r.contents[0].Image))
	}
	parts := g.Group{h.P(g.Text(in.T("Clusters have different contents of this image.")))}
	for i, c := range r.contents {
		where := r.names.List(in, clustersOf(c.Offers))
		parts = append(parts, h.H3(g.Text(in.T("Content %d", i+1))), h.P(in.Sentence("in %s", where)),
			contentList(in, c.Image))
	}
	return ui.Section(in.T("Content"), parts)
}

// clustersOf returns the clusters of scopes.
func clustersOf(scopes []format.ScopeRef) (ids []string) {
	for _, s := range scopes {
		ids = append(ids, s.ClusterID)
	}
	return ids
}

// noSuchImage says what to do about an id that was never there.
func noSuchImage(in *ui.Input, e *apierror.Error) g.Node {
	id := in.Request.ImageID
	return g.Group{
		h.H1(g.Text(in.T("No such image"))),
		ui.Problem(in, e),
		h.Form(h.Method("get"), h.Action("/v1/images"), h.Class("choose"), in.KeepRegion(), ui.KeepLanguage(in),
			ui.Hidden("ClusterId", "*"),
			h.Label(g.Text(in.T("Search all images")), g.Text(" "),
				h.Input(h.Type("search"), h.Name("q"), h.Value(id), h.Required())),
			h.Button(h.Type("submit"), g.Text(in.T("Search")))),
		h.P(ui.Link(in.ToImages(), in.T("All captured images")), g.Text(" · "),
			ui.Link(in.ToChanges().With("kind", "removed"), in.T("Images that went lately"))),
	}
}
