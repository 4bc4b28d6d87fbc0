// Package history makes the pages of what happened: changes, and what differs between two times
// or two clusters.
package history

import (
	"slices"
	"strconv"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// ChangesPage is the page of /v1/changes: newest first, whatever the feed is.
func ChangesPage() ui.Page {
	return ui.Page{
		Subrequests: askClusters,
		Explains:    isMistake,
		Title:       func(in *ui.Input, _ []ui.Answer) string { return in.T("Changes") },
		Main: func(in *ui.Input, answers []ui.Answer) g.Node {
			names := ui.NewClusterNames(answers[1])
			view, _ := answers[0].Value.(*render.EventView)
			var content g.Node
			if view == nil {
				content = ui.Problem(in, answers[0].Err)
			} else {
				names.AddEnded(view.Changes)
				content = newChangeList(in, view, answers[0].Next, names).node()
			}
			return g.Group{h.H1(g.Text(in.T("Changes"))), changesForm(in, names), content}
		},
	}
}

// askClusters asks for the names of all clusters that are captured now, whatever time the page
// is about.
func askClusters(in *ui.Input) []ui.Subrequest {
	return []ui.Subrequest{in.To("/v1/clusters").Without("lang").Subrequest()}
}

// changesForm lets a person choose since when, of which cluster, and which kinds.
func changesForm(in *ui.Input, names ui.ClusterNames) g.Node {
	here := in.Here()
	since := here.Get("since")
	if since == "" {
		since = "-1w"
	}
	moments := append(momentsAgo(in), choice{"0", in.T("the first that is kept")})
	kinds := []choice{{"", in.T("all kinds")}, {"added", in.T("added")}, {"removed", in.T("removed")},
		{"changed", in.T("changed")}, {"ended", in.T("cluster ended")}}
	return g.Group{
		h.Form(h.Method("get"), h.Action("/v1/changes"), h.Class("choose"), in.KeepRegion(), ui.KeepLanguage(in),
			keep(in, "kind", "by", "InstanceType", "ImageId"),
			momentSelect(in, in.T("Since"), "since", since, moments),
			selectNode(in.T("Cluster"), "ClusterId", here.Get("ClusterId"), clusterChoices(in, names, allClusters(in))),
			h.Button(h.Type("submit"), g.Text(in.T("Show")))),
		h.Nav(h.Class("kinds"), h.Aria("label", in.T("Kinds")), g.Map(kinds, func(k choice) g.Node {
			to := here.Without("kind", "cursor")
			if k.value != "" {
				to = to.With("kind", k.value)
			}
			return h.A(h.Href(to.String()), g.If(here.Get("kind") == k.value, h.Aria("current", "true")),
				g.Text(k.name))
		})),
	}
}

// maxChangeRows is the number of rows after which the page of changes ends with a link to
// older ones. A commit is never divided, unless it has more rows than maxCommitRows.
const (
	maxChangeRows = 200
	maxCommitRows = 1000
)

// changeList is what the page of changes shows.
type changeList struct {
	in      *ui.Input
	view    *render.EventView
	next    string // cursor of the next page; empty: there is none
	names   ui.ClusterNames
	rows    []changeRow
	commits [][]changeRow // newest first, as many as the page shows
	older   int64         // commit with which older rows begin; 0: there are none
	part    int64         // commit of which only a part is shown; 0: none
}

func newChangeList(in *ui.Input, view *render.EventView, next string, names ui.ClusterNames) *changeList {
	l := &changeList{in: in, view: view, next: next, names: names, rows: newRows(view.Changes, view.Events)}
	// Rows of a commit follow each other, in either order.
	for start := 0; start < len(l.rows); {
		end := start + 1
		for end < len(l.rows) && l.rows[end].sequence == l.rows[start].sequence {
			end++
		}
		commit := l.rows[start:end]
		if view.Newest {
			slices.Reverse(commit)
		}
		l.commits = append(l.commits, commit)
		start = end
	}
	if !view.Newest {
		slices.Reverse(l.commits)
	}
	l.limitCommits()
	return l
}

// limitCommits leaves as many commits as the page shows.
func (l *changeList) limitCommits() {
	shown := 0
	for i, commit := range l.commits {
		// A page of the newest rows ends within a commit.
		isPart := l.view.Newest && i == len(l.commits)-1 && len(l.rows) >= l.in.Request.Limit
		if i > 0 && (shown >= maxChangeRows || isPart) {
			l.commits, l.older = l.commits[:i], commit[0].sequence
			return
		}
		shown += len(commit)
		if isPart {
			l.part, l.older = commit[0].sequence, commit[0].sequence-1
		}
	}
}

// node shows the numbers, the days and the links to other pages.
func (l *changeList) node() g.Node {
	in := l.in
	if len(l.rows) == 0 {
		wider := in.Here().Without("cursor", "kind").With("since", "-30d")
		return g.Group{
			ui.EmptyState(in.T("Nothing changed in this time."), nil,
				h.P(ui.Link(wider, in.T("Show the last 30 days")))), l.pages(),
			in.FormatLinks(),
		}
	}
	return g.Group{l.cards(), l.summary(), l.days(), l.pages(), in.FormatLinks()}
}

// cards shows the numbers of the period.
func (l *changeList) cards() g.Node {
	in, t := l.in, newTally(l.rows)
	of := func(kind string) ui.Address { return in.Here().With("kind", kind) }
	ended := in.T("clusters ended")
	for id := range t.ended {
		if len(t.ended) == 1 {
			ended = in.T("cluster ended: %s", l.names.Of(in, id))
		}
	}
	gone := card(of("removed"), len(t.gone), in.T("images gone everywhere"), true)
	if l.view.Changes == nil { // a row of one scope does not know the others
		gone = card(of("removed"), len(t.removed), in.T("images removed somewhere"), true)
	}
	return h.Div(h.Class("cards"),
		card(of("added"), len(t.added), in.T("images added somewhere"), false), gone,
		card(of("changed"), len(t.changed), in.T("images changed"), false),
		card(of("ended"), len(t.ended), ended, false))
}

// summary says which rows these are.
func (l *changeList) summary() g.Node {
	in := l.in
	text := in.N(len(l.rows), "%d change, newest first. Days are those of UTC.",
		"%d changes, newest first. Days are those of UTC.")
	if l.view.Newest {
		text = in.N(len(l.rows), "The newest %d change. Days are those of UTC.",
			"The newest %d changes. Days are those of UTC.")
	}
	byScope := ui.Link(in.Here().With("by", "scope"), in.T("Show each instance type"))
	if l.view.Changes == nil {
		byScope = ui.Link(in.Here().Without("by", "cursor"), in.T("Show one row for each image"))
	}
	return h.P(h.Class("soft"), g.Text(text+" "), byScope)
}

// days shows a table for each day.
func (l *changeList) days() (days g.Group) {
	for start := 0; start < len(l.commits); {
		day := ui.DayOf(l.commits[start][0].at)
		end := start
		for end < len(l.commits) && ui.DayOf(l.commits[end][0].at) == day {
			end++
		}
		days = append(days, l.day(day, l.commits[start:end]))
		start = end
	}
	return days
}

// day shows the commits of a day.
func (l *changeList) day(day string, commits [][]changeRow) g.Node {
	in := l.in
	var nodes []g.Node
	var all []changeRow
	for _, commit := range commits {
		all = append(all, commit...)
		for i := range commit[:min(len(commit), maxCommitRows)] {
			nodes = append(nodes, l.row(&commit[i]))
		}
		if len(commit) > maxCommitRows {
			left := in.N(len(commit)-maxCommitRows, "%d more row of this commit is not shown.",
				"%d more rows of this commit are not shown.")
			nodes = append(nodes, h.Tr(h.Td(h.ColSpan("5"), g.Text(left))))
		}
	}
	t := newTally(all)
	text := "+" + strconv.Itoa(len(t.added)) + " −" + strconv.Itoa(len(t.removed)) + " ~" + strconv.Itoa(len(t.changed))
	title := dayName(in, day)
	columns := []ui.Column{{Name: in.T("When")}, {Name: in.T("What")}, {Name: in.T("Image")}, {Name: in.T("Where")},
		{Name: l.nowName()}}
	return h.Section(h.Class("day"),
		h.H2(g.If(title != "", g.Text(title+" · ")), h.Time(h.DateTime(day), h.Data("day", ""), g.Text(day)),
			h.Small(h.Class("soft"), g.Text(" "+text+" "+in.N(len(commits), "in %d commit", "in %d commits")))),
		ui.Table(day, columns, nodes))
}

// dayName returns "today" or "yesterday"; empty: it is neither.
func dayName(in *ui.Input, day string) string {
	switch day {
	case in.Now.UTC().Format(time.DateOnly):
		return in.T("Today")
	case in.Now.UTC().AddDate(0, 0, -1).Format(time.DateOnly):
		return in.T("Yesterday")
	}
	return ""
}

// row shows one change.
func (l *changeList) row(row *changeRow) g.Node {
	in := l.in
	return h.Tr(
		ui.Cell(in.T("When"), in.ClockNode(row.at)),
		ui.Cell(in.T("What"), in.KindPill(row.kind)),
		ui.Cell(in.T("Image"), row.subject(in, l.names), in.FieldChanges(row.fields)),
		ui.Cell(in.T("Where"), row.clusters(in, l.names)),
		ui.Cell(l.nowName(), row.stateNow(in)),
	)
}

// nowName names the time at which the feed ends.
func (l *changeList) nowName() string {
	if l.in.Here().Get("at") != "" {
		return l.in.T("Then")
	}
	return l.in.T("Now")
}

// pages leads to older changes, or to the next page of a limited feed.
func (l *changeList) pages() g.Node {
	in := l.in
	number := func(sequence int64) string { return strconv.FormatInt(sequence, 10) }
	var links g.Group
	if l.part > 0 {
		whole := in.Here().Without("limit").With("since", number(max(l.part-1, 0))).With("at", number(l.part))
		links = append(links, ui.Link(whole, in.T("All of this commit")), g.Text(" "))
	}
	if l.older > 0 {
		links = append(links, ui.Link(in.Here().With("at", number(l.older)), in.T("Older changes")))
	}
	if l.next != "" {
		links = append(links, ui.Link(in.Here().Without("since").With("cursor", l.next), in.T("Later changes")))
	}
	return h.P(h.Class("older"), links)
}

// isMistake reports whether an error is about the request, and not about the service.
func isMistake(e *apierror.Error) bool { return e.Status < 500 }
