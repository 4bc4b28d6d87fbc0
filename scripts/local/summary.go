package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"community-images/shared/archive/format"
	"community-images/shared/capture"
)

// printSummary prints a table of the regions after a run, one row for each, and
// a line for the run as a whole. Sizes are in units of 1000 bytes.
func (s *session) printSummary(ctx context.Context, r *capture.Report) {
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table,
		"\nREGION\tSEQUENCE\tCLUSTERS\tSCOPES\tOK\tFAILED\tHELD\tIMAGES\tNEW OBJECTS\tNEW BYTES\tSTORING\t")
	for _, region := range r.Regions {
		// The report counts this run only. The states are those of all scopes that
		// are stored, also of scopes that the run did not ask.
		states := s.countStates(ctx, region.RegionID)
		scopes := states[format.StateOK] + states[format.StateFailed] + states[format.StateHeld]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t\n", region.RegionID, region.Sequence,
			region.Clusters,
			scopes, states[format.StateOK], states[format.StateFailed], states[format.StateHeld],
			region.Images, region.Stored, humanize.Bytes(uint64(region.Bytes)), formatMillis(region.CommitMs))
	}
	// The table is written as a whole, once the widths are known.
	table.Flush()
	fmt.Fprintf(s.out, "\n%s\n", runLine(r))
}

// countStates counts the stored scopes of a region by state. It returns an empty map if
// the region cannot be read; the report holds that error.
func (s *session) countStates(ctx context.Context, region string) map[format.State]int {
	states := map[format.State]int{}
	now, err := s.backend.archive.Now(ctx, region, nil)
	if err != nil {
		return states
	}
	for _, scope := range now.Scopes() {
		states[scope.State]++
	}
	return states
}

// runLine describes a run in one line.
func runLine(r *capture.Report) string {
	// What is left for the next run was planned, but not asked.
	c := r.Counts
	text := fmt.Sprintf("%d scopes asked in %s with %d calls, all done in %s: %d changed, %d unchanged, %d failed",
		c.Planned-c.Left, formatMillis(r.FetchMs), r.Calls, formatMillis(r.DurationMs), c.Changed, c.Unchanged,
		c.Failed)
	// These are rare. A line without them can be read at a glance.
	for _, more := range []struct {
		n    int
		what string
	}{{c.Held, "held"}, {c.Left, "left for the next run"}, {c.Lost, "published by another run"}, {c.Ended, "ended"}} {
		if more.n > 0 {
			text += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	return text
}

// formatMillis formats milliseconds as a duration, for example 1.25s.
func formatMillis(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }
