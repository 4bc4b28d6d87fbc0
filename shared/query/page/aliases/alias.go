package aliases

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
	"community-images/shared/query/fault"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// AliasPage is the page of /v1/aliases/{Name}: also of an alias without an image, and of a
// name that is not defined. Their status is that of the error.
func AliasPage() ui.Page {
	return ui.Page{
		Subrequests:      func(in *ui.Input) []ui.Subrequest { return []ui.Subrequest{in.ClustersSubrequest()} },
		ErrorSubrequests: func(in *ui.Input) []ui.Subrequest { return []ui.Subrequest{aliasesSubrequest(in)} },
		Explains: func(e *apierror.Error) bool {
			return slices.Contains([]string{fault.CodePin, fault.CodeNoMatch, fault.CodeLookup, fault.CodeAlias,
				fault.CodeCluster, fault.CodeMissing}, e.Code)
		},
		Title: func(in *ui.Input, _ []ui.Answer) string { return aliasName(in) },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			names := ui.NewClusterNames(answers[1])
			if v, ok := answers[0].Value.(*render.AliasView); ok {
				r := aliasReport{Input: in, Alias: v.Alias, names: names}
				return r.main(r.image(v))
			}
			return explainAliasError(in, answers[0].Err, answers[2], names)
		},
	}
}

// aliasName returns the name in the address.
func aliasName(in *ui.Input) string { return strings.TrimPrefix(in.Path, ui.AliasPath) }

// aliasesSubrequest asks for all aliases, at the time that the page is about.
func aliasesSubrequest(in *ui.Input) ui.Subrequest {
	return in.KeepTime(in.To("/v1/aliases").Without("lang")).Subrequest()
}

// explainAliasError shows an alias without an image, or which aliases there are. list answers
// aliasesSubrequest.
func explainAliasError(in *ui.Input, e *apierror.Error, list ui.Answer, names ui.ClusterNames) g.Node {
	var all, named []render.Alias
	if l, ok := list.Value.(*render.AliasList); ok {
		all = l.Aliases
	}
	for _, a := range all {
		if a.Name == aliasName(in) {
			named = append(named, a)
		}
	}
	if len(named) == 1 && e.Code != fault.CodeAlias {
		r := aliasReport{Input: in, Alias: named[0], names: names}
		return r.main(r.withoutImage(e))
	}
	parts := g.Group{aliasCrumbs(in), h.H1(g.El("bdi", g.Text(aliasName(in))))}
	switch {
	case len(named) > 1:
		return append(parts, ui.Notice("warn", g.Text(in.T("Several regions have this alias. Choose one."))),
			aliasTable(in, named, names))
	case e.Code != fault.CodeAlias:
		return append(parts, ui.Problem(in, e))
	case len(all) == 0:
		return append(parts, ui.Problem(in, e), noAliases(in))
	}
	return append(parts, ui.Problem(in, e), ui.Section(in.T("Aliases"), aliasTable(in, all, names)))
}

// aliasCrumbs leads to all aliases.
func aliasCrumbs(in *ui.Input) g.Node {
	all := in.KeepTime(in.To("/v1/aliases"))
	return h.Nav(h.Class("crumbs"), h.Aria("label", in.T("Path")), ui.Link(all, in.T("Aliases")), g.Text(" / "),
		h.Span(h.Aria("current", "page"), g.Text(aliasName(in))))
}

// aliasReport is what the page of an alias shows.
type aliasReport struct {
	*ui.Input
	render.Alias
	names ui.ClusterNames
}

// main returns the content of the page. image is about the image, or says why there is none.
func (r *aliasReport) main(image g.Node) g.Node {
	return g.Group{
		aliasCrumbs(r.Input),
		h.H1(g.Text(r.Name)),
		h.P(h.Class("soft"), g.Text(r.RegionID), g.If(r.Description != "",
			g.Group{g.Text(" · "), g.El("bdi", g.Text(r.Description))})),
		image,
		ui.Section(r.T("How the image is chosen"), r.rule()),
		ui.Section(r.T("Use it in a script"), r.copies()),
		r.FormatLinks(),
	}
}

// image shows the image of the alias, and what its pin means.
func (r *aliasReport) image(v *render.AliasView) g.Node {
	return g.Group{
		r.pinNotice(),
		h.Div(h.Class("stands"), h.Div(h.Class("soft"), g.Text(r.T("Stands for now"))),
			h.A(h.Class("name"), h.Href(r.toOwnImage(r.ImageID).String()), g.El("bdi", g.Text(r.imageName()))),
			h.Code(g.Text(r.ImageID)), g.Text(" "), ui.CopyButton(r.Input)),
		ui.ImageFacts(r.Input, v.Image.Text),
		h.P(ui.Link(r.toOwnImage(r.ImageID), r.T("Content, clusters and history of this image"))),
	}
}

// toOwnImage returns the address of an image of the region of the alias.
func (r *aliasReport) toOwnImage(id string) ui.Address {
	return r.KeepTime(r.ToImageOf(r.RegionID, id))
}

// imageName returns the name of the image, or its id.
func (r *aliasReport) imageName() string {
	if r.ImageName == "" {
		return r.ImageID
	}
	return r.ImageName
}

// pinNotice says what the pin means and what to do about it.
func (r *aliasReport) pinNotice() g.Node {
	p := r.Pin
	switch {
	case p == nil:
		return nil
	case p.Expired:
		return ui.Notice("warn", r.Sentence("The pin on %s ended at %s, and the lookup decides again. "+
			"Remove it from aliases.json.", h.Code(g.Text(p.ImageID)), r.TimeNode(p.Until)))
	case p.Until.IsZero():
		return ui.Notice("warn", r.Sentence("Pinned to this image without an end: %s. "+
			"To let the lookup decide, remove Pin from aliases.json.", r.reason()), g.Text(" "), r.lookupNow())
	}
	return ui.Notice("warn", r.Sentence("Pinned to this image until %s: %s. "+
		"To let the lookup decide earlier, remove Pin from aliases.json.", r.TimeNode(p.Until), r.reason()),
		g.Text(" "), r.lookupNow())
}

// reason shows why the alias is pinned.
func (r *aliasReport) reason() g.Node { return h.Strong(g.El("bdi", g.Text(r.Pin.Reason))) }

// lookupNow leads to what the lookup finds.
func (r *aliasReport) lookupNow() g.Node {
	return ui.Link(toLookup(r.Input, r.RegionID, r.Lookup), r.T("What the lookup finds"))
}

// withoutImage says why the alias has no image, what that does to scripts, and what to do.
func (r *aliasReport) withoutImage(e *apierror.Error) g.Node {
	if e.Code == fault.CodePin && r.Pin != nil {
		return r.pinGone(e)
	}
	if e.Code != fault.CodeNoMatch {
		return ui.Problem(r.Input, e)
	}
	return g.Group{
		ui.Notice("bad", h.Strong(g.Text(r.T("No image matches the lookup of this alias.")))),
		r.scriptsGet(e),
		h.P(h.Class("soft"), g.El("bdi", g.Text(r.Say(e.Message)))),
		ui.Section(r.T("What to do"), h.Ul(h.Class("todo"),
			h.Li(ui.Link(toLookup(r.Input, r.RegionID, r.Lookup), r.T("Open the lookup")),
				g.Text(" "+r.T("and see which condition leaves no image."))),
			h.Li(g.Text(r.T("Change Lookup of the alias in aliases.json, or pin an image. "+
				"The next run takes it over."))))),
	}
}

// scriptsGet says what programs get instead of the image.
func (r *aliasReport) scriptsGet(e *apierror.Error) g.Node {
	return h.P(r.Sentence("Scripts that ask for the alias get status %s with the code %s.",
		g.Text(strconv.Itoa(e.Status)),
		h.Code(g.Text(e.Code))))
}

// pinGone is withoutImage for a pin whose image is not offered.
func (r *aliasReport) pinGone(e *apierror.Error) g.Node {
	instead := r.T("It matches no image now.")
	var found struct {
		LookupImageID string `json:"LookupImageId"`
	}
	object := "{" + strings.TrimPrefix(string(e.Members), ",") + "}"
	node := g.Text(instead)
	if json.Unmarshal([]byte(object), &found) == nil && found.LookupImageID != "" {
		node = r.Sentence("It would give %s now.", h.A(h.Href(r.toOwnImage(found.LookupImageID).String()),
			h.Code(g.Text(found.LookupImageID))))
	}
	pinned := h.A(h.Href(r.toOwnImage(r.Pin.ImageID).String()), h.Code(g.Text(r.Pin.ImageID)))
	return g.Group{
		ui.Notice("bad", h.Strong(g.Text(r.T("The pinned image is not offered any more. "+
			"No other image takes its place.")))),
		r.scriptsGet(e),
		ui.Section(r.T("What to do"), h.Ul(h.Class("todo"),
			h.Li(r.Sentence("See what happened to %s.", pinned)),
			h.Li(r.Sentence("Let the lookup decide: remove Pin from aliases.json. %s", node)),
			h.Li(g.Text(r.T("Or pin another image: change ImageId of Pin. The next run takes it over."))))),
	}
}

// rule shows the lookup and the pin, and which of them decides.
func (r *aliasReport) rule() g.Node {
	decides := r.T("the lookup: its first image")
	if isPinned(r.Alias) {
		decides = r.T("the pin")
	}
	facts := []ui.Fact{
		{Name: r.T("Decided by"), Value: g.Group{g.Text(decides + " · "),
			r.Sentence("since %s", r.TimeNode(r.RuleSince)), g.Text(" ("), r.AgeNode(r.RuleSince), g.Text(")")}},
		{Name: r.T("Lookup"), Value: g.Group{lookupLink(r.Input, r.RegionID, r.Lookup, r.names), h.Br(),
			h.Code(g.Text(r.Lookup))}},
	}
	if p := r.Pin; p != nil {
		facts = append(facts, ui.Fact{Name: r.T("Pin"), Value: g.Group{pinPill(r.Input, p), g.Text(" "),
			h.A(h.Href(r.toOwnImage(p.ImageID).String()), h.Code(g.Text(p.ImageID))), g.Text(" · "), pinEnd(r.Input, p),
			h.Br(), g.El("bdi", g.Text(p.Reason))}})
	}
	return ui.FactList(facts)
}

// copies show how programs ask for the image.
func (r *aliasReport) copies() g.Node {
	here := r.Here().With("RegionId", r.RegionID)
	needsToken := r.Service.NeedsToken
	ids := r.Service.Origin() + here.As("ids").String()
	object := r.Service.Origin() + here.Without("format", "lang").String()
	return g.Group{
		ui.CopyText("curl", r.T("Copy"), ui.CurlCommand(ids, needsToken)),
		ui.CopyText("Terraform", r.T("Copy"), ui.TerraformBlock("image", "image_id", "ImageId", object, needsToken)),
		g.If(needsToken, h.P(h.Class("soft"), g.Text(r.T("Set TOKEN, or the variable token, to your token.")))),
	}
}
