package notify

import (
	"context"
	"errors"
	"fmt"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/notify/changes"
	"community-images/shared/notify/message"
)

// maxMessages bounds the messages of a run for one subscription. The next run sends the rest.
const maxMessages = 10

// plan fills the outboxes.
func (r *run) plan(ctx context.Context) {
	for _, d := range r.deliveries {
		if !d.isWaiting && r.isSummaryDue(d) {
			r.planSummary(ctx, d)
		}
	}
	for _, state := range r.states {
		r.planRegion(ctx, state)
		for _, d := range r.deliveries {
			if !d.isWaiting && d.problem == "" {
				r.planOutage(d, state)
				r.planCalm(d, state.RegionID)
			}
		}
	}
}

// planRegion plans the commits of a region, one message for each.
func (r *run) planRegion(ctx context.Context, state *archive.Region) {
	var pending []*delivery
	from := state.Sequence + 1
	for _, d := range r.deliveries {
		if !d.isWaiting && !r.isSummaryDue(d) && r.checkPosition(d, state) {
			pending = append(pending, d)
			from = min(from, d.cursor.Regions[state.RegionID].Sequence+1)
		}
	}
	if len(pending) == 0 {
		return
	}
	log, err := r.loadLog(ctx, state, from, pending)
	if err != nil || log == nil {
		for _, d := range pending {
			if err != nil {
				d.problem = fmt.Sprintf("reading what happened: %s", err)
			}
		}
		return
	}
	for _, d := range pending {
		p := d.cursor.Regions[state.RegionID]
		// The log may be that of a restored backup.
		if log.HashBefore(p.Sequence+1) != p.LineHash {
			r.beginAnew(d, state.RegionID, p.Sequence, log.Commit(log.Last()))
		}
	}
	for n := from; n <= log.Last(); n++ {
		if err := r.planCommit(ctx, log, n, pending); err != nil {
			for _, d := range pending {
				d.problem = fmt.Sprintf("reading what happened: %s", err)
			}
			return
		}
	}
}

// checkPosition reports whether a subscription has to be told of commits of a region. It moves the
// cursor to the present commit if the region is new to it, or if the log no longer holds the
// commit of the cursor.
func (r *run) checkPosition(d *delivery, state *archive.Region) bool {
	p, known := d.cursor.Regions[state.RegionID]
	switch {
	case !known:
		d.move(state.RegionID, position{state.LineHash(), state.Sequence})
		return false
	case p.Sequence > state.Sequence, p.Sequence == state.Sequence && p.LineHash != state.LineHash():
		d.problem = lostCommitText(state.RegionID, p.Sequence)
		d.move(state.RegionID, position{state.LineHash(), state.Sequence})
		return false
	}
	return p.Sequence < state.Sequence
}

// lostCommitText says that the log does not hold the commit of a cursor.
func lostCommitText(region string, sequence int64) string {
	return fmt.Sprintf("the log of %q does not hold commit %d that was told last, because a backup was restored or "+
		"retention removed it; it begins anew with the next commit", region, sequence)
}

// beginAnew moves a cursor to a commit without telling what was before.
func (r *run) beginAnew(d *delivery, region string, was int64, at *format.Commit) {
	d.problem = lostCommitText(region, was)
	d.move(region, position{at.LineHash, at.Sequence})
}

// move moves the cursor at once.
func (d *delivery) move(region string, p position) {
	d.cursor.Regions[region] = p
	d.isDirty = true
}

// loadLog reads the commits from a number on. If retention has removed some, the subscriptions
// begin anew, and the log is nil.
func (r *run) loadLog(
	ctx context.Context, state *archive.Region, from int64, pending []*delivery,
) (*changes.Log, error) {
	log, err := changes.Load(ctx, r.archive, state, from, r.moves)
	var early *archive.TooEarlyError
	if !errors.As(err, &early) {
		return log, err
	}
	for _, d := range pending {
		d.problem = lostCommitText(state.RegionID, d.cursor.Regions[state.RegionID].Sequence)
		d.move(state.RegionID, position{state.LineHash(), state.Sequence})
	}
	return nil, nil
}

// planCommit plans one commit for the subscriptions that have not been told of it.
func (r *run) planCommit(ctx context.Context, log *changes.Log, n int64, pending []*delivery) error {
	commit := log.Commit(n)
	region := commit.RegionID
	at := position{commit.LineHash, n}
	var span *changes.Span // made for the first subscription that needs it
	for _, d := range pending {
		if d.cursor.Regions[region].Sequence >= n || d.messages() >= maxMessages {
			continue
		}
		move := func(c *cursor) { c.Regions[region] = at }
		if !r.canTell(log, commit) || !d.Filter.HasRegion(region) {
			d.add(nil, move)
			continue
		}
		if span == nil {
			var err error
			if span, err = log.Span(ctx, n, n); err != nil {
				return err
			}
		}
		c, err := span.Compare(ctx, &d.Filter)
		if err != nil {
			return err
		}
		r.planChanges(d, c, at, move)
	}
	return nil
}

// canTell reports whether a commit can have something to tell. An alias can move with any commit,
// because its pin may have ended since the last one.
func (r *run) canTell(log *changes.Log, c *format.Commit) bool {
	return len(c.Images)+len(c.Ended)+len(c.Aliases) > 0 || r.moves != nil && log.HasAliases()
}

// planChanges plans the message of what a commit did.
func (r *run) planChanges(d *delivery, c *changes.Changes, at position, move func(*cursor)) {
	flapping, flaps := noteFlaps(c, d.flapsOf(c.RegionID))
	d.setPlannedFlaps(c.RegionID, flaps)
	moveAll := func(cur *cursor) {
		move(cur)
		cur.setFlaps(c.RegionID, flaps)
	}
	if c.IsEmpty() && len(flapping) == 0 {
		d.add(nil, moveAll)
		return
	}
	m := &message.Message{
		ID: newID("changes", d.Name, c.RegionID, at.LineHash), Type: message.Changes, At: c.At, RegionID: c.RegionID,
		Regions: []message.Region{message.NewRegion(c, flapping, r.settings.PublicURL)},
	}
	d.add(m, moveAll)
}
