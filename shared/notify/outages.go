package notify

import (
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/notify/message"
	"community-images/shared/notify/subscription"
)

// failingSince returns the time since when E-HPC fails in a region: every scope failed when it
// was asked last. ok is false if it does not fail, or if nothing is asked.
func failingSince(state *archive.Region) (since catalog.Time, ok bool) {
	for _, s := range state.Scopes() {
		if s.State != format.StateFailed {
			return catalog.Time{}, false
		}
		if s.Since.After(since.Time) {
			since = s.Since
		}
	}
	return since, state.ScopeCount() > 0
}

// planOutage plans a message when a region has failed for long enough, and one when it is well
// again.
func (r *run) planOutage(d *delivery, state *archive.Region) {
	region := state.RegionID
	if !d.Filter.Wants(subscription.RegionFailing) || !d.Filter.HasRegion(region) || d.messages() >= maxMessages {
		return
	}
	since, isFailing := failingSince(state)
	reportedSince, isReported := d.cursor.Outages[region]
	switch {
	case isFailing && !isReported && r.now().Sub(since.Time) >= d.FailingAfter:
		d.add(r.newOutage(d, message.RegionFailing, region, since), func(c *cursor) {
			if c.Outages == nil {
				c.Outages = map[string]catalog.Time{}
			}
			c.Outages[region] = since
		})
	case !isFailing && isReported:
		d.add(r.newOutage(d, message.RegionWell, region, reportedSince), func(c *cursor) { delete(c.Outages, region) })
	}
}

// newOutage returns the message of an outage that began at a time.
func (r *run) newOutage(d *delivery, kind message.Type, region string, since catalog.Time) *message.Message {
	return &message.Message{
		ID: newID(kind, d.Name, region, since), Type: kind, At: catalog.At(r.now()), RegionID: region,
		Regions: []message.Region{message.NewOutage(region, since, r.settings.PublicURL)},
	}
}

// planCalm plans a message of the images that came and went and have stopped.
func (r *run) planCalm(d *delivery, region string) {
	flaps := d.flapsOf(region)
	calm, last := findCalm(flaps, r.now())
	if len(calm) == 0 || d.messages() >= maxMessages {
		return
	}
	section := message.Region{
		RegionID: region, Counts: &message.Counts{Flapping: len(calm)},
		Lists: message.Lists{Flapping: calm[:min(len(calm), message.MaxListed)]},
	}
	m := &message.Message{
		ID: newID(message.Calm, d.Name, region, last.UnixMilli(), len(calm)), Type: message.Calm,
		At: catalog.At(r.now()), RegionID: region, Regions: []message.Region{section},
	}
	d.add(m, func(c *cursor) {
		for _, f := range calm {
			delete(c.Flaps[region], f.ImageID)
		}
	})
}

// flapsOf returns the images of a region that came or went lately, after the steps that are
// planned.
func (d *delivery) flapsOf(region string) map[string]flap {
	if planned, ok := d.plannedFlaps[region]; ok {
		return planned
	}
	return d.cursor.Flaps[region]
}

// setPlannedFlaps sets what flapsOf returns.
func (d *delivery) setPlannedFlaps(region string, flaps map[string]flap) {
	if d.plannedFlaps == nil {
		d.plannedFlaps = map[string]map[string]flap{}
	}
	d.plannedFlaps[region] = flaps
}

// setFlaps sets the images of a region that came or went lately.
func (c *cursor) setFlaps(region string, flaps map[string]flap) {
	if len(flaps) == 0 {
		delete(c.Flaps, region)
		return
	}
	if c.Flaps == nil {
		c.Flaps = map[string]map[string]flap{}
	}
	c.Flaps[region] = flaps
}
