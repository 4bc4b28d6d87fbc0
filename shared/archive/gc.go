package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"community-images/shared/catalog"
)

// Collector removes what retention no longer wants: whole months of the log,
// and snapshots that neither a month that is kept nor the head refers to.
//
// It removes in an order in which every state between two removals is sound:
// months oldest first, and snapshots in a sweep of their own once the last
// month has been gone for Grace. An object that was written within Grace stays.
type Collector struct {
	writer *Writer
	bucket Sweeper
	keep   func(now time.Time) time.Time
	now    func() time.Time
}

// monthSlack is more than a cutoff in calendar units can go back from one day
// to the next: a month before 31 December is 1 December, as is one before
// 1 January.
const monthSlack = 7 * 24 * time.Hour

// NewCollector returns a collector. keep says which is the oldest instant that
// must stay answerable.
func NewCollector(bucket Sweeper, keys Keys, keep func(now time.Time) time.Time, now func() time.Time) *Collector {
	return &Collector{writer: NewWriter(bucket, keys, now), bucket: bucket, keep: keep, now: now}
}

// Sweep is what a sweep of one region found and did.
type Sweep struct {
	RegionID string
	Items    []Item // what may be removed, in the order of removal
	Removed  int    // of the items
	Bytes    int64  // of what was removed
	Waiting  int    // snapshots that nothing refers to and that stay for Grace
}

// Item is an object that may be removed.
type Item struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
	Why      string
}

// Plan says what Collect would remove now. It changes nothing.
func (c *Collector) Plan(ctx context.Context, region string) (*Sweep, error) {
	s, err := c.look(ctx, region)
	return s.sweep, err
}

// Collect removes what may be removed until it is done or ctx ends, and notes
// in the head that it came to its end. It refuses a region that is damaged.
// The sweep says what was removed, also with an error.
func (c *Collector) Collect(ctx context.Context, region string) (*Sweep, error) {
	s, err := c.look(ctx, region)
	if err != nil || s.region == nil {
		return s.sweep, err
	}
	for _, item := range s.months {
		if err := c.bucket.Delete(ctx, item.Key); err != nil {
			return s.sweep, fmt.Errorf("removing log %q: %w", item.Key, err)
		}
		s.removed(item)
	}
	if err := s.removeSnapshots(ctx); err != nil {
		return s.sweep, err
	}
	_, err = c.writer.level(ctx, s.region, func(next *Region) {
		next.Swept = next.Swept.later(Swept{At: catalog.At(c.now()), RemovedAt: s.removedAt, Through: s.through})
	})
	return s.sweep, err
}

// sweeping is one sweep under way.
type sweeping struct {
	*Collector
	sweep     *Sweep
	region    *Region // nil: the region has no commit yet
	months    []Item
	snapshots []Item
	through   string       // the last month that is gone or goes now
	removedAt catalog.Time // when it went, at the latest
}

func (s *sweeping) removed(item Item) {
	s.sweep.Removed++
	s.sweep.Bytes += item.Size
}

// look finds out what may be removed.
func (c *Collector) look(ctx context.Context, region string) (*sweeping, error) {
	s := &sweeping{Collector: c, sweep: &Sweep{RegionID: region}}
	var err error
	if s.region, err = c.state(ctx, region); err != nil || s.region == nil {
		return s, err
	}
	logs, stored, err := s.list(ctx)
	if err != nil {
		return s, err
	}
	if err := s.chooseMonths(logs); err != nil {
		return s, err
	}
	if err := s.chooseSnapshots(ctx, stored); err != nil {
		return s, err
	}
	s.sweep.Items = append(append(s.sweep.Items, s.months...), s.snapshots...)
	return s, nil
}

// state reads a region through its head, without which it is not known what
// is still wanted; nil if there is no commit yet.
func (c *Collector) state(ctx context.Context, region string) (*Region, error) {
	key, err := c.writer.keys.Head(region)
	if err != nil {
		return nil, err
	}
	data, tag, err := c.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		if months, err := c.writer.months(ctx, region); err != nil || len(months) == 0 {
			return nil, err
		}
		return nil, &DamagedError{Key: key, Reason: "it is missing, and only it names the candidates"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading head %q: %w", key, err)
	}
	r, err := decodeHead(region, data)
	if err != nil {
		return nil, &DamagedError{Key: key, Reason: err.Error()}
	}
	if r.Sequence == 0 {
		return nil, nil
	}
	r.headTag = tag
	return c.writer.catchUp(ctx, r, nil)
}

// list reads the names of everything stored of the region.
func (s *sweeping) list(ctx context.Context) (logs, stored map[string]Item, err error) {
	root, err := s.writer.keys.Region(s.region.RegionID)
	if err != nil {
		return nil, nil, err
	}
	logs, stored = map[string]Item{}, map[string]Item{}
	err = s.bucket.Entries(ctx, root, func(key string, size int64, modified time.Time) {
		item := Item{Key: key, Size: size, Modified: modified}
		switch p, err := s.writer.keys.Parse(key); {
		case err != nil: // not ours
		case p.Kind == LogKind:
			logs[p.Month] = item
		case p.Kind == SnapshotKind:
			stored[key] = item
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing %q: %w", root, err)
	}
	return logs, stored, nil
}

// old says whether an object was last written before the grace period.
func (c *Collector) old(modified time.Time) bool { return c.now().Sub(modified) >= Grace }

// chooseMonths finds the files that have expired. Files that are gone already
// must be the first ones and must have expired too: whatever referred to
// snapshots and was lost otherwise must not take them along.
func (s *sweeping) chooseMonths(logs map[string]Item) error {
	r, cutoff, lenient := s.region, s.keep(s.now()), s.keep(s.now().Add(monthSlack))
	s.through, s.removedAt = r.Swept.Through, r.Swept.RemovedAt
	gone := func(month string) { // later than what is remembered: not known when
		if month > s.through {
			s.through, s.removedAt = month, catalog.At(s.now())
		}
	}
	known, going := map[string]bool{}, true // as long as months go
	for i, f := range r.Files {
		known[f.Month] = true
		item, there := logs[f.Month]
		expired := r.expired(i, cutoff)
		switch {
		case !there && (!going || len(s.months) > 0 || !r.expired(i, lenient) && f.Month > r.Swept.Through):
			return s.damaged(f.Month, "it is gone, and retention has not removed it")
		case !there:
			gone(f.Month)
		case going && expired && f.Month != r.log.month && s.old(item.Modified):
			item.Why = fmt.Sprintf("every time from %s on is answered by later months", catalog.At(cutoff))
			s.months = append(s.months, item)
			gone(f.Month)
		default:
			going = false
		}
	}
	for month := range logs {
		if !known[month] && month < r.log.month {
			return s.damaged(month, "no later month names it")
		}
	}
	return nil
}

func (s *sweeping) damaged(month, reason string) error {
	key, err := s.writer.keys.Log(s.region.RegionID, month)
	return errors.Join(err, &DamagedError{Key: key, Reason: reason})
}
