// Package gc removes what retention no longer keeps of an archive: months of the log, and
// snapshots to which nothing refers any more.
package gc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Collector removes what retention no longer keeps: whole months of the log, and
// snapshots to which neither a kept month nor the head refers.
//
// After each single removal the archive is consistent. Months go first, the oldest
// first. Snapshots go in a sweep of their own, once the last month has been gone
// for Grace. An object that was written within Grace stays.
type Collector struct {
	// writer reads the archive, and puts the head after a sweep.
	writer *archive.Writer
	// bucket is the writer's, with the verbs that remove objects.
	bucket archive.Sweeper
	// keys are the writer's.
	keys archive.Keys
	// keep returns the oldest time that must stay answerable.
	keep func(now time.Time) time.Time
	// now is the clock. It must not be far from the store's.
	now func() time.Time
}

// monthSlack is more than a cutoff in calendar units can go back from one day to
// the next. For example, a month before 31 December is 1 December, as is a month
// before 1 January.
const monthSlack = 7 * 24 * time.Hour

// NewCollector returns a collector. keep returns the oldest time that must stay
// answerable.
func NewCollector(
	bucket archive.Sweeper, keys archive.Keys, keep func(now time.Time) time.Time, now func() time.Time,
) *Collector {
	return &Collector{
		writer: archive.NewWriter(bucket, keys, now), bucket: bucket, keys: keys, keep: keep, now: now,
	}
}

// Sweep is what a sweep of one region found and did.
type Sweep struct {
	// RegionID names the region.
	RegionID string
	// Items is what may be removed, in the order of removal.
	Items []Item
	// Removed counts the items that were removed.
	Removed int
	// Bytes is the size of the removed items.
	Bytes int64
	// Waiting counts snapshots to which nothing refers and that stay until Grace
	// is over.
	Waiting int
}

// Item is an object that may be removed.
type Item struct {
	// Key names the object.
	Key string
	// Size is in bytes.
	Size int64
	// Modified is when the object was last written, by the store's clock.
	Modified time.Time
	// Why says to people why the object may be removed.
	Why string
}

// Plan returns what Collect would remove now. It changes nothing.
func (c *Collector) Plan(ctx context.Context, region string) (*Sweep, error) {
	p, err := c.planPass(ctx, region)
	return p.sweep, err
}

// Collect removes what may be removed until it is done or ctx ends. It records in
// the head that it finished. It returns an error for a damaged region. The sweep
// says what was removed, also with an error.
func (c *Collector) Collect(ctx context.Context, region string) (*Sweep, error) {
	p, err := c.planPass(ctx, region)
	if err != nil || p.region == nil {
		return p.sweep, err
	}
	// The head says first what goes, so that it never names a commit as kept that is gone.
	if len(p.months) > 0 {
		swept := format.Swept{RemovedAt: p.removedAt, Through: p.through}
		if p.region, err = c.writer.RecordSweep(ctx, p.region, swept); err != nil {
			return p.sweep, err
		}
	}
	// Months go before snapshots: a snapshot to which only a removed month refers
	// waits for the sweep after the next Grace.
	for _, item := range p.months {
		if err := c.bucket.Delete(ctx, item.Key); err != nil {
			return p.sweep, fmt.Errorf("removing %q: %w", item.Key, err)
		}
		p.countRemoved(item)
	}
	if err := p.removeSnapshots(ctx); err != nil {
		return p.sweep, err
	}
	_, err = c.writer.RecordSweep(ctx, p.region,
		format.Swept{At: catalog.At(c.now()), RemovedAt: p.removedAt, Through: p.through})
	return p.sweep, err
}

// collectionPass is one sweep of one region.
type collectionPass struct {
	*Collector
	// sweep is the report. It is complete at any time.
	sweep *Sweep
	// region is nil if there is no commit yet.
	region *archive.Region
	// months has the logs to remove, oldest first, then the indexes of months.
	months []Item
	// snapshots has the snapshots to remove, in the order of their keys.
	snapshots []Item
	// through is the last month that is gone or goes now.
	through string
	// removedAt is the latest time at which through can have gone.
	removedAt catalog.Time
}

// countRemoved adds a removed item to the report. Calls must not overlap.
func (p *collectionPass) countRemoved(item Item) {
	p.sweep.Removed++
	p.sweep.Bytes += item.Size
}

// planPass finds out what may be removed. The pass is not nil, also with an error.
func (c *Collector) planPass(ctx context.Context, region string) (*collectionPass, error) {
	p := &collectionPass{Collector: c, sweep: &Sweep{RegionID: region}}
	var err error
	if p.region, err = c.writer.NowByHead(ctx, region); err != nil || p.region == nil {
		return p, err
	}
	stored, err := p.listObjects(ctx)
	if err != nil {
		return p, err
	}
	if err := p.planMonths(stored.logs); err != nil {
		return p, err
	}
	p.planMonthIndexes(stored.monthIndexes)
	if err := p.planSnapshots(ctx, stored.snapshots); err != nil {
		return p, err
	}
	p.sweep.Items = append(append(p.sweep.Items, p.months...), p.snapshots...)
	return p, nil
}

// storedObjects are the objects of a region that retention can remove.
type storedObjects struct {
	// logs and monthIndexes are by month, snapshots by key.
	logs, monthIndexes, snapshots map[string]Item
}

// listObjects lists the objects of the region.
func (p *collectionPass) listObjects(ctx context.Context) (stored storedObjects, err error) {
	root, err := p.keys.Region(p.region.RegionID)
	if err != nil {
		return stored, err
	}
	stored = storedObjects{map[string]Item{}, map[string]Item{}, map[string]Item{}}
	err = p.bucket.Entries(ctx, root, func(key string, size int64, modified time.Time) {
		item := Item{Key: key, Size: size, Modified: modified}
		switch k, err := p.keys.Parse(key); {
		case err != nil: // not an object of the archive
		case k.Kind == archive.LogKind:
			stored.logs[k.Month] = item
		case k.Kind == archive.MonthIndexKind:
			stored.monthIndexes[k.Month] = item
		case k.Kind == archive.SnapshotKind:
			stored.snapshots[key] = item
		}
	})
	if err != nil {
		return stored, fmt.Errorf("listing %q: %w", root, err)
	}
	return stored, nil
}

// isOld reports whether an object that was last written at modified is older than
// Grace.
func (c *Collector) isOld(modified time.Time) bool { return c.now().Sub(modified) >= archive.Grace }

// planMonths finds the months that have expired. It returns an error if a month is
// missing that retention cannot have removed: then the snapshots that it referred
// to must not go either.
func (p *collectionPass) planMonths(logs map[string]Item) error {
	r, cutoff := p.region, p.keep(p.now())
	p.through, p.removedAt = r.Swept.Through, r.Swept.RemovedAt
	known := map[string]bool{}
	removing := true // all months so far are gone or go now
	for i, f := range r.Files {
		known[f.Month] = true
		item, exists := logs[f.Month]
		switch {
		case !exists && (!removing || len(p.months) > 0 || !p.mayBeGone(i)):
			return p.damagedLog(f.Month, "it is gone, and retention has not removed it")
		case !exists:
			p.noteGone(f.Month)
		case removing && isExpired(r, i, cutoff) && f.Month != r.LogMonth() && p.isOld(item.Modified):
			item.Why = fmt.Sprintf("every time from %s on is answered by later months", catalog.At(cutoff))
			p.months = append(p.months, item)
			p.noteGone(f.Month)
		default:
			removing = false
		}
	}
	// An older file that no checkpoint names cannot be ignored: the snapshots to which
	// it refers would be removed.
	for month := range logs {
		if !known[month] && month < r.LogMonth() {
			return p.damagedLog(month, "no later month names it")
		}
	}
	return nil
}

// planMonthIndexes finds the indexes of months that are gone or go now. They go after the
// logs: a reader without an index reads the log.
func (p *collectionPass) planMonthIndexes(indexes map[string]Item) {
	for _, month := range slices.Sorted(maps.Keys(indexes)) {
		if month <= p.through {
			item := indexes[month]
			item.Why = "the log of its month is gone"
			p.months = append(p.months, item)
		}
	}
}

// mayBeGone reports whether an earlier sweep can have removed file i. The cutoff of
// that sweep may have been a little later than today's.
func (p *collectionPass) mayBeGone(i int) bool {
	r := p.region
	return isExpired(r, i, p.keep(p.now().Add(monthSlack))) || r.Files[i].Month <= r.Swept.Through
}

// noteGone notes that a month is gone. If the head did not say so, it is not known
// since when.
func (p *collectionPass) noteGone(month string) {
	if month > p.through {
		p.through, p.removedAt = month, catalog.At(p.now())
	}
}

// damagedLog returns a *format.DamagedError about the log of a month.
func (p *collectionPass) damagedLog(month, reason string) error {
	key, err := p.keys.Log(p.region.RegionID, month)
	return errors.Join(err, &format.DamagedError{Key: key, Reason: reason})
}

// isExpired reports whether retention no longer keeps file i of the log: the file after it
// begins early enough to answer for every time since cutoff. The last file, which holds
// the present state, never expires.
func isExpired(r *archive.Region, i int, cutoff time.Time) bool {
	return i+1 < len(r.Files) && !r.Files[i+1].FirstCommittedAt.After(cutoff)
}
