package page

import (
	"strconv"
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/archive/format"
	"community-images/shared/query/page/language"
	"community-images/shared/query/render"
)

// fact is a name with what is known of it.
type fact struct {
	name  string // in the language of the page
	value g.Node // nil: not shown
}

// factList shows facts below each other.
func factList(facts []fact) g.Node {
	return h.Dl(h.Class("facts"), g.Map(facts, fact.node))
}

// node shows the fact in a list of facts.
func (f fact) node() g.Node {
	if f.value == nil {
		return nil
	}
	return h.Div(h.Dt(g.Text(f.name)), h.Dd(f.value))
}

// regionFacts returns what is known of a region that can be read, besides what is stale.
func regionFacts(in *Input, r *render.Region) []fact {
	return []fact{
		{in.T("Last run"), lastRun(in, r.Run)},
		{in.T("Last commit"), g.Group{in.ageNode(r.CommittedAt), g.Text(" · "), in.timeNode(r.CommittedAt),
			g.Text(" · " + in.T("number %d", int(r.Sequence)))}},
		{in.T("Lists"), g.Text(scopesInWords(in, r))},
		{in.T("Oldest check"), oldestCheck(in, r)},
		{in.T("Clusters"), link(in.to("/v1/clusters", "RegionId", r.RegionID), strconv.Itoa(r.Clusters))},
	}
}

// lastRun says when the last run was and what it found. It is nil for callers who may not
// know.
func lastRun(in *Input, run *format.RunInfo) g.Node {
	if run == nil {
		return nil
	}
	if run.StartedAt.IsZero() {
		return g.Text(in.T("none yet"))
	}
	took := run.FinishedAt.Sub(run.StartedAt.Time)
	text := in.T("took %s", in.seconds(took)) + " · " + triggerWord(in, run.Trigger)
	return g.Group{in.ageNode(run.StartedAt), g.Text(" · "), in.timeNode(run.StartedAt), g.Text(" · " + text),
		h.Br(), g.Text(runCounts(in, run.Counts))}
}

// seconds says how long something took, to a tenth of a second below a minute.
func (in *Input) seconds(d time.Duration) string {
	if d >= time.Minute {
		return in.length(d)
	}
	return in.T("%s s", strconv.FormatFloat(max(0, d.Seconds()), 'f', 1, 64))
}

// triggerWord says what started a run.
func triggerWord(in *Input, trigger string) string {
	switch trigger {
	case "timer":
		return in.T("started by the timer")
	case "event":
		return in.T("started by a cluster event")
	case "direct":
		return in.T("started by hand")
	case format.SimulatedTrigger:
		return in.T("simulated")
	}
	return trigger
}

// runCounts says what a run found, without what did not happen.
func runCounts(in *Input, c format.RunCounts) string {
	parts := []string{in.N(c.Planned, "%d list to ask", "%d lists to ask")}
	for _, part := range []struct {
		n    int
		text language.Message
	}{
		{c.Changed, "%d changed"}, {c.Unchanged, "%d unchanged"}, {c.Failed, "%d failed"}, {c.Held, "%d held back"},
		{c.Left, "%d left for the next run"}, {c.Lost, "%d published by another run"}, {c.Ended, "%d ended"},
	} {
		if part.n > 0 {
			parts = append(parts, in.T(part.text, part.n))
		}
	}
	return strings.Join(parts, " · ")
}

// scopesInWords says how many lists are in which state.
func scopesInWords(in *Input, r *render.Region) string {
	failed, held := r.Scopes[string(format.StateFailed)], r.Scopes[string(format.StateHeld)]
	text := in.T("%d ok", r.Scopes[string(format.StateOK)])
	if failed > 0 {
		text += " · " + in.T("%d failed", failed)
	}
	if held > 0 {
		text += " · " + in.T("%d held back", held)
	}
	return text
}

// oldestCheck says when the list was checked that has waited longest.
func oldestCheck(in *Input, r *render.Region) g.Node {
	if r.OldestCheck == nil {
		return g.Text(in.T("never checked"))
	}
	return in.ageNode(r.OldestCheck.CheckedAt)
}

// regionPill says in a few words how a region is.
func regionPill(in *Input, r *render.Region) g.Node {
	switch {
	case r.Error != nil:
		return pill("bad", in.T("cannot be read"))
	case r.OldestCheck == nil:
		return pill("bad", in.T("never checked"))
	case r.Stale:
		return pill("warn", in.T("partly out of date"))
	}
	return pill("good", in.T("fresh"))
}

// regionError says that a region cannot be read, and why.
func regionError(in *Input, r *render.Region) g.Node {
	if r.Error == nil {
		return nil
	}
	return notice("bad", h.Strong(g.Text(in.T("%s cannot be read now.", r.RegionID))), g.Text(" "+r.Error.Message))
}

// simulatedNotice says until when the history of a region is not real.
func simulatedNotice(in *Input, r *render.Region) g.Node {
	if r.SimulatedUntil.IsZero() {
		return nil
	}
	return notice("warn", g.Text(in.T("The history of %s is simulated up to this time:", r.RegionID)+" "),
		in.timeNode(r.SimulatedUntil))
}
