package fleet

import (
	"strconv"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// StatusPage is the page of /v1/status.
func StatusPage() ui.Page {
	return ui.Page{
		// They have the names of clusters, and the problems of lists.
		Subrequests: func(in *ui.Input) []ui.Subrequest {
			a := ui.Address{Path: "/v1/clusters"}
			if in.Request.Region != "" {
				a = in.To("/v1/clusters")
			}
			return []ui.Subrequest{a.Subrequest()}
		},
		Title: func(in *ui.Input, _ []ui.Answer) string { return in.T("Status") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			s := answers[0].Value.(*render.Status)
			v := &statusView{in: in, fleet: newFleet(answers[1]), stale: answers[0].Freshness.Stale,
				isFleetKnown: answers[1].Err == nil, several: len(s.Regions) > 1}
			parts := []g.Node{h.H1(g.Text(in.T("Status")))}
			for i := range s.Regions {
				parts = append(parts, v.region(&s.Regions[i]))
			}
			return g.Group(append(parts, subscriptions(in, s.Notify), v.access(s), in.FormatLinks()))
		},
	}
}

// statusView makes the page of the status.
type statusView struct {
	in           *ui.Input
	fleet        *fleet
	isFleetKnown bool
	stale        []state.StaleScope
	several      bool // there are several regions
}

// region shows one region.
func (v *statusView) region(r *render.Region) g.Node {
	in := v.in
	title := g.Node(g.Text(r.RegionID))
	if v.several {
		title = ui.Link(in.To("/v1/status", "RegionId", r.RegionID), r.RegionID)
	}
	parts := []g.Node{h.Aria("labelledby", "region-"+r.RegionID),
		h.H2(h.ID("region-"+r.RegionID), title, g.Text(" "), regionPill(in, r)), regionError(in, r)}
	if r.Error == nil {
		facts := append(regionFacts(in, r), ui.Fact{Name: in.T("Boot images"), Value: v.bootImages(r)},
			ui.Fact{Name: in.T("Listing of clusters"), Value: discovery(in, r)})
		parts = append(parts, simulatedNotice(in, r), aliasProblem(in, r), ui.FactList(facts), v.staleParts(r))
	}
	return h.Section(parts...)
}

// staleParts shows what is out of date in a region.
func (v *statusView) staleParts(r *render.Region) g.Node {
	in := v.in
	parts := v.fleet.staleScopes(r.RegionID, v.several, v.stale)
	if len(parts) == 0 {
		return h.P(h.Class("soft"), g.Text(in.T("Every list was checked lately, and no check failed.")))
	}
	return g.Group{h.H3(g.Text(in.T("What is out of date"))),
		v.fleet.staleTable(in, r.RegionID+in.T(": ")+in.T("What is out of date"), parts)}
}

// bootImages says how many clusters boot from an image that is gone.
func (v *statusView) bootImages(r *render.Region) g.Node {
	in, gone := v.in, 0
	switch {
	case r.GoneBootImages != nil:
		gone = *r.GoneBootImages
	case !v.isFleetKnown:
		return g.Text(in.T("not known now"))
	default:
		gone = countGone(v.fleet.list, r.RegionID)
	}
	if gone == 0 {
		return g.Text(in.T("none is known to be gone"))
	}
	to := in.To("/v1/clusters", "RegionId", r.RegionID, "ImageState", string(request.ImageGone))
	return ui.Link(to, in.N(gone, "%d boots from an image that is gone", "%d boot from images that are gone"))
}

// countGone counts the clusters of a region whose boot image is gone.
func countGone(list *render.ClusterList, region string) (n int) {
	for i := range list.Clusters {
		if c := &list.Clusters[i]; c.RegionID == region && c.ImageState == request.ImageGone {
			n++
		}
	}
	return n
}

// discovery says how the last listing of clusters ended. It is nil for callers who may not
// know.
func discovery(in *ui.Input, r *render.Region) g.Node {
	d := r.Discovery
	switch {
	case d == nil:
		return nil
	case d.TriedAt.IsZero():
		return g.Text(in.T("Clusters are not listed: the settings name them."))
	case d.Problem == nil:
		return in.AgeNode(d.CheckedAt)
	}
	parts := g.Group{ui.Pill("warn", in.T("failed")), h.Span(h.Class("reason"), g.Text(problemText(d.Problem)))}
	if d.Held > 0 {
		parts[0] = ui.Pill("warn", in.T("held back"))
		parts = append(parts, h.Span(h.Class("reason"), g.Text(in.T(
			"Clusters are missing in it. Wait: it takes effect when three runs in a row have seen it (%d so far).",
			d.Held))))
	}
	return append(parts, h.Span(h.Class("reason"), g.Text(in.T("Last one that succeeded:")+" "),
		in.AgeNode(d.CheckedAt)))
}

// aliasProblem says why the last run changed no alias.
func aliasProblem(in *ui.Input, r *render.Region) g.Node {
	if r.Run == nil || r.Run.AliasProblem == "" {
		return nil
	}
	return ui.Notice("warn", h.Strong(g.Text(in.T("The last run changed no alias."))), g.Text(" "+r.Run.AliasProblem))
}

// subscriptions says how the messages about changes stand; nil: there are none, or the caller
// may not know.
func subscriptions(in *ui.Input, n *render.Notify) g.Node {
	if n == nil {
		return nil
	}
	columns := []ui.Column{{Name: in.T("Subscription")}, {Name: in.T("State")}, {Name: in.T("Delivered")},
		{Name: in.T("Waiting commits"), Numeric: true}}
	var rows []g.Node
	for i := range n.Subscriptions {
		rows = append(rows, subscriptionRow(in, &n.Subscriptions[i]))
	}
	title := in.T("Messages")
	return h.Section(h.H2(h.ID("messages"), g.Text(title)),
		g.If(n.Problem != "", notifyProblem(in, n)), g.If(rows != nil, ui.Table(title, columns, rows)))
}

// notifyProblem says why the last run could not use the file of subscriptions.
func notifyProblem(in *ui.Input, n *render.Notify) g.Node {
	return ui.Notice("bad", h.Strong(g.Text(in.T("The last run could not use notify.json."))), g.Text(" "+n.Problem))
}

// subscriptionRow shows one subscription.
func subscriptionRow(in *ui.Input, s *render.Subscription) g.Node {
	state, delivered := g.Node(ui.Pill("good", in.T("ok"))), g.Node(g.Text("–"))
	if s.FailingSince != nil || s.Problem != "" {
		word := in.T("failed")
		if s.FailingSince != nil {
			word = in.T("failed for %s", in.TimeSince(*s.FailingSince))
		}
		state = g.Group{ui.Pill("warn", word), h.Span(h.Class("reason"), g.Text(s.Problem))}
	}
	if s.DeliveredAt != nil {
		delivered = in.AgeNode(*s.DeliveredAt)
	}
	return h.Tr(ui.Cell(in.T("Subscription"), h.Strong(h.Class("name"), g.Text(s.Name)), h.Code(g.Text(s.Kind))),
		ui.Cell(in.T("State"), state), ui.Cell(in.T("Delivered"), delivered),
		ui.NumberCell(in.T("Waiting commits"), strconv.FormatInt(s.Pending, 10)))
}

// access says how callers are checked, and what the caller may see.
func (v *statusView) access(s *render.Status) g.Node {
	in, a := v.in, s.Access
	checks := in.T("Neither tokens nor access keys are configured: the trigger's own authentication is all.")
	switch {
	case a.Tokens && a.AccessKeys:
		checks = in.T("Pages and lookups ask for a token. E-HPC's own API asks for a signature or a token.")
	case a.Tokens:
		checks = in.T("Pages, lookups and E-HPC's own API ask for a token.")
	case a.AccessKeys:
		checks = in.T("E-HPC's own API asks for a signature. Pages and lookups are closed.")
	}
	sees := in.T("You may see everything.")
	if a.Regions != nil || a.Clusters != nil {
		sees = in.T("You may see only:") + " " + strings.Join(append(a.Regions[:len(a.Regions):len(a.Regions)],
			v.clusterNames(a.Clusters)...), ", ")
	}
	return h.Section(h.Aria("labelledby", "access"), h.H2(h.ID("access"), g.Text(in.T("Access"))),
		h.P(g.Text(checks+in.T(" ")+sees)))
}

// clusterNames returns the names of the clusters of a grant, with their ids.
func (v *statusView) clusterNames(ids []string) (names []string) {
	for _, id := range ids {
		name := v.fleet.names[id]
		switch {
		case id == request.AnyIfEmpty(""):
			names = append(names, v.in.T("every cluster"))
		case name != "":
			names = append(names, name+" ("+id+")")
		default:
			names = append(names, id)
		}
	}
	return names
}
