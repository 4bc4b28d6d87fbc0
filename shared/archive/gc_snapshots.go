package archive

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

	"community-images/shared/catalog"
)

const (
	sweepBatch = 128 // snapshots removed between two looks at log and head
	restoring  = 5 * time.Second
	promptly   = 5 * time.Second // from a look at log and head to the last removal that goes by it
)

// chooseSnapshots finds the objects that nothing refers to.
func (s *sweeping) chooseSnapshots(ctx context.Context, stored map[string]Item) error {
	strike := func(key string) { delete(stored, key) }
	last := int64(0)
	for l, err := range s.writer.Commits(ctx, s.region, 0) {
		if err != nil {
			return err
		}
		l.eachReference(s.keyed(strike))
		last = l.Sequence
	}
	if last != s.region.Sequence {
		return s.damaged(s.region.log.month, fmt.Sprintf("it ends with commit %d, the head with %d", last, s.region.Sequence))
	}
	s.region.eachReference(s.keyed(strike))
	for _, item := range stored {
		switch {
		case !s.old(item.Modified) || !s.removedAt.IsZero() && !s.old(s.removedAt.Time):
			s.sweep.Waiting++
		default:
			item.Why = "nothing refers to it"
			s.snapshots = append(s.snapshots, item)
		}
	}
	slices.SortFunc(s.snapshots, func(a, b Item) int { return strings.Compare(a.Key, b.Key) })
	return nil
}

// keyed turns references into keys.
func (s *sweeping) keyed(each func(key string)) func(ScopeRef, string) {
	return func(ref ScopeRef, digest string) {
		scope := catalog.Scope{RegionID: s.region.RegionID, ClusterID: ref.ClusterID, InstanceType: ref.InstanceType}
		if key, err := s.writer.keys.Snapshot(scope, digest); err == nil {
			each(key)
		}
	}
}

// removeSnapshots removes in batches: each is dated, then the log and the head
// are read again, then what is still old and unwanted goes, at once, and then
// they are read once more: a run that began to refer to an object between the
// two gets it back.
//
// A run writes what it relies on anew, commits, and looks at it again at its
// end. If it wrote before the dating, the object is young; if it committed
// before the reading, the object is wanted; if it looked after the removal, it
// has put the object back itself. Only a run that commits and looks after the
// reading and before the removal depends on the second reading, and so an
// object can be lost only if a sweep stands still for that long just there,
// shorter than promptly, and dies right after.
func (s *sweeping) removeSnapshots(ctx context.Context) error {
	wanted := map[string]bool{}
	for batch := range slices.Chunk(s.snapshots, sweepBatch) {
		old, err := s.open(ctx, batch)
		if err != nil {
			return err
		}
		began := time.Now()
		if err := s.refresh(ctx, wanted); err != nil {
			return err
		}
		for key := range wanted {
			delete(old, key)
		}
		prompt, cancel := context.WithDeadline(ctx, began.Add(promptly))
		removed, err := s.remove(prompt, batch, old)
		cancel()
		if err := errors.Join(err, s.restore(ctx, old, removed, wanted)); err != nil {
			return err
		}
	}
	return nil
}

// refresh reads what has been published and adds what it refers to.
func (s *sweeping) refresh(ctx context.Context, wanted map[string]bool) error {
	want := s.keyed(func(key string) { wanted[key] = true })
	now, err := s.state(ctx, s.region.RegionID)
	if err == nil && (now == nil || now.Sequence < s.region.Sequence) {
		err = s.damaged(s.region.log.month, "it has become shorter")
	}
	if err != nil {
		return err
	}
	if now.Sequence > s.region.Sequence {
		for l, err := range s.writer.Commits(ctx, now, s.region.Sequence+1) {
			if err != nil {
				return err
			}
			l.eachReference(want)
		}
	}
	now.eachReference(want)
	s.region = now
	return nil
}

// open reads the objects of a batch that have not been written anew.
func (s *sweeping) open(ctx context.Context, batch []Item) (map[string][]byte, error) {
	var mu sync.Mutex
	old := map[string][]byte{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxPuts)
	for _, item := range batch {
		group.Go(func() error {
			data, err := s.openOld(ctx, item.Key)
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

// openOld reads one object; nil if it is gone, or no longer old.
func (s *sweeping) openOld(ctx context.Context, key string) ([]byte, error) {
	data, _, err := s.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading snapshot %q: %w", key, err)
	}
	old := false
	err = s.bucket.Entries(ctx, key, func(k string, _ int64, modified time.Time) {
		old = old || k == key && s.old(modified)
	})
	if err != nil {
		return nil, fmt.Errorf("dating snapshot %q: %w", key, err)
	}
	if !old {
		return nil, nil
	}
	return data, nil
}

// remove removes the objects of a batch that are in old, and returns which are
// gone for sure.
func (s *sweeping) remove(ctx context.Context, batch []Item, old map[string][]byte) (map[string]bool, error) {
	var mu sync.Mutex
	removed := map[string]bool{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxPuts)
	for _, item := range batch {
		if old[item.Key] == nil {
			continue
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.bucket.Delete(ctx, item.Key); err != nil {
				return fmt.Errorf("removing snapshot %q: %w", item.Key, err)
			}
			mu.Lock()
			defer mu.Unlock()
			removed[item.Key] = true
			s.removed(item)
			return nil
		})
	}
	return removed, group.Wait()
}

// restore puts back what is wanted after all, even if ctx has ended.
func (s *sweeping) restore(ctx context.Context, taken map[string][]byte, removed, wanted map[string]bool) error {
	if len(taken) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoring)
	defer cancel()
	if err := s.refresh(ctx, wanted); err != nil {
		return err
	}
	for key, data := range taken {
		if !wanted[key] {
			continue
		}
		if err := s.bucket.Create(ctx, key, data); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("storing snapshot %q again: %w", key, err)
		}
		if removed[key] {
			s.sweep.Removed--
			s.sweep.Bytes -= int64(len(data))
		}
	}
	return nil
}
