package imageset

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/budget"
	"community-images/shared/query/lru"
	"community-images/shared/query/source"
	"community-images/shared/query/state"
)

const (
	// maxListBytes bounds the image lists in memory, approximately.
	maxListBytes = 96 << 20
	// maxReads bounds the snapshots that are read at once for one answer.
	maxReads = 32
	// maxSingleReads is up to how many missing lists are read from their
	// snapshots rather than from the index.
	maxSingleReads = 4
	// listOverhead estimates the memory of a cached list beside its images, in
	// bytes.
	listOverhead = 256
)

// listLoader loads image lists and keeps them by digest. A digest proves its
// content, so a list never grows stale, and scopes with equal answers share
// one. It is safe for concurrent use.
type listLoader struct {
	source source.Archive
	// redactor takes the redacted fields out before a list is cached.
	redactor redactor
	// flight has the reads that are under way: snapshots by digest, indexes by
	// region. Lookups that need the same object share one read.
	flight singleflight.Group
	// cache has lists by digest, without the redacted fields. Costs are bytes.
	cache *lru.Cache[string, List]

	mu      sync.Mutex
	indexes map[string]*regionIndex // the last that was read, by region; guarded by mu
	ids     map[string]describedIDs // those that were read last, by region; guarded by mu
}

// NewListLoader returns a loader whose lists are without the redacted fields.
func NewListLoader(source source.Archive, redactedFields []string) *listLoader {
	return &listLoader{
		source: source, redactor: redactor{fields: redactedFields}, cache: lru.New[string, List](maxListBytes),
		indexes: map[string]*regionIndex{}, ids: map[string]describedIDs{},
	}
}

// DatesOf returns the dates of an image in any scope of a region. It reads the index if
// one that goes up to the commit is not in memory. ok is false if the index does not
// know the image: it can lag behind the log, be damaged or be lost.
func (l *listLoader) DatesOf(
	ctx context.Context, region string, upTo int64, imageID string,
) (dates format.ImageDates, ok bool, err error) {
	if err := l.ensureIndex(ctx, region, upTo); err != nil {
		return dates, false, err
	}
	dates, ok = l.lastIndex(region).DatesOf(imageID)
	return dates, ok, nil
}

// LoadDates returns the dates of all images of a region. It reads the index as DatesOf
// does.
func (l *listLoader) LoadDates(ctx context.Context, region string, upTo int64) (*state.IndexDates, error) {
	if err := l.ensureIndex(ctx, region, upTo); err != nil {
		return nil, err
	}
	return l.lastIndex(region).dates, nil
}

// lastIndex returns the index of a region that was read last, or nil.
func (l *listLoader) lastIndex(region string) *regionIndex {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.indexes[region]
}

// LoadList returns the images of a scope, from memory or from its snapshot. The
// index counts as memory once it was read.
func (l *listLoader) LoadList(ctx context.Context, region string, scope format.ScopeState) (List, error) {
	if list, ok := l.cache.Get(scope.Digest); ok {
		return list, nil
	}
	if index := l.lastIndex(region); index.hasList(scope.Digest) {
		images, _ := index.List(scope.Digest)
		return l.cacheRedacted(scope.Digest, images), nil
	}
	done := l.flight.DoChan(scope.Digest, func() (any, error) {
		// Other lookups may wait for this read, so it outlives its own lookup.
		ctx, cancel := budget.WithDeadline(context.WithoutCancel(ctx))
		defer cancel()
		snapshot, err := l.source.Snapshot(ctx, scope.Scope(region), scope.Digest)
		if err != nil {
			return nil, source.WrapError(region, err)
		}
		return l.cacheRedacted(scope.Digest, snapshot.Images), nil
	})
	select {
	case <-ctx.Done():
		return List{}, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return List{}, result.Err
		}
		budget.Extend(ctx)
		return result.Val.(List), nil
	}
}

// cacheRedacted redacts images and caches them as a list of its own.
func (l *listLoader) cacheRedacted(digest string, images []*catalog.Image) List {
	images = l.redactor.redactImages(images)
	list := newList(images)
	l.cache.Put(digest, list, listOverhead+imageBytes(images))
	return list
}

// LoadLists returns the images of several scopes, in the order of the scopes.
// indexSequence is the commit that the region's index goes up to; 0: not known.
func (l *listLoader) LoadLists(
	ctx context.Context, region string, scopes []format.ScopeState, indexSequence int64,
) ([]List, error) {
	index, err := l.indexFor(ctx, region, scopes, indexSequence)
	if err != nil {
		return nil, err
	}
	lists := make([]List, len(scopes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, s := range scopes {
		if list, ok := l.cache.Get(s.Digest); ok {
			lists[i] = list
			continue
		}
		if len(scopes) > maxSingleReads && index.hasList(s.Digest) {
			lists[i] = l.cacheIndexed(index, s.Digest)
			continue
		}
		// The index lacks it, or was not worth reading.
		group.Go(func() error {
			list, err := l.LoadList(ctx, region, s)
			lists[i] = list
			return err
		})
	}
	return lists, group.Wait()
}

// indexFor returns the index of a region that was read last, or nil. It reads the index
// first if many lists of scopes are not in memory: one index costs less than many
// snapshots.
func (l *listLoader) indexFor(
	ctx context.Context, region string, scopes []format.ScopeState, indexSequence int64,
) (*regionIndex, error) {
	index := l.lastIndex(region)
	if l.countMissing(index, scopes) <= maxSingleReads {
		return index, nil
	}
	if err := l.ensureIndex(ctx, region, indexSequence); err != nil {
		return nil, err
	}
	return l.lastIndex(region), nil
}

// countMissing returns how many lists of scopes neither an index, which can be nil, nor the
// cache has.
func (l *listLoader) countMissing(index *regionIndex, scopes []format.ScopeState) (missing int) {
	for _, s := range scopes {
		if _, ok := l.cache.Get(s.Digest); !ok && !index.hasList(s.Digest) {
			missing++
		}
	}
	return missing
}

// cacheIndexed returns a list of an index, and caches it. It shares the images of all lists
// of the index.
func (l *listLoader) cacheIndexed(index *regionIndex, digest string) List {
	images, places := index.Images(), index.Lists[digest]
	if len(l.redactor.fields) > 0 || len(places) == 0 {
		// Images that differ can become equal when fields are removed, so places would not
		// do. Nor would they for an empty list: nil places mean all images.
		images, _ = index.List(digest)
		return l.cacheRedacted(digest, images)
	}
	list := List{images, places}
	l.cache.Put(digest, list, listOverhead+4*len(places)+index.share)
	return list
}

// ensureIndex reads the index of a region, unless one that goes up to the
// commit was read before.
func (l *listLoader) ensureIndex(ctx context.Context, region string, upTo int64) error {
	if index := l.lastIndex(region); index != nil && index.upTo >= upTo {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case result := <-l.startIndexRead(ctx, region, upTo):
		return result.Err
	}
}

// PrefetchIndex begins to read the index of a region. LoadLists waits for that
// read if it needs the index.
func (l *listLoader) PrefetchIndex(ctx context.Context, region string) {
	l.startIndexRead(ctx, region, 0)
}

// startIndexRead begins to read the index of a region, or joins the read that
// is under way.
func (l *listLoader) startIndexRead(ctx context.Context, region string, upTo int64) <-chan singleflight.Result {
	return l.flight.DoChan("index "+region, func() (any, error) {
		ctx, cancel := budget.WithDeadline(context.WithoutCancel(ctx))
		defer cancel()
		return nil, l.readIndex(ctx, region, upTo)
	})
}

// readIndex reads the index of a region. A damaged index counts as empty: the snapshots
// say the same.
func (l *listLoader) readIndex(ctx context.Context, region string, upTo int64) error {
	index, err := l.source.Index(ctx, region)
	var damaged *format.DamagedError
	switch {
	case errors.As(err, &damaged):
		index = &format.Index{}
	case err != nil:
		return source.WrapError(region, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.indexes[region] = newRegionIndex(index, upTo)
	return nil
}
