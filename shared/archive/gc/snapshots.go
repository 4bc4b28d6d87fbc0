package gc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

const (
	// sweepBatch is how many snapshots are removed between two reads of log and head.
	sweepBatch = 128
	// restoreTime is for putting objects back, even if ctx has ended.
	restoreTime = 5 * time.Second
	// maxParallel is how many objects are read or removed at a time.
	maxParallel = 16
	// removeTime is from a read of log and head to the last removal that relies on it.
	removeTime = 5 * time.Second
)

// planSnapshots finds the snapshots to which nothing refers. It removes the others
// from stored.
func (p *collectionPass) planSnapshots(ctx context.Context, stored map[string]Item) error {
	// All kept commits count, not only the present state: each of them must stay
	// answerable.
	unmark := p.visitKeys(func(key string) { delete(stored, key) })
	last := int64(0)
	for c, err := range p.writer.Commits(ctx, p.region, 0) {
		if err != nil {
			return err
		}
		c.VisitReferences(unmark)
		last = c.Sequence
	}
	// Without the newest commits the sweep would remove what they refer to.
	if last != p.region.Sequence {
		reason := fmt.Sprintf("it ends with commit %d, the head with %d", last, p.region.Sequence)
		return p.damagedLog(p.region.LogMonth(), reason)
	}
	p.region.VisitReferences(unmark)
	// A run may be about to refer to a young object. A reader may still use what a removed
	// month referred to.
	for _, item := range stored {
		if !p.isOld(item.Modified) || !p.removedAt.IsZero() && !p.isOld(p.removedAt.Time) {
			p.sweep.Waiting++
			continue
		}
		item.Why = "nothing refers to it"
		p.snapshots = append(p.snapshots, item)
	}
	slices.SortFunc(p.snapshots, func(a, b Item) int { return strings.Compare(a.Key, b.Key) })
	return nil
}

// visitKeys returns a visitor of references that calls visit with their keys.
func (p *collectionPass) visitKeys(visit func(key string)) func(format.ScopeRef, string) {
	return func(ref format.ScopeRef, digest string) {
		scope := catalog.Scope{RegionID: p.region.RegionID, ClusterID: ref.ClusterID, InstanceType: ref.InstanceType}
		if key, err := p.keys.Snapshot(scope, digest); err == nil {
			visit(key)
		}
	}
}

// removeSnapshots removes the planned snapshots in batches. For each batch it reads
// the objects' ages, then the log and the head again, then removes at once what is
// still old and unreferenced, then reads log and head once more: if a run began to
// refer to an object in between, the object is put back.
//
// A run writes the objects that it refers to again, commits, and verifies at its
// end that they are there. If it wrote before their ages were read, the object is
// young. If it committed before log and head were read, the object is referenced. If
// it verified after the removal, it has put the object back itself. Only a run that
// commits and verifies between the first read and the removal depends on the second
// read. So an object can be lost only if a sweep stands still just there, for that
// long but less than removeTime, and dies right after.
func (p *collectionPass) removeSnapshots(ctx context.Context) error {
	wanted := map[string]bool{} // keys to which the log beyond the plan, or the head, refers
	for batch := range slices.Chunk(p.snapshots, sweepBatch) {
		old, err := p.loadOldObjects(ctx, batch)
		if err != nil {
			return err
		}
		began := time.Now()
		if err := p.reloadWanted(ctx, wanted); err != nil {
			return err
		}
		// wanted only grows: what was referenced once in this sweep stays.
		for key := range wanted {
			delete(old, key)
		}
		removing, cancel := context.WithDeadline(ctx, began.Add(removeTime))
		removed, err := p.removeBatch(removing, batch, old)
		cancel()
		if err := errors.Join(err, p.restoreWanted(ctx, old, removed, wanted)); err != nil {
			return err
		}
	}
	return nil
}

// reloadWanted reads what has been published since p.region, updates it, and adds
// the keys to which that refers.
func (p *collectionPass) reloadWanted(ctx context.Context, wanted map[string]bool) error {
	mark := p.visitKeys(func(key string) { wanted[key] = true })
	now, err := p.writer.NowByHead(ctx, p.region.RegionID)
	if err == nil && (now == nil || now.Sequence < p.region.Sequence) {
		err = p.damagedLog(p.region.LogMonth(), "it has become shorter")
	}
	if err != nil {
		return err
	}
	if now.Sequence > p.region.Sequence {
		for c, err := range p.writer.Commits(ctx, now, p.region.Sequence+1) {
			if err != nil {
				return err
			}
			c.VisitReferences(mark)
		}
	}
	now.VisitReferences(mark)
	p.region = now
	return nil
}

// loadOldObjects reads the objects of a batch that are still old, by key.
func (p *collectionPass) loadOldObjects(ctx context.Context, batch []Item) (map[string][]byte, error) {
	var mu sync.Mutex
	old := map[string][]byte{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for _, item := range batch {
		group.Go(func() error {
			data, err := p.loadIfOld(ctx, item.Key)
			if data == nil || err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			old[item.Key] = data
			return nil
		})
	}
	return old, group.Wait()
}

// loadIfOld reads one object. It returns nil if the object is gone or no longer
// old.
func (p *collectionPass) loadIfOld(ctx context.Context, key string) ([]byte, error) {
	data, _, err := p.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading snapshot %q: %w", key, err)
	}
	old := false
	err = p.bucket.Entries(ctx, key, func(k string, _ int64, modified time.Time) {
		old = old || k == key && p.isOld(modified)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the age of snapshot %q: %w", key, err)
	}
	if !old {
		return nil, nil
	}
	return data, nil
}

// removeBatch removes the objects of a batch that are in old. It returns the keys
// that are gone for certain.
func (p *collectionPass) removeBatch(
	ctx context.Context, batch []Item, old map[string][]byte,
) (map[string]bool, error) {
	var mu sync.Mutex
	removed := map[string]bool{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for _, item := range batch {
		if old[item.Key] == nil {
			continue
		}
		// The deadline counts from the read of log and head; see removeSnapshots.
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.bucket.Delete(ctx, item.Key); err != nil {
				return fmt.Errorf("removing snapshot %q: %w", item.Key, err)
			}
			mu.Lock()
			defer mu.Unlock()
			removed[item.Key] = true
			p.countRemoved(item)
			return nil
		})
	}
	return removed, group.Wait()
}

// restoreWanted reads what has been published meanwhile, and puts back the objects
// of a batch to which that refers. It does so even if ctx has ended.
func (p *collectionPass) restoreWanted(
	ctx context.Context, old map[string][]byte, removed, wanted map[string]bool,
) error {
	if len(old) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreTime)
	defer cancel()
	if err := p.reloadWanted(ctx, wanted); err != nil {
		return err
	}
	for key, data := range old {
		if !wanted[key] {
			continue
		}
		if err := p.bucket.Create(ctx, key, data); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("storing snapshot %q again: %w", key, err)
		}
		if removed[key] {
			p.sweep.Removed--
			p.sweep.Bytes -= int64(len(data))
		}
	}
	return nil
}
