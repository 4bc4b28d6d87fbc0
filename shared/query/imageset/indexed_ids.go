package imageset

import (
	"context"
	"errors"

	"community-images/shared/archive/format"
	"community-images/shared/query/budget"
	"community-images/shared/query/source"
	"community-images/shared/query/state"
)

// describedIDs are the ids of an index that a head describes.
type describedIDs struct {
	images format.IndexImages
	ids    *format.IndexedIDs // nil: the index does not have them
}

// loadIndexedIDs returns the ids of the images of scopes that have Indexed, from memory or
// from the first line of the index. It returns nil if the index is missing, damaged, or that
// of another commit.
func (l *listLoader) loadIndexedIDs(ctx context.Context, scopes *state.ScopeSet) (*format.IndexedIDs, error) {
	r := scopes.Indexed
	l.mu.Lock()
	known := l.ids[r.RegionID]
	l.mu.Unlock()
	if known.images == r.IndexImages {
		return known.ids, nil
	}
	done := l.flight.DoChan("ids "+r.IndexImages.IDsDigest, func() (any, error) {
		// Other lookups may wait for this read, so it outlives its own lookup.
		ctx, cancel := budget.WithDeadline(context.WithoutCancel(ctx))
		defer cancel()
		ids, err := l.source.IndexedIDs(ctx, r)
		var damaged *format.DamagedError
		if err != nil && !errors.As(err, &damaged) {
			return nil, source.WrapError(r.RegionID, err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.ids[r.RegionID] = describedIDs{r.IndexImages, ids}
		return ids, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		ids, _ := result.Val.(*format.IndexedIDs)
		return ids, result.Err
	}
}
