package notify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/message"
)

const (
	// summaryAfter is how long a receiver must fail before its messages are summed up in one.
	summaryAfter = 24 * time.Hour
	// maxSummed bounds the commits of a region that are summed up: the last ones.
	maxSummed = 5000
)

// isSummaryDue reports whether the next message of a subscription is a summary.
func (r *run) isSummaryDue(d *delivery) bool {
	f := d.cursor.Failing
	return f != nil && (f.Plan != nil || r.now().Sub(f.Since.Time) >= summaryAfter)
}

// planSummary plans one message of what a receiver has missed. How far it goes is stored before
// it is sent: every try has the same commits and the same id.
func (r *run) planSummary(ctx context.Context, d *delivery) {
	if d.cursor.Failing.Plan == nil {
		plan := r.newPlan(d)
		if len(plan) == 0 {
			return
		}
		d.cursor.Failing.Plan = plan
		if err := r.saveCursor(ctx, d); err != nil {
			d.isWaiting, d.problem = true, err.Error()
			return
		}
	}
	plan := d.cursor.Failing.Plan
	m := &message.Message{Type: message.Summary, At: catalog.At(r.now())}
	parts := []any{"summary", d.Name}
	for _, region := range slices.Sorted(maps.Keys(plan)) {
		parts = append(parts, region, d.cursor.Regions[region].LineHash, plan[region].LineHash)
		section, err := r.sumUp(ctx, d, region, plan[region])
		if err != nil {
			d.isWaiting, d.problem = true, fmt.Sprintf("reading what happened: %s", err)
			return
		}
		if section != nil {
			m.Regions, m.At = append(m.Regions, *section), *section.CommittedAt
		}
	}
	m.ID = newID(parts...)
	if len(m.Regions) == 0 {
		m = nil
	}
	d.add(m, func(c *cursor) {
		for region, p := range plan {
			c.Regions[region] = p
			c.setFlaps(region, nil)
		}
		if c.Failing != nil { // there was no message
			c.Failing.Plan = nil
		}
	})
}

// newPlan returns how far a summary of the regions of this run goes.
func (r *run) newPlan(d *delivery) map[string]position {
	plan := map[string]position{}
	for _, state := range r.states {
		if p, known := d.cursor.Regions[state.RegionID]; known && p.Sequence < state.Sequence {
			plan[state.RegionID] = position{state.LineHash(), state.Sequence}
		}
	}
	return plan
}

// sumUp returns what happened in a region up to a commit; nil: nothing to tell.
func (r *run) sumUp(ctx context.Context, d *delivery, region string, to position) (*message.Region, error) {
	i := slices.IndexFunc(r.states, func(s *archive.Region) bool { return s.RegionID == region })
	if i < 0 {
		return nil, fmt.Errorf("this run is not about region %q", region)
	}
	p := d.cursor.Regions[region]
	from := max(p.Sequence+1, to.Sequence-maxSummed+1)
	log, err := changes.Load(ctx, r.archive, r.states[i], from, r.moves)
	var early *archive.TooEarlyError
	isLost := errors.As(err, &early) || r.states[i].Sequence < to.Sequence
	if err != nil && !isLost {
		return nil, err
	}
	if !isLost {
		isLost = log.Commit(to.Sequence).LineHash != to.LineHash ||
			from == p.Sequence+1 && log.HashBefore(from) != p.LineHash
	}
	if isLost {
		d.problem = lostCommitText(region, p.Sequence)
		// The plan moves the cursor there.
		d.cursor.Failing.Plan[region] = position{r.states[i].LineHash(), r.states[i].Sequence}
		return nil, nil
	}
	span, err := log.Span(ctx, from, to.Sequence)
	if err != nil {
		return nil, err
	}
	c, err := span.Compare(ctx, &d.Filter)
	if err != nil || c.IsEmpty() {
		return nil, err
	}
	section := message.NewRegion(c, nil, r.settings.PublicURL)
	return &section, nil
}
