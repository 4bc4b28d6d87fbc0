package images

import (
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// notices say what matters first: that the image is gone, which clusters lost it, and which
// boot from it.
func (r *imageReport) notices() g.Node {
	in := r.in
	parts := g.Group{}
	offering := clustersWithID(r.offers())
	lost := r.clustersThatLost(offering)
	switch {
	case !r.gone.IsZero():
		sentence := in.Sentence("No longer offered since %s (%s).", in.TimeNode(r.gone), in.AgeNode(r.gone))
		parts = append(parts, ui.Notice("bad", sentence, g.Text(" "), r.newestLink()))
	case len(lost) > 0:
		parts = append(parts, ui.Notice("warn", r.losses(lost), r.stillOffering(offering), g.Text(" "), r.newestLink()))
	}
	if booting := r.bootingClusters(); len(booting) > 0 {
		isLost := func(id string) bool { return !slices.Contains(offering, id) }
		class := "calm"
		if slices.ContainsFunc(booting, isLost) {
			class = "bad"
		}
		sentence := in.Sentence("These clusters boot from this image: %s.", r.names.List(in, booting))
		parts = append(parts, ui.Notice(class, sentence))
	}
	if r.clustersErr != nil {
		parts = append(parts, h.P(g.Text(in.T("The clusters cannot be shown: %s", r.clustersErr.Message))))
	}
	return parts
}

// losses says which clusters lost the image, and when.
func (r *imageReport) losses(lost []lostCluster) g.Node {
	in, sentences := r.in, g.Group{}
	for _, l := range lost[:min(len(lost), ui.MaxShown)] {
		sentences = append(sentences, in.Sentence("No longer offered to %s since %s (%s).",
			h.Strong(r.names.Node(in, l.id)), in.TimeNode(l.at), in.AgeNode(l.at)), g.Text(" "))
	}
	if n := len(lost) - ui.MaxShown; n > 0 {
		more := in.N(n, "%d more cluster lost it.", "%d more clusters lost it.")
		sentences = append(sentences, g.Text(more), g.Text(" "))
	}
	return sentences
}

// lostCluster is a cluster that is still there and no longer offers the image.
type lostCluster struct {
	id string
	at catalog.Time
}

// clustersThatLost returns the clusters that are still captured and do not offer the image
// any more, latest first.
func (r *imageReport) clustersThatLost(offering []string) (lost []lostCluster) {
	if r.timeline == nil || r.clusters == nil {
		return nil
	}
	for id, line := range r.timeline.clusters {
		at := line.lostAt()
		isThere := slices.ContainsFunc(r.clusters.Clusters, func(c render.Cluster) bool { return c.ClusterID == id })
		if !at.IsZero() && isThere && !slices.Contains(offering, id) {
			lost = append(lost, lostCluster{id, at})
		}
	}
	slices.SortFunc(lost, func(a, b lostCluster) int {
		if order := b.at.Compare(a.at.Time); order != 0 {
			return order
		}
		return len(a.id) - len(b.id)
	})
	return lost
}

// stillOffering says which clusters offer the image.
func (r *imageReport) stillOffering(offering []string) g.Node {
	if len(offering) == 0 {
		return nil
	}
	return r.in.Sentence("Still offered to %s.", r.names.List(r.in, offering))
}

// newestLink leads to the newest images of the same system.
func (r *imageReport) newestLink() g.Node {
	platform, architecture := r.text("OsTag.Platform"), r.text("OsTag.Architecture")
	if platform == "" {
		return nil
	}
	to := r.in.ToImages("Status", "Available", "sort", "-OsTag.Version").WithValue("OsTag.Platform", platform)
	if architecture != "" {
		to = to.WithValue("OsTag.Architecture", architecture)
	}
	return ui.Link(to, r.in.T("Newest images of the same system"))
}

// bootingClusters returns the clusters whose nodes boot from the image.
func (r *imageReport) bootingClusters() (ids []string) {
	if r.clusters == nil {
		return nil
	}
	for i := range r.clusters.Clusters {
		if c := &r.clusters.Clusters[i]; c.ImageID == r.id {
			ids = append(ids, c.ClusterID)
		}
	}
	return ids
}

// offers returns the scopes that offer the image, with any content.
func (r *imageReport) offers() (scopes []format.ScopeRef) {
	for _, c := range r.contents {
		scopes = append(scopes, c.Offers...)
	}
	return scopes
}

// clustersWithID returns the clusters of scopes, each once, without that of the list without
// a cluster.
func clustersWithID(scopes []format.ScopeRef) []string {
	ids := slices.DeleteFunc(clustersOf(scopes), func(id string) bool { return id == "" })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// offersSection shows which clusters offer the image with which instance types.
func (r *imageReport) offersSection() g.Node {
	in := r.in
	offers := r.offers()
	if len(offers) == 0 {
		return nil
	}
	offered := map[format.ScopeRef]bool{}
	for _, o := range offers {
		offered[o] = true
	}
	captured := r.capturedScopes(offers)
	var types []string
	for ref := range captured {
		types = append(types, ref.InstanceType)
	}
	slices.Sort(types) // the list without a type comes first
	types = slices.Compact(types)
	columns := []ui.Column{{Name: in.T("Cluster")}}
	for _, name := range types {
		columns = append(columns, ui.Column{Name: r.typeName(name)})
	}
	var ids []string
	for ref := range captured {
		ids = append(ids, ref.ClusterID)
	}
	var rows []g.Node
	for _, id := range r.names.Sort(in, ids) {
		cells := g.Group{ui.Cell(in.T("Cluster"), r.names.Node(in, id))}
		for _, name := range types {
			ref := format.ScopeRef{ClusterID: id, InstanceType: name}
			cells = append(cells, ui.Cell(r.typeName(name), offerMark(in, captured[ref], offered[ref])))
		}
		rows = append(rows, h.Tr(cells))
	}
	title := in.T("Offered to, by instance type")
	return ui.Section(title, ui.Table(title, columns, rows),
		h.P(h.Class("soft"), g.Text(in.T("✓ offered, – not offered, blank: the cluster has no such type"))))
}

// capturedScopes returns the scopes that are captured. They are those that offer the image if
// the others are not known.
func (r *imageReport) capturedScopes(offers []format.ScopeRef) map[format.ScopeRef]bool {
	captured := map[format.ScopeRef]bool{}
	for _, o := range offers {
		captured[o] = true
	}
	if r.clusters != nil {
		for i := range r.clusters.Scopes {
			sc := &r.clusters.Scopes[i]
			captured[format.ScopeRef{ClusterID: sc.ClusterID, InstanceType: sc.InstanceType}] = true
		}
	}
	return captured
}

// offerMark says in one sign whether a scope offers the image.
func offerMark(in *ui.Input, isCaptured, isOffered bool) g.Node {
	switch {
	case isOffered:
		return h.Span(h.Class("yes"), h.Role("img"), h.Aria("label", in.T("offered")), g.Text("✓"))
	case isCaptured:
		return h.Span(h.Class("soft"), h.Role("img"), h.Aria("label", in.T("not offered")), g.Text("–"))
	}
	return nil
}
