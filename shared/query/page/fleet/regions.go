package fleet

import (
	"strconv"
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/archive/format"
	"community-images/shared/query/page/language"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/render"
)

// regionFacts returns what is known of a region that can be read, besides what is stale.
func regionFacts(in *ui.Input, r *render.Region) []ui.Fact {
	return []ui.Fact{
		{Name: in.T("Last run"), Value: lastRun(in, r.Run)},
		{Name: in.T("Last commit"), Value: g.Group{in.AgeNode(r.CommittedAt), g.Text(" · "), in.TimeNode(r.CommittedAt),
			g.Text(" · " + in.T("number %d", int(r.Sequence)))}},
		{Name: in.T("Lists"), Value: g.Text(scopesInWords(in, r))},
		{Name: in.T("Oldest check"), Value: oldestCheck(in, r)},
		{Name: in.T("Clusters"), Value: ui.Link(in.To("/v1/clusters", "RegionId", r.RegionID),
			strconv.Itoa(r.Clusters))},
	}
}

// lastRun says when the last run was and what it found. It is nil for callers who may not
// know.
func lastRun(in *ui.Input, run *format.RunInfo) g.Node {
	if run == nil {
		return nil
	}
	if run.StartedAt.IsZero() {
		return g.Text(in.T("none yet"))
	}
	took := run.FinishedAt.Sub(run.StartedAt.Time)
	text := in.T("took %s", seconds(in, took)) + " · " + triggerWord(in, run.Trigger)
	return g.Group{in.AgeNode(run.StartedAt), g.Text(" · "), in.TimeNode(run.StartedAt), g.Text(" · " + text),
		h.Br(), g.Text(runCounts(in, run.Counts))}
}

// seconds says how long something took, to a tenth of a second below a minute.
func seconds(in *ui.Input, d time.Duration) string {
	if d >= time.Minute {
		return in.Length(d)
	}
	return in.T("%s s", strconv.FormatFloat(max(0, d.Seconds()), 'f', 1, 64))
}

// triggerWord says what started a run.
func triggerWord(in *ui.Input, trigger string) string {
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
func runCounts(in *ui.Input, c format.RunCounts) string {
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
func scopesInWords(in *ui.Input, r *render.Region) string {
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
func oldestCheck(in *ui.Input, r *render.Region) g.Node {
	if r.OldestCheck == nil {
		return g.Text(in.T("never checked"))
	}
	return in.AgeNode(r.OldestCheck.CheckedAt)
}

// regionPill says in a few words how a region is.
func regionPill(in *ui.Input, r *render.Region) g.Node {
	switch {
	case r.Error != nil:
		return ui.Pill("bad", in.T("cannot be read"))
	case r.OldestCheck == nil:
		return ui.Pill("bad", in.T("never checked"))
	case r.Stale:
		return ui.Pill("warn", in.T("partly out of date"))
	}
	return ui.Pill("good", in.T("fresh"))
}

// regionError says that a region cannot be read, and why.
func regionError(in *ui.Input, r *render.Region) g.Node {
	if r.Error == nil {
		return nil
	}
	return ui.Notice("bad", h.Strong(g.Text(in.T("%s cannot be read now.", r.RegionID))),
		g.Text(in.T(" ")+in.Say(r.Error.Text())))
}

// simulatedNotice says until when the history of a region is not real.
func simulatedNotice(in *ui.Input, r *render.Region) g.Node {
	if r.SimulatedUntil.IsZero() {
		return nil
	}
	return ui.Notice("warn", g.Text(in.T("The history of %s is simulated up to this time:", r.RegionID)+" "),
		in.TimeNode(r.SimulatedUntil))
}
