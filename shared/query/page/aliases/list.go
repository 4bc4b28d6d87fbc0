// Package aliases makes the page of aliases, and that of one alias.
package aliases

import (
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/fault"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// ListPage is the page of /v1/aliases.
func ListPage() ui.Page {
	return ui.Page{
		Subrequests: func(in *ui.Input) []ui.Subrequest {
			return []ui.Subrequest{in.ClustersSubrequest(), in.To("/v1/status").Without("lang").Subrequest()}
		},
		Title: func(in *ui.Input, _ []ui.Answer) string { return in.T("Aliases") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			list := answers[0].Value.(*render.AliasList)
			parts := g.Group{h.H1(g.Text(in.T("Aliases"))), aliasFileProblems(in, answers[2])}
			if len(list.Aliases) == 0 {
				return append(parts, noAliases(in), in.FormatLinks())
			}
			return append(parts, h.P(h.Class("soft"), g.Text(aliasSummary(in, list.Aliases))),
				aliasTable(in, list.Aliases, ui.NewClusterNames(answers[1])), in.FormatLinks())
		},
	}
}

// toAlias returns the address of an alias.
func toAlias(in *ui.Input, region, name string) ui.Address {
	return in.KeepTime(in.To(ui.AliasPath+name, "RegionId", region))
}

// aliasFileProblems says why the last runs could not use the file. Callers who may not see
// runs do not see them.
func aliasFileProblems(in *ui.Input, a ui.Answer) g.Node {
	status, ok := a.Value.(*render.Status)
	if !ok || in.Here().Get("at") != "" {
		return nil
	}
	var notices g.Group
	for _, r := range status.Regions {
		if r.Run != nil && r.Run.AliasProblem != "" {
			notices = append(notices, ui.Notice("bad",
				h.Strong(g.Text(in.T("The last run of %s could not use aliases.json. The definitions of before hold.",
					r.RegionID))),
				g.Text(" "+r.Run.AliasProblem)))
		}
	}
	return notices
}

// aliasSummary counts aliases, and those that need a look.
func aliasSummary(in *ui.Input, list []render.Alias) string {
	broken, pinned := 0, 0
	for _, a := range list {
		if a.Error != nil {
			broken++
		}
		if isPinned(a) {
			pinned++
		}
	}
	words := []string{in.N(len(list), "%d alias", "%d aliases")}
	if broken > 0 {
		words = append(words, in.N(broken, "%d has no image", "%d have no image"))
	}
	if pinned > 0 {
		words = append(words, in.N(pinned, "%d is held by a pin", "%d are held by pins"))
	}
	return strings.Join(words, " · ")
}

// isPinned reports whether a pin decides.
func isPinned(a render.Alias) bool { return a.Pin != nil && !a.Pin.Expired }

// aliasTable shows aliases. Regions are shown if there are several.
func aliasTable(in *ui.Input, list []render.Alias, names ui.ClusterNames) g.Node {
	isOfSeveral := slices.ContainsFunc(list, func(a render.Alias) bool { return a.RegionID != list[0].RegionID })
	columns := []ui.Column{{Name: in.T("Alias")}, {Name: in.T("Stands for now")}, {Name: in.T("Rule")},
		{Name: in.T("Pin")}, {Name: in.T("Rule since")}}
	if isOfSeveral {
		columns = slices.Insert(columns, 1, ui.Column{Name: in.T("Region")})
	}
	var rows []g.Node
	for _, a := range list {
		rows = append(rows, h.Tr(
			ui.Cell(in.T("Alias"),
				h.A(h.Class("name"), h.Href(toAlias(in, a.RegionID, a.Name).String()), g.Text(a.Name)),
				g.If(a.Description != "", h.Span(h.Class("soft"), g.El("bdi", g.Text(a.Description))))),
			g.If(isOfSeveral, ui.Cell(in.T("Region"), h.Span(h.Class("region"), g.Text(a.RegionID)))),
			ui.Cell(in.T("Stands for now"), standsFor(in, a)),
			ui.Cell(in.T("Rule"), ruleCell(in, a, names)),
			ui.Cell(in.T("Pin"), pinCell(in, a)),
			ui.Cell(in.T("Rule since"), in.AgeNode(a.RuleSince)),
		))
	}
	return ui.Table(in.T("Aliases"), columns, rows)
}

// standsFor shows the image of an alias, or why there is none. The page of the alias says more.
func standsFor(in *ui.Input, a render.Alias) g.Node {
	if a.Error == nil {
		return h.Div(ui.NameOverID(in.KeepTime(in.ToImageOf(a.RegionID, a.ImageID)), a.ImageName, a.ImageID))
	}
	switch code := string(a.Error.Code); code {
	case fault.CodePin:
		return ui.Pill("bad", in.T("the pinned image is gone"))
	case fault.CodeNoMatch:
		return ui.Pill("bad", in.T("no image matches"))
	case fault.CodeCluster:
		return ui.Pill("bad", in.T("a cluster is not captured"))
	}
	return h.Div(ui.Pill("bad", in.T("cannot be answered")), h.Br(),
		h.Span(h.Class("soft"), g.El("bdi", g.Text(in.Say(a.Error.Text())))))
}

// ruleCell shows the lookup. While a pin holds the alias, it does not decide.
func ruleCell(in *ui.Input, a render.Alias, names ui.ClusterNames) g.Node {
	return h.Div(lookupLink(in, a.RegionID, a.Lookup, names),
		g.If(isPinned(a), h.Span(h.Class("soft"), g.Text(" "+in.T("(does not decide: pinned)")))))
}

// pinCell shows the pin of an alias.
func pinCell(in *ui.Input, a render.Alias) g.Node {
	if a.Pin == nil {
		return g.Text("–")
	}
	return h.Div(pinPill(in, a.Pin), h.Br(), g.El("bdi", g.Text(a.Pin.Reason)), h.Br(),
		h.Span(h.Class("soft"), pinEnd(in, a.Pin)))
}

// pinPill says whether a pin decides.
func pinPill(in *ui.Input, p *render.AliasPin) g.Node {
	if p.Expired {
		return ui.Pill("calm", in.T("pin ended"))
	}
	return ui.Pill("warn", in.T("pinned"))
}

// pinEnd says when a pin ends or ended.
func pinEnd(in *ui.Input, p *render.AliasPin) g.Node {
	switch {
	case p.Until.IsZero():
		return g.Text(in.T("without an end"))
	case p.Expired:
		return in.Sentence("ended %s", in.TimeNode(p.Until))
	}
	return in.Sentence("until %s", in.TimeNode(p.Until))
}

// aliasExample is a definition as the operator writes it.
const aliasExample = `{"Aliases": [{
  "Name": "centos-newest",
  "RegionId": "%s",
  "Description": "For new compute nodes",
  "Lookup": "ClusterId=*&OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version"
}]}
`

// noAliases says what an alias is, and how to define one.
func noAliases(in *ui.Input) g.Node {
	region := in.Region
	if region == "" && len(in.Regions) > 0 {
		region = in.Regions[0]
	}
	return h.Div(h.Class("empty"),
		h.P(h.Class("lead"), g.Text(in.T("There are no aliases to show"))),
		h.P(g.Text(in.T("An alias is one name for a lookup, so that scripts ask for a name and you decide in one "+
			"place which image it is."))),
		h.P(in.Sentence("The operator defines aliases in the file %s of the bucket, below the prefix of this "+
			"deployment. The next run takes them over.", h.Code(g.Text("aliases.json")))),
		h.Pre(h.Class("example"), h.TabIndex("0"), h.Aria("label", in.T("Example")),
			h.Code(g.Textf(aliasExample, region))),
		h.P(in.Sentence("What the members mean: %s in the repository. What the lookup may ask: %s.",
			h.Code(g.Text("shared/alias/README.md")),
			ui.Link(ui.Address{Path: "/openapi.json"}, in.T("Description for programs")))),
		h.P(ui.Link(in.ToImages(), in.T("Find the lookup on the page of images"))))
}
