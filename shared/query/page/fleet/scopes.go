package fleet

import (
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// fleet is the clusters and scopes of an answer of /v1/clusters, by their ids.
type fleet struct {
	names  ui.ClusterNames
	scopes map[string]*render.ClusterScope // by "<region>/<path>"
	list   *render.ClusterList             // never nil
}

// newFleet returns what an answer of /v1/clusters has. It is empty if there is no answer.
func newFleet(a ui.Answer) *fleet {
	f := &fleet{ui.NewClusterNames(a), map[string]*render.ClusterScope{}, &render.ClusterList{}}
	if list, ok := a.Value.(*render.ClusterList); ok {
		f.list = list
	}
	for i := range f.list.Scopes {
		sc := &f.list.Scopes[i]
		scope := catalog.Scope{RegionID: sc.RegionID, ClusterID: sc.ClusterID, InstanceType: sc.InstanceType}
		f.scopes[scope.String()] = sc
	}
	return f
}

// scopeName names a scope, or the part of a path that is not a scope.
func (f *fleet) scopeName(in *ui.Input, p staleScope) g.Node {
	switch {
	case p.scope == nil && p.path == "*":
		return g.Text(in.T("Everything"))
	case p.scope == nil:
		return h.Code(g.Text(p.path))
	}
	sc := p.scope
	name := f.names.Of(in, sc.ClusterID)
	if sc.InstanceType != "" {
		name += " · " + sc.InstanceType
	}
	return ui.Link(imagesOfScope(in, sc), name)
}

// imagesOfScope returns the address of the images of a scope.
func imagesOfScope(in *ui.Input, sc *render.ClusterScope) ui.Address {
	return toScope(in, sc.RegionID, request.AnyIfEmpty(sc.ClusterID), request.AnyIfEmpty(sc.InstanceType))
}

// toScope returns the address of the images of a cluster and an instance type of a region, as
// parameters name them.
func toScope(in *ui.Input, region, cluster, instanceType string) ui.Address {
	return in.To("/v1/images", "RegionId", region, "ClusterId", field.JoinList([]string{cluster}),
		"InstanceType", field.JoinList([]string{instanceType}))
}

// staleScope is a part of a region that may be out of date.
type staleScope struct {
	region string
	path   string               // as state.StaleScope has it, without the region
	scope  *render.ClusterScope // nil: it is not one scope, or it is not known
	stale  state.StaleScope
}

// staleScopes returns the stale parts of a region. f names those of several regions, if
// several is true.
func (f *fleet) staleScopes(region string, several bool, stale []state.StaleScope) []staleScope {
	var list []staleScope
	for _, s := range stale {
		path, isOfRegion := s.Scope, true
		if several {
			path, isOfRegion = strings.CutPrefix(s.Scope, region+"/")
		}
		if isOfRegion {
			list = append(list, staleScope{region, path, f.scopes[region+"/"+path], s})
		}
	}
	return list
}

// stateWord says in one word or two how the last check of a scope ended, and whether that is
// good, warn or bad.
func stateWord(in *ui.Input, sc *render.ClusterScope) (kind, word string) {
	switch {
	case sc.Digest == "":
		return "bad", in.T("never captured")
	case sc.State == format.StateFailed:
		return "warn", in.T("failed for %s", in.TimeSince(sc.Since))
	case sc.State == format.StateHeld:
		return "warn", in.T("held back for %s", in.TimeSince(sc.Since))
	}
	return "good", in.T("ok")
}

// problemText returns the code and the message of a problem, as E-HPC or the capture wrote
// them.
func problemText(p *format.Problem) string {
	if p == nil {
		return ""
	}
	var parts []string
	for _, s := range []string{p.Code, p.Message} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return p.Class
	}
	return strings.Join(parts, ": ")
}

// describeStale says why a part is stale.
func describeStale(in *ui.Input, p staleScope) g.Node {
	if p.scope == nil || p.scope.State == format.StateOK {
		if p.path == "*" || p.scope == nil {
			return g.Text(in.Say(p.stale.Reason))
		}
		return g.Text(in.T("not checked for %s", in.TimeSince(p.scope.CheckedAt)))
	}
	kind, word := stateWord(in, p.scope)
	text := problemText(p.scope.Problem)
	return g.Group{ui.Pill(kind, word), g.If(text != "", h.Span(h.Class("reason"), g.Text(text)))}
}

// advice says what an operator can do about a stale part.
func advice(in *ui.Input, p staleScope) g.Node {
	switch {
	case p.scope == nil:
		return g.Text(in.T("Wait: reads go on by themselves when the storage answers."))
	case p.scope.State == format.StateHeld:
		return heldAdvice(in, p)
	case p.scope.State == format.StateOK:
		return g.Text(in.T("Look at the timer and the log of the snapshot function: it has not asked."))
	}
	class := ""
	if p.scope.Problem != nil {
		class = p.scope.Problem.Class
	}
	switch class { // as package ehpc names them
	case "throttled":
		return g.Text(in.T("Wait: the next run asks again. If it lasts, lower the rate of calls."))
	case "not-authorized":
		return g.Text(in.T("Let the role of the snapshot function call ListCommunityImages for this cluster."))
	case "not-found":
		return g.Text(in.T("Nothing, if the cluster is gone: the next listing of clusters ends it."))
	}
	return g.Text(in.T("Wait: the next run asks again. If it lasts, ask E-HPC's support."))
}

// heldAdvice says what to do about an answer that is held back.
func heldAdvice(in *ui.Input, p staleScope) g.Node {
	c := p.scope.Candidate
	if c == nil {
		return g.Text(in.T("Wait: it is published when three runs in a row have seen it."))
	}
	event := `{"accept": ["` + p.region + "/" + p.path + "@" + c.Digest + `"]}`
	return g.Group{
		g.Text(in.T("Images in it: %d; in the published list: %d. Wait: it is published when three runs in a row have "+
			"seen it (%d so far), and a good answer replaces it.", c.ImageCount, p.scope.ImageCount, c.Seen)),
		h.Details(h.Summary(g.Text(in.T("If it is right, accept it"))),
			h.P(g.Text(in.T("Invoke the snapshot function with this event:"))),
			h.Pre(h.TabIndex("0"), h.Code(g.Text(event)))),
	}
}

// staleTable shows the stale parts of a region: what, why, and what to do.
func (f *fleet) staleTable(in *ui.Input, caption string, parts []staleScope) g.Node {
	part, why, what := in.T("Part"), in.T("What is wrong"), in.T("What to do")
	var rows []g.Node
	for _, p := range parts {
		rows = append(rows, h.Tr(ui.Cell(part, f.scopeName(in, p)), ui.Cell(why, describeStale(in, p)),
			ui.Cell(what, advice(in, p))))
	}
	return ui.Table(caption, []ui.Column{{Name: part}, {Name: why}, {Name: what}}, rows)
}
