package page

import (
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/fault"
	"community-images/shared/query/render"
)

// aliasPath begins the paths of aliases.
const aliasPath = "/v1/aliases/"

// aliasesPage is the page of /v1/aliases.
func aliasesPage() page {
	return page{
		questions: func(in *Input) []Question {
			return []Question{in.clustersQuestion(), in.to("/v1/status").without("lang").question()}
		},
		title: func(in *Input, _ []Answer) string { return in.T("Aliases") },
		main: func(in *Input, answers []Answer) g.Node {
			list := answers[0].Value.(*render.AliasList)
			parts := g.Group{h.H1(g.Text(in.T("Aliases"))), aliasFileProblems(in, answers[2])}
			if len(list.Aliases) == 0 {
				return append(parts, noAliases(in), in.formatLinks())
			}
			return append(parts, h.P(h.Class("soft"), g.Text(aliasSummary(in, list.Aliases))),
				aliasTable(in, list.Aliases, newClusterNames(answers[1])), in.formatLinks())
		},
	}
}

// clustersQuestion asks for the names of the clusters, at the time that the page is about.
func (in *Input) clustersQuestion() Question {
	return in.keepTime(in.to("/v1/clusters").without("lang")).question()
}

// toAlias returns the address of an alias.
func (in *Input) toAlias(region, name string) address {
	return in.keepTime(in.to(aliasPath+name, "RegionId", region))
}

// keepTime adds the time that the page is about to an address.
func (in *Input) keepTime(a address) address {
	if at := in.here().get("at"); at != "" {
		return a.with("at", at)
	}
	return a
}

// aliasFileProblems says why the last runs could not use the file. Callers who may not see
// runs do not see them.
func aliasFileProblems(in *Input, a Answer) g.Node {
	status, ok := a.Value.(*render.Status)
	if !ok || in.here().get("at") != "" {
		return nil
	}
	var notices g.Group
	for _, r := range status.Regions {
		if r.Run != nil && r.Run.AliasProblem != "" {
			notices = append(notices, notice("bad",
				h.Strong(g.Text(in.T("The last run of %s could not use aliases.json. The definitions of before hold.", r.RegionID))),
				g.Text(" "+r.Run.AliasProblem)))
		}
	}
	return notices
}

// aliasSummary counts aliases, and those that need a look.
func aliasSummary(in *Input, list []render.Alias) string {
	broken, pinned := 0, 0
	for _, a := range list {
		if a.Error != nil {
			broken++
		}
		if isHeld(a) {
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

// isHeld reports whether a pin decides.
func isHeld(a render.Alias) bool { return a.Pin != nil && !a.Pin.Expired }

// aliasTable shows aliases. Regions are shown if there are several.
func aliasTable(in *Input, list []render.Alias, names clusterNames) g.Node {
	isOfSeveral := slices.ContainsFunc(list, func(a render.Alias) bool { return a.RegionID != list[0].RegionID })
	columns := []column{{name: in.T("Alias")}, {name: in.T("Stands for now")}, {name: in.T("Rule")}, {name: in.T("Pin")},
		{name: in.T("Rule since")}}
	if isOfSeveral {
		columns = slices.Insert(columns, 1, column{name: in.T("Region")})
	}
	var rows []g.Node
	for _, a := range list {
		rows = append(rows, h.Tr(
			cell(in.T("Alias"), h.A(h.Class("name"), h.Href(in.toAlias(a.RegionID, a.Name).String()), g.Text(a.Name)),
				g.If(a.Description != "", h.Span(h.Class("soft"), g.El("bdi", g.Text(a.Description))))),
			g.If(isOfSeveral, cell(in.T("Region"), h.Span(h.Class("region"), g.Text(a.RegionID)))),
			cell(in.T("Stands for now"), standsFor(in, a)),
			cell(in.T("Rule"), ruleCell(in, a, names)),
			cell(in.T("Pin"), pinCell(in, a)),
			cell(in.T("Rule since"), in.ageNode(a.RuleSince)),
		))
	}
	return table(in.T("Aliases"), columns, rows)
}

// standsFor shows the image of an alias, or why there is none. The page of the alias says more.
func standsFor(in *Input, a render.Alias) g.Node {
	if a.Error == nil {
		return h.Div(nameOverID(in.keepTime(in.toImageOf(a.RegionID, a.ImageID)), a.ImageName, a.ImageID))
	}
	switch code := string(a.Error.Code); code {
	case fault.CodePin:
		return pill("bad", in.T("the pinned image is gone"))
	case fault.CodeNoMatch:
		return pill("bad", in.T("no image matches"))
	case fault.CodeCluster:
		return pill("bad", in.T("a cluster is not captured"))
	}
	return h.Div(pill("bad", in.T("cannot be answered")), h.Br(),
		h.Span(h.Class("soft"), g.El("bdi", g.Text(a.Error.Message))))
}

// ruleCell shows the lookup. While a pin holds the alias, it does not decide.
func ruleCell(in *Input, a render.Alias, names clusterNames) g.Node {
	return h.Div(in.lookupLink(a.RegionID, a.Lookup, names),
		g.If(isHeld(a), h.Span(h.Class("soft"), g.Text(" "+in.T("(does not decide: pinned)")))))
}

// pinCell shows the pin of an alias.
func pinCell(in *Input, a render.Alias) g.Node {
	if a.Pin == nil {
		return g.Text("–")
	}
	return h.Div(pinPill(in, a.Pin), h.Br(), g.El("bdi", g.Text(a.Pin.Reason)), h.Br(),
		h.Span(h.Class("soft"), pinEnd(in, a.Pin)))
}

// pinPill says whether a pin decides.
func pinPill(in *Input, p *render.AliasPin) g.Node {
	if p.Expired {
		return pill("calm", in.T("pin ended"))
	}
	return pill("warn", in.T("pinned"))
}

// pinEnd says when a pin ends or ended.
func pinEnd(in *Input, p *render.AliasPin) g.Node {
	switch {
	case p.Until.IsZero():
		return g.Text(in.T("without an end"))
	case p.Expired:
		return in.sentence("ended %s", in.timeNode(p.Until))
	}
	return in.sentence("until %s", in.timeNode(p.Until))
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
func noAliases(in *Input) g.Node {
	region := in.Region
	if region == "" && len(in.Regions) > 0 {
		region = in.Regions[0]
	}
	return h.Div(h.Class("empty"),
		h.P(h.Class("lead"), g.Text(in.T("There are no aliases to show"))),
		h.P(g.Text(in.T("An alias is one name for a lookup, so that scripts ask for a name and you decide in one place which image it is."))),
		h.P(in.sentence("The operator defines aliases in the file %s of the bucket, below the prefix of this deployment. "+
			"The next run takes them over.", h.Code(g.Text("aliases.json")))),
		h.Pre(h.Class("example"), h.TabIndex("0"), h.Aria("label", in.T("Example")), h.Code(g.Textf(aliasExample, region))),
		h.P(in.sentence("What the members mean: %s in the repository. What the lookup may ask: %s.",
			h.Code(g.Text("shared/alias/README.md")), link(address{path: "/openapi.json"}, in.T("Description for programs")))),
		h.P(link(in.toImages(), in.T("Find the lookup on the page of images"))))
}
