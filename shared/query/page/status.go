package page

import (
	"strconv"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// statusPage is the page of /v1/status.
func statusPage() page {
	return page{
		// They have the names of clusters, and the problems of lists.
		questions: func(in *Input) []Question {
			a := address{"/v1/clusters", nil}
			if in.Request.Region != "" {
				a = in.to("/v1/clusters")
			}
			return []Question{a.question()}
		},
		title: func(in *Input, _ []Answer) string { return in.T("Status") },
		main: func(in *Input, answers []Answer) g.Node {
			s := answers[0].Value.(*render.Status)
			v := &statusView{in: in, fleet: newFleet(answers[1]), stale: answers[0].Freshness.Stale,
				isFleetKnown: answers[1].Err == nil, several: len(s.Regions) > 1}
			parts := []g.Node{h.H1(g.Text(in.T("Status")))}
			for i := range s.Regions {
				parts = append(parts, v.region(&s.Regions[i]))
			}
			return g.Group(append(parts, subscriptions(in, s.Notify), v.access(s), in.formatLinks()))
		},
	}
}

// statusView makes the page of the status.
type statusView struct {
	in           *Input
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
		title = link(in.to("/v1/status", "RegionId", r.RegionID), r.RegionID)
	}
	parts := []g.Node{h.Aria("labelledby", "region-"+r.RegionID),
		h.H2(h.ID("region-"+r.RegionID), title, g.Text(" "), regionPill(in, r)), regionError(in, r)}
	if r.Error == nil {
		facts := append(regionFacts(in, r), fact{in.T("Boot images"), v.bootImages(r)},
			fact{in.T("Listing of clusters"), discovery(in, r)})
		parts = append(parts, simulatedNotice(in, r), aliasProblem(in, r), factList(facts), v.staleParts(r))
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
		v.fleet.staleTable(in, r.RegionID+": "+in.T("What is out of date"), parts)}
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
	to := in.to("/v1/clusters", "RegionId", r.RegionID, "ImageState", string(request.ImageGone))
	return link(to, in.N(gone, "%d boots from an image that is gone", "%d boot from images that are gone"))
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
func discovery(in *Input, r *render.Region) g.Node {
	d := r.Discovery
	switch {
	case d == nil:
		return nil
	case d.TriedAt.IsZero():
		return g.Text(in.T("Clusters are not listed: the settings name them."))
	case d.Problem == nil:
		return in.ageNode(d.CheckedAt)
	}
	parts := g.Group{pill("warn", in.T("failed")), h.Span(h.Class("reason"), g.Text(problemText(d.Problem)))}
	if d.Held > 0 {
		parts[0] = pill("warn", in.T("held back"))
		parts = append(parts, h.Span(h.Class("reason"), g.Text(in.T(
			"Clusters are missing in it. Wait: it takes effect when three runs in a row have seen it (%d so far).", d.Held))))
	}
	return append(parts, h.Span(h.Class("reason"), g.Text(in.T("Last one that succeeded:")+" "), in.ageNode(d.CheckedAt)))
}

// aliasProblem says why the last run changed no alias.
func aliasProblem(in *Input, r *render.Region) g.Node {
	if r.Run == nil || r.Run.AliasProblem == "" {
		return nil
	}
	return notice("warn", h.Strong(g.Text(in.T("The last run changed no alias."))), g.Text(" "+r.Run.AliasProblem))
}

// subscriptions says how the messages about changes stand; nil: there are none, or the caller
// may not know.
func subscriptions(in *Input, n *render.Notify) g.Node {
	if n == nil {
		return nil
	}
	columns := []column{{name: in.T("Subscription")}, {name: in.T("State")}, {name: in.T("Delivered")},
		{name: in.T("Waiting commits"), numeric: true}}
	var rows []g.Node
	for i := range n.Subscriptions {
		rows = append(rows, subscriptionRow(in, &n.Subscriptions[i]))
	}
	title := in.T("Messages")
	return h.Section(h.H2(h.ID("messages"), g.Text(title)),
		g.If(n.Problem != "", notice("bad", g.Text(n.Problem))), g.If(rows != nil, table(title, columns, rows)))
}

// subscriptionRow shows one subscription.
func subscriptionRow(in *Input, s *render.Subscription) g.Node {
	state, delivered := g.Node(pill("good", in.T("ok"))), g.Node(g.Text("–"))
	if s.FailingSince != nil || s.Problem != "" {
		word := in.T("failed")
		if s.FailingSince != nil {
			word = in.T("failed for %s", in.timeSince(*s.FailingSince))
		}
		state = g.Group{pill("warn", word), h.Span(h.Class("reason"), g.Text(s.Problem))}
	}
	if s.DeliveredAt != nil {
		delivered = in.ageNode(*s.DeliveredAt)
	}
	return h.Tr(cell(in.T("Subscription"), h.Strong(h.Class("name"), g.Text(s.Name)), h.Code(g.Text(s.Kind))),
		cell(in.T("State"), state), cell(in.T("Delivered"), delivered),
		numberCell(in.T("Waiting commits"), strconv.FormatInt(s.Pending, 10)))
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
		h.P(g.Text(checks+" "+sees)))
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
