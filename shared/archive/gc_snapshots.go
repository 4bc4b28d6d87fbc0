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
)

// chooseSnapshots finds the objects that nothing refers to.
func (s *sweeping) chooseSnapshots(ctx context.Context, stored map[string]Item) error {
	strike := func(key string) { delete(stored, key) }
	last := int64(0)
	for l, err := range s.writer.Lines(ctx, s.region, 0) {
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

// removeSnapshots removes in batches. Right before each the log and the head
// are read again, and right after it once more: a run that began to refer to
// an object between the two gets it back.
func (s *sweeping) removeSnapshots(ctx context.Context) error {
	wanted := map[string]bool{}
	for batch := range slices.Chunk(s.snapshots, sweepBatch) {
		if err := s.refresh(ctx, wanted); err != nil {
			return err
		}
		batch = slices.DeleteFunc(slices.Clone(batch), func(item Item) bool { return wanted[item.Key] })
		taken, err := s.remove(ctx, batch)
		if err := errors.Join(err, s.restore(ctx, taken, wanted)); err != nil {
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
		for l, err := range s.writer.Lines(ctx, now, s.region.Sequence+1) {
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

// remove removes a batch and returns what may be gone now, with its bytes.
func (s *sweeping) remove(ctx context.Context, batch []Item) (map[string][]byte, error) {
	var mu sync.Mutex
	taken := map[string][]byte{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxPuts)
	for _, item := range batch {
		group.Go(func() error {
			data, err := s.take(ctx, item.Key)
			if data == nil && err == nil {
				return nil // it has been written anew
			}
			mu.Lock()
			defer mu.Unlock()
			if data != nil {
				taken[item.Key] = data
			}
			if err == nil {
				s.removed(item)
			}
			return err
		})
	}
	return taken, group.Wait()
}

// take removes one object that is still old and returns its bytes; with an
// error and bytes it is not known whether the object is gone.
func (s *sweeping) take(ctx context.Context, key string) ([]byte, error) {
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
	if err := s.bucket.Delete(ctx, key); err != nil {
		return data, fmt.Errorf("removing snapshot %q: %w", key, err)
	}
	return data, nil
}

// restore puts back what is wanted after all, even if ctx has ended.
func (s *sweeping) restore(ctx context.Context, taken map[string][]byte, wanted map[string]bool) error {
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
		s.sweep.Removed--
		s.sweep.Bytes -= int64(len(data))
	}
	return nil
}
