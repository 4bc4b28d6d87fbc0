package fleet

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/archive/format"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// ClustersPage is the page of /v1/clusters: the fleet.
func ClustersPage() ui.Page {
	return ui.Page{
		// The links to other states say how many clusters each has.
		Subrequests: func(in *ui.Input) []ui.Subrequest {
			if in.Request.ImageStates == nil {
				return nil
			}
			return []ui.Subrequest{in.Here().Without("ImageState").Subrequest()}
		},
		Title: func(in *ui.Input, _ []ui.Answer) string { return in.T("Clusters") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			v := &clustersView{in: in, fleet: newFleet(answers[0]), stale: answers[0].Freshness.Stale}
			v.all = v.fleet.list
			if last := answers[len(answers)-1]; last.Err == nil {
				v.all = newFleet(last).list
			}
			return v.main()
		},
	}
}

// clustersView makes the page of clusters.
type clustersView struct {
	in    *ui.Input
	fleet *fleet              // what is shown
	all   *render.ClusterList // with the clusters in every state
	stale []state.StaleScope
}

func (v *clustersView) main() g.Node {
	in := v.in
	return g.Group{
		h.H1(g.Text(in.T("Clusters"))), v.summary(), pastNotice(in), v.missingRegions(), v.filters(), v.clusterTable(),
		v.scopeTable(), in.FormatLinks(),
	}
}

// summary says how many clusters there are, and how many boot from an image that is gone.
func (v *clustersView) summary() g.Node {
	in, where := v.in, v.in.Region
	if where == "" {
		where = in.T("all regions")
	}
	count := countStates(v.all)
	text := where + " · " + in.N(len(v.all.Clusters), "%d cluster", "%d clusters") + " · "
	if count[request.ImageGone] == 0 {
		text += in.T("none boots from an image that is known to be gone")
	} else {
		text += in.N(count[request.ImageGone], "%d boots from an image that is gone",
			"%d boot from images that are gone")
	}
	return h.P(h.Class("soft"), g.Text(text))
}

// countStates counts clusters by the state of their boot image.
func countStates(list *render.ClusterList) map[request.ImageState]int {
	count := map[request.ImageState]int{}
	for i := range list.Clusters {
		count[list.Clusters[i].ImageState]++
	}
	return count
}

// pastNotice says that the page shows a past state, and links to the present one.
func pastNotice(in *ui.Input) g.Node {
	at := in.Here().Get("at")
	if at == "" {
		return nil
	}
	return ui.Notice("warn", g.Text(in.T("This is how it was at %s.", at)+" "),
		ui.Link(in.Here().Without("at"), in.T("Show now")))
}

// missingRegions names the regions that could not be read.
func (v *clustersView) missingRegions() g.Node {
	return g.Map(v.stale, func(s state.StaleScope) g.Node {
		region, isWhole := strings.CutSuffix(s.Scope, "*")
		if !isWhole {
			return nil
		}
		region = cmp.Or(strings.TrimSuffix(region, "/"), v.in.Region)
		return ui.Notice("bad", g.Text(region+v.in.T(": ")+v.in.Say(s.Reason)))
	})
}

// filters links to the clusters in one state.
func (v *clustersView) filters() g.Node {
	in := v.in
	count := countStates(v.all)
	if len(v.all.Clusters) == 0 {
		return nil
	}
	chip := func(to ui.Address, isCurrent bool, text string, n int) g.Node {
		return h.A(h.Href(to.String()), g.If(isCurrent, h.Aria("current", "true")),
			g.Text(text+" "), h.B(g.Text(strconv.Itoa(n))))
	}
	given := in.Request.ImageStates
	chips := []g.Node{h.Class("filters"), h.Aria("label", in.T("By the image that they boot from")),
		chip(in.Here().Without("ImageState"), given == nil, in.T("All"), len(v.all.Clusters))}
	for _, state := range request.ImageStates {
		if isGiven := slices.Contains(given, state); count[state] > 0 || isGiven {
			_, word := imageStateWord(in, state)
			chips = append(chips, chip(in.Here().With("ImageState", string(state)), isGiven, word, count[state]))
		}
	}
	return h.Nav(chips...)
}

// imageStateWord says what a state of a boot image is called, and the kind of its pill.
func imageStateWord(in *ui.Input, s request.ImageState) (kind, word string) {
	switch s {
	case request.ImageGone:
		return "bad", in.T("gone")
	case request.ImageOffered:
		return "good", in.T("offered")
	case request.ImageNotCommunity:
		return "calm", in.T("not a community image")
	}
	return "warn", in.T("unknown")
}

// sortedClusters returns the clusters: those first that need a look, then by name.
func sortedClusters(list *render.ClusterList) []*render.Cluster {
	rank := map[request.ImageState]int{request.ImageGone: 0, request.ImageUnknown: 1}
	order := make([]*render.Cluster, len(list.Clusters))
	for i := range order {
		order[i] = &list.Clusters[i]
	}
	rankOf := func(c *render.Cluster) int {
		if r, ok := rank[c.ImageState]; ok {
			return r
		}
		return len(rank)
	}
	slices.SortStableFunc(order, func(a, b *render.Cluster) int {
		return cmp.Or(cmp.Compare(rankOf(a), rankOf(b)), strings.Compare(a.RegionID, b.RegionID),
			strings.Compare(a.Name, b.Name))
	})
	return order
}

// clusterTable has a row for each cluster.
func (v *clustersView) clusterTable() g.Node {
	in := v.in
	clusters := sortedClusters(v.fleet.list)
	if len(clusters) == 0 {
		return v.noClusters()
	}
	columns := []ui.Column{{Name: in.T("Cluster")}, {Name: in.T("Boots from")}, {Name: in.T("Its image")},
		{Name: in.T("Newest of the same system")}, {Name: in.T("Images"), Numeric: true}, {Name: in.T("Checked")},
		{Name: in.T("Scheduler")}}
	scopes := map[string][]*render.ClusterScope{}
	for i := range v.fleet.list.Scopes {
		sc := &v.fleet.list.Scopes[i]
		scopes[sc.RegionID+"/"+sc.ClusterID] = append(scopes[sc.RegionID+"/"+sc.ClusterID], sc)
	}
	var rows []g.Node
	for _, c := range clusters {
		rows = append(rows, clusterRow(in, c, scopes[c.RegionID+"/"+c.ClusterID]))
	}
	return ui.Table(in.T("Clusters"), columns, rows)
}

// noClusters says why there is no cluster to show.
func (v *clustersView) noClusters() g.Node {
	in := v.in
	switch {
	case in.Request.ImageStates != nil:
		return ui.EmptyState(in.T("No cluster is in this state."), nil,
			ui.Link(in.Here().Without("ImageState"), in.T("Show all")))
	case len(v.fleet.list.Scopes) > 0:
		return ui.EmptyState(in.T("No cluster is captured."),
			[]string{in.T("Only what every cluster supports is asked for.")})
	}
	return ui.EmptyState(in.T("Nothing is captured yet."), nil, ui.Link(in.To("/v1/status"), in.T("Status")))
}

// clusterRow shows a cluster with its scopes.
func clusterRow(in *ui.Input, c *render.Cluster, scopes []*render.ClusterScope) g.Node {
	return h.Tr(
		ui.Cell(in.T("Cluster"), clusterLink(in, c),
			g.If(in.Region == "", h.Span(h.Class("reason"), g.Text(c.RegionID)))),
		ui.Cell(in.T("Boots from"), bootImage(in, c)),
		ui.Cell(in.T("Its image"), imageState(in, c)),
		ui.Cell(in.T("Newest of the same system"), newestImage(in, c)),
		imageCounts(in, scopes),
		ui.Cell(in.T("Checked"), checks(in, scopes)),
		ui.Cell(in.T("Scheduler"), g.Text(cmp.Or(c.SchedulerType, "–"))),
	)
}

// clusterLink shows a cluster, with a link to its images.
func clusterLink(in *ui.Input, c *render.Cluster) g.Node {
	return ui.NameOverID(toScope(in, c.RegionID, c.ClusterID, request.AllNames), c.Name, c.ClusterID)
}

// bootImage shows the image that a cluster boots from. Nothing else is known of one that is
// no community image, so there is no link.
func bootImage(in *ui.Input, c *render.Cluster) g.Node {
	switch {
	case c.ImageID == "":
		return g.Text("–")
	case c.ImageName == "":
		return h.Code(g.Text(c.ImageID))
	}
	return ui.NameOverID(in.ToImageOf(c.RegionID, c.ImageID), c.ImageName, c.ImageID)
}

// imageState says whether the cluster is offered the image that it boots from.
func imageState(in *ui.Input, c *render.Cluster) g.Node {
	kind, word := imageStateWord(in, c.ImageState)
	if !c.GoneSince.IsZero() {
		word = in.T("gone for %s", in.TimeSince(c.GoneSince))
	}
	return g.Group{ui.Pill(kind, word), g.Iff(stateReason(in, c) != "", func() g.Node {
		return h.Span(h.Class("reason"), g.Text(stateReason(in, c)))
	})}
}

// stateReason says why a state is not certain; empty: it is.
func stateReason(in *ui.Input, c *render.Cluster) string {
	switch {
	case c.ImageProblem != "":
		return in.Say(c.Problem())
	case !c.HistorySince.IsZero():
		return in.T("in answers since %s", ui.UTCText(c.HistorySince.Time))
	case c.ImageState != request.ImageUnknown:
		return ""
	case c.ImageID == "":
		return in.T("E-HPC names no image")
	}
	return in.T("the cluster has never answered")
}

// newestImage shows the newest image of the same platform and architecture.
func newestImage(in *ui.Input, c *render.Cluster) g.Node {
	switch {
	case c.Newest == nil:
		return g.Text("–")
	case c.Newest.ImageID == c.ImageID:
		return h.Span(h.Class("soft"), g.Text(in.T("it is the newest")))
	}
	return ui.NameOverID(in.ToImageOf(c.RegionID, c.Newest.ImageID), c.Newest.ImageName, c.Newest.ImageID)
}

// imageCounts says how many images the lists of a cluster have: the least and the most.
func imageCounts(in *ui.Input, scopes []*render.ClusterScope) g.Node {
	least, most := -1, -1
	for _, sc := range scopes {
		if sc.Digest == "" {
			continue
		}
		if least < 0 || sc.ImageCount < least {
			least = sc.ImageCount
		}
		most = max(most, sc.ImageCount)
	}
	switch {
	case most < 0:
		return ui.NumberCell(in.T("Images"), "–")
	case least == most:
		return ui.NumberCell(in.T("Images"), strconv.Itoa(most))
	}
	return ui.NumberCell(in.T("Images"), strconv.Itoa(least)+"–"+strconv.Itoa(most),
		h.Span(h.Class("reason"), g.Text(in.T("by instance type"))))
}

// checks says when a cluster was last checked, or what is wrong with that.
func checks(in *ui.Input, scopes []*render.ClusterScope) g.Node {
	if len(scopes) == 0 {
		return g.Text("–")
	}
	oldest, bad := scopes[0], []*render.ClusterScope{}
	for _, sc := range scopes {
		if sc.State != format.StateOK || sc.Digest == "" {
			bad = append(bad, sc)
		}
		if sc.CheckedAt.Before(oldest.CheckedAt.Time) {
			oldest = sc
		}
	}
	if len(bad) == 0 {
		return in.AgeNode(oldest.CheckedAt)
	}
	kind, word := stateWord(in, bad[0])
	return g.Group{ui.Pill(kind, word), g.Iff(bad[0].Problem != nil && bad[0].State != format.StateHeld, func() g.Node {
		return g.Group{g.Text(" "), h.Code(h.Title(problemText(bad[0].Problem)),
			g.Text(cmp.Or(bad[0].Problem.Code, bad[0].Problem.Class)))}
	}), g.Iff(len(scopes) > 1, func() g.Node {
		return h.Span(h.Class("reason"), g.Text(in.T("%d of %d lists", len(bad), len(scopes))))
	})}
}

// scopeTable has a row for each list that is captured.
func (v *clustersView) scopeTable() g.Node {
	in, list := v.in, v.fleet.list
	if len(list.Scopes) == 0 {
		return nil
	}
	columns := []ui.Column{{Name: in.T("Cluster")}, {Name: in.T("Instance type")}, {Name: in.T("State")},
		{Name: in.T("Images"), Numeric: true}, {Name: in.T("Content since")}, {Name: in.T("Checked")}}
	if in.Region == "" {
		columns = slices.Insert(columns, 1, ui.Column{Name: in.T("Region")})
	}
	isBad := false
	var rows []g.Node
	for i := range list.Scopes {
		sc := &list.Scopes[i]
		isBad = isBad || sc.State != format.StateOK
		rows = append(rows, v.scopeRow(sc))
	}
	title := in.T("Lists by cluster and instance type")
	return h.Details(h.ID("lists"), h.Class("lists"), g.If(isBad, g.Attr("open")),
		h.Summary(g.Text(title+" ("+strconv.Itoa(len(rows))+")")), ui.Table(title, columns, rows))
}

// scopeRow shows one list.
func (v *clustersView) scopeRow(sc *render.ClusterScope) g.Node {
	in := v.in
	kind, word := stateWord(in, sc)
	text := problemText(sc.Problem)
	return h.Tr(
		ui.Cell(in.T("Cluster"), ui.Link(imagesOfScope(in, sc), v.fleet.names.Of(in, sc.ClusterID))),
		g.Iff(in.Region == "", func() g.Node { return ui.Cell(in.T("Region"), g.Text(sc.RegionID)) }),
		ui.Cell(in.T("Instance type"), g.Text(cmp.Or(sc.InstanceType, "–"))),
		ui.Cell(in.T("State"), ui.Pill(kind, word), g.If(text != "", h.Span(h.Class("reason"), g.Text(text)))),
		ui.NumberCell(in.T("Images"), strconv.Itoa(sc.ImageCount)),
		ui.Cell(in.T("Content since"), in.AgeNode(sc.CapturedAt)),
		ui.Cell(in.T("Checked"), in.AgeNode(sc.CheckedAt)),
	)
}
