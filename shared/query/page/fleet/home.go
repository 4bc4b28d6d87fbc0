// Package fleet makes the pages of what is captured as a whole: the overview, the clusters,
// the matrix and the status.
package fleet

import (
	"slices"
	"strconv"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/message"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
)

// latestRows is how many of the latest changes the overview shows.
const latestRows = 6

// HomePage is the page of /: an overview of one region.
func HomePage() ui.Page {
	return ui.Page{
		Subrequests: func(in *ui.Input) []ui.Subrequest {
			subrequests := []ui.Subrequest{{Path: "/v1/status", Query: "bootImages=true"}}
			if in.Region != "" {
				region := ui.Address{}.With("RegionId", in.Region)
				ask := func(path string, pairs ...string) {
					a := ui.Address{Path: path, Params: region.Params}
					for i := 0; i < len(pairs); i += 2 {
						a = a.With(pairs[i], pairs[i+1])
					}
					subrequests = append(subrequests, a.Subrequest())
				}
				ask("/v1/clusters")
				ask("/v1/changes", "since", "-24h", "limit", strconv.Itoa(request.MaxLimit))
				ask("/v1/images", "ClusterId", request.AllNames, "limit", "1")
				ask("/v1/changes", "limit", strconv.Itoa(latestRows)) // the newest first
			}
			return subrequests
		},
		Title: func(in *ui.Input, _ []ui.Answer) string { return in.T("Overview") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			v := newHomeView(in, answers)
			return v.main()
		},
	}
}

// homeView makes the overview.
type homeView struct {
	in      *ui.Input
	routes  message.Text     // the list of routes
	status  *render.Status   // nil: it could not be read
	region  *render.Region   // that the page is about; nil: there is none, or it is not known
	stale   []staleScope     // of that region
	fleet   *fleet           // of that region
	fleetOf ui.Answer        // what fleet is made from
	changes ui.Answer        // of a day
	latest  ui.Answer        // the newest changes
	images  ui.Answer        // TotalCount is the number of captured images
	others  []*render.Region // besides region
}

// newHomeView reads the answers to the subrequests of the page.
func newHomeView(in *ui.Input, answers []ui.Answer) *homeView {
	v := &homeView{in: in}
	v.routes, _ = answers[0].Value.(message.Text)
	v.status, _ = answers[1].Value.(*render.Status)
	if len(answers) > 2 {
		v.fleetOf, v.changes, v.images, v.latest = answers[2], answers[3], answers[4], answers[5]
	}
	v.fleet = newFleet(v.fleetOf)
	if v.status == nil {
		return v
	}
	for i := range v.status.Regions {
		if r := &v.status.Regions[i]; r.RegionID == in.Region {
			v.region = r
		} else {
			v.others = append(v.others, r)
		}
	}
	if f := answers[1].Freshness; f != nil {
		v.stale = v.fleet.staleScopes(in.Region, len(v.status.Regions) > 1, f.Stale)
	}
	return v
}

func (v *homeView) main() g.Node {
	in := v.in
	return g.Group{
		h.H1(g.Text(in.T("Community images of E-HPC"))),
		h.P(h.Class("intro"), g.Text(in.T("This service keeps what E-HPC's ListCommunityImages answers: which images "+
			"each cluster and instance type is offered, now and in the past. Search them, see what has changed, and "+
			"whether a cluster boots from an image that is gone."))),
		v.search(), v.numbers(), v.currentState(), v.goneClusters(), v.lastDay(), v.otherRegions(), v.programs(),
	}
}

// search is the search box over everything that is captured.
func (v *homeView) search() g.Node {
	in := v.in
	return h.Form(h.Method("get"), h.Action("/v1/images"), h.Role("search"), h.Class("find wide"),
		g.If(in.Region != "", ui.Hidden("RegionId", in.Region)), ui.Hidden("ClusterId", request.AllNames),
		ui.KeepLanguage(in),
		h.Label(h.Class("hidden"), h.For("q"), g.Text(in.T("Search images"))),
		h.Input(h.Type("search"), h.ID("q"), h.Name("q"), h.Placeholder(in.T("Name, description, id, product code"))),
		h.Button(h.Type("submit"), g.Text(in.T("Search"))))
}

// number is a number that matters, with what it counts.
type number struct {
	text  string // empty: not known
	about string // in the language of the page
	to    ui.Address
	isBad bool
}

// numbers shows the region in numbers.
func (v *homeView) numbers() g.Node {
	in := v.in
	if v.region == nil || v.region.Error != nil {
		return nil
	}
	list := []number{{v.images.Total, in.T("images in %s", in.Region), in.ToImages(), false}}
	if day := v.dayInNumbers(); day != nil {
		changes := in.To("/v1/changes", "since", "-24h")
		list = append(list,
			number{day.count(day.added), in.T("new in 24 hours"), changes.With("kind", "added"), false},
			number{day.count(day.gone), in.T("gone everywhere in 24 hours"), changes.With("kind", "removed"),
				day.gone > 0})
	}
	if v.fleetOf.Err == nil {
		gone := countGone(v.fleet.list, in.Region)
		list = append(list, number{strconv.Itoa(gone), in.T("of %d clusters boot from an image that is gone",
			len(v.fleet.list.Clusters)), in.To("/v1/clusters", "ImageState", string(request.ImageGone)), gone > 0})
	}
	return h.Ul(h.Class("numbers"), g.Map(list, func(n number) g.Node {
		if n.text == "" {
			return nil
		}
		return h.Li(h.A(h.Href(n.to.String()), h.B(g.If(n.isBad, h.Class("bad-text")), g.Text(n.text)),
			h.Span(g.Text(n.about))))
	}))
}

// day is what happened to images in a day.
type day struct {
	rows        []render.Change // oldest first
	added, gone int             // images that are offered now and were not, and the reverse
	more        bool            // there are more rows
}

// count returns a number of the day. It is at least so many if there are more rows.
func (d *day) count(n int) string {
	if d.more {
		return strconv.Itoa(n) + "+"
	}
	return strconv.Itoa(n)
}

// dayInNumbers returns what happened in the last day, or nil if that cannot be read.
func (v *homeView) dayInNumbers() *day {
	feed, ok := v.changes.Value.(*render.EventView)
	if !ok {
		return nil
	}
	d := &day{rows: feed.Changes, more: feed.More}
	added, gone := map[string]bool{}, map[string]bool{}
	for i := range feed.Changes {
		c := &feed.Changes[i]
		switch {
		case c.Kind == request.KindAdded.Name():
			added[c.ImageID] = true
		case c.Kind == request.KindRemoved.Name() && c.Offered != nil && !*c.Offered:
			gone[c.ImageID] = true
		}
	}
	d.added, d.gone = len(added), len(gone)
	return d
}

// currentState says how the region is now.
func (v *homeView) currentState() g.Node {
	in := v.in
	switch {
	case in.Region == "":
		return ui.EmptyState(in.T("You may not see any region."), nil)
	case v.region == nil:
		return ui.Notice("bad", g.Text(in.T("The status cannot be read now.")))
	}
	r := v.region
	title := h.H2(h.ID("now"), g.Text(in.T("Data of %s", in.Region)+" "), regionPill(in, r))
	if r.Error != nil {
		return h.Section(h.Aria("labelledby", "now"), title, regionError(in, r))
	}
	return h.Section(h.Aria("labelledby", "now"), title, simulatedNotice(in, r), aliasProblem(in, r),
		ui.FactList(regionFacts(in, r)[:4]),
		g.Iff(len(v.stale) > 0, func() g.Node {
			return v.fleet.staleTable(in, in.T("What is out of date"), v.stale)
		}))
}

// goneClusters lists the clusters that boot from an image that is gone.
func (v *homeView) goneClusters() g.Node {
	in := v.in
	if v.region == nil || v.region.Error != nil {
		return nil
	}
	title := h.H2(h.ID("gone"), g.Text(in.T("Clusters whose image is gone")))
	if v.fleetOf.Err != nil {
		return h.Section(title, answerError(in, v.fleetOf))
	}
	columns := []ui.Column{{Name: in.T("Cluster")}, {Name: in.T("Boots from")}, {Name: in.T("Its image")},
		{Name: in.T("Newest of the same system")}}
	var rows []g.Node
	for _, c := range sortedClusters(v.fleet.list) {
		if c.ImageState != request.ImageGone {
			continue
		}
		rows = append(rows, h.Tr(
			ui.Cell(in.T("Cluster"), clusterLink(in, c)), ui.Cell(in.T("Boots from"), bootImage(in, c)),
			ui.Cell(in.T("Its image"), imageState(in, c)),
			ui.Cell(in.T("Newest of the same system"), newestImage(in, c))))
	}
	content := g.Node(h.P(h.Class("soft"), g.Text(in.T("None is known."))))
	if rows != nil {
		content = ui.Table(in.T("Clusters whose image is gone"), columns, rows)
	}
	return h.Section(title, content, h.P(ui.Link(in.To("/v1/clusters"), in.T("All clusters"))))
}

// lastDay shows the latest changes.
func (v *homeView) lastDay() g.Node {
	in := v.in
	if v.region == nil || v.region.Error != nil {
		return nil
	}
	title := h.H2(h.ID("day"), g.Text(in.T("In the last 24 hours")))
	all := h.P(ui.Link(in.To("/v1/changes", "since", "-24h"), in.T("All changes")))
	d := v.dayInNumbers()
	switch {
	case d == nil:
		return h.Section(title, answerError(in, v.changes), all)
	case len(d.rows) == 0:
		return h.Section(title, h.P(h.Class("soft"), g.Text(in.T("Nothing has changed."))), all)
	}
	latest := d.rows
	if feed, ok := v.latest.Value.(*render.EventView); ok {
		latest = feed.Changes
	}
	latest = latest[:min(len(latest), len(d.rows), latestRows)]
	columns := []ui.Column{{Name: in.T("Image")}, {Name: in.T("What")}, {Name: in.T("Where")}, {Name: in.T("When")}}
	var rows []g.Node
	for i := range latest {
		rows = append(rows, v.changeRow(&latest[i]))
	}
	return h.Section(title, ui.Table(in.T("In the last 24 hours"), columns, rows), all)
}

// changeRow shows one change.
func (v *homeView) changeRow(c *render.Change) g.Node {
	in := v.in
	kind, word := ui.ChangeWord(in, c.Kind)
	var what g.Node
	if c.ImageID != "" {
		what = ui.NameOverID(in.ToImage(c.ImageID), c.ImageName, c.ImageID)
	} else if c.ClusterID != nil {
		what = h.Strong(g.Text(v.fleet.names.Of(in, *c.ClusterID)))
		if c.ClusterName != "" {
			what = g.Group{h.Strong(h.Class("name"), g.Text(c.ClusterName)), h.Code(g.Text(*c.ClusterID))}
		}
	}
	var clusters []string
	for _, scopes := range []*render.Scopes{c.Lost, c.Gained, c.Changed} {
		clusters = append(clusters, v.clustersOf(scopes)...)
	}
	slices.Sort(clusters)
	return h.Tr(ui.Cell(in.T("Image"), what), ui.Cell(in.T("What"), ui.Pill(kind, word)),
		ui.Cell(in.T("Where"), g.Text(strings.Join(slices.Compact(clusters), ", "))),
		ui.Cell(in.T("When"), in.AgeNode(c.CommittedAt)))
}

// clustersOf returns the names of the clusters of scopes.
func (v *homeView) clustersOf(scopes *render.Scopes) (names []string) {
	if scopes == nil {
		return nil
	}
	for _, id := range scopes.Clusters {
		names = append(names, v.fleet.names.Of(v.in, id))
	}
	if scopes.EveryCluster {
		names = append(names, v.fleet.names.Of(v.in, ""))
	}
	return names
}

// answerError says why a part of the page is missing.
func answerError(in *ui.Input, a ui.Answer) g.Node {
	if a.Err == nil {
		return ui.Notice("warn", g.Text(in.T("This cannot be shown now.")))
	}
	return ui.Notice("warn", g.Text(in.T("This cannot be shown now.")+in.T(" ")+in.Say(a.Err.Message)))
}

// otherRegions shows the state of the regions that the page is not about.
func (v *homeView) otherRegions() g.Node {
	in := v.in
	if len(v.others) == 0 {
		return nil
	}
	columns := []ui.Column{{Name: in.T("Region")}, {Name: in.T("State")}, {Name: in.T("Lists")},
		{Name: in.T("Oldest check")}, {Name: in.T("Clusters whose image is gone"), Numeric: true}}
	var rows []g.Node
	for _, r := range v.others {
		scopes, gone, check := "–", "–", g.Node(g.Text("–"))
		if r.Error == nil {
			scopes, check = scopesInWords(in, r), oldestCheck(in, r)
		}
		if r.GoneBootImages != nil {
			gone = strconv.Itoa(*r.GoneBootImages)
		}
		rows = append(rows, h.Tr(ui.Cell(in.T("Region"), ui.Link(in.To("/", "RegionId", r.RegionID), r.RegionID)),
			ui.Cell(in.T("State"), regionPill(in, r)), ui.Cell(in.T("Lists"), g.Text(scopes)),
			ui.Cell(in.T("Oldest check"), check), ui.NumberCell(in.T("Clusters whose image is gone"), gone)))
	}
	title := in.T("Other regions")
	return h.Section(h.H2(h.ID("others"), g.Text(title)), ui.Table(title, columns, rows))
}

// programs says how programs ask.
func (v *homeView) programs() g.Node {
	in := v.in
	example := in.ToImages("q", "CentOS").As("table")
	return h.Section(h.Aria("labelledby", "programs"),
		h.H2(h.ID("programs"), g.Text(in.T("For programs"))),
		h.P(g.Text(in.T("Each page has the same data for programs: add format=json to its address, or ask without a "+
			"browser."))),
		ui.CopyText("curl", in.T("Copy"), ui.CurlCommand(in.Service.Origin()+example.String(), in.Service.NeedsToken)),
		h.P(h.A(h.Href("/openapi.json"), g.Text(in.T("Description of all routes (OpenAPI)"))), g.Text(" · "),
			h.A(h.Href("/metrics"), g.Text(in.T("Metrics for Prometheus")))),
		h.Details(h.Class("lists"), h.Summary(g.Text(in.T("All routes"))),
			h.Pre(h.TabIndex("0"), g.Text(in.Say(v.routes)))),
	)
}
