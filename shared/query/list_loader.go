package query

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

const (
	// maxReads bounds the snapshots that are read at once for one answer.
	maxReads = 32
	// fewReads are snapshots that are read one by one although the catalogue
	// may have them.
	fewReads = 4
)

// lists keeps image lists by digest. A digest proves its content, so a list
// never grows old, and scopes with equal answers share one.
type listLoader struct {
	source         Source
	redactedFields []string
	flight         singleflight.Group
	cache          *listCache

	mu       sync.Mutex
	redacted map[int32]*catalog.Image // what is left, by the Number of the whole
	interner catalog.Interner         // of what is left
	indexes  map[string]*readIndex    // by region: the index that was read last
}

// readIndex is the index of a region that was read last.
type readIndex struct {
	*archive.Index
	upTo int64 // the commit that the head named when the index was asked for
}

// firstSeen says when an image was first seen in any scope of a region; ok is
// false if only the history can tell.
func (l *listLoader) firstSeen(region, id string) (at catalog.Time, ok bool) {
	l.mu.Lock()
	index := l.indexes[region]
	l.mu.Unlock()
	if index == nil {
		return at, false
	}
	return index.FirstSeenOf(id)
}

// load returns the images of a scope.
func (l *listLoader) load(ctx context.Context, region string, s archive.ScopeState) (imageList, error) {
	if list, ok := l.cache.get(s.Digest); ok {
		return list, nil
	}
	done := l.flight.DoChan(s.Digest, func() (any, error) {
		ctx, cancel := withReadDeadline(context.WithoutCancel(ctx))
		defer cancel()
		snapshot, err := l.source.Snapshot(ctx, s.Scope(region), s.Digest)
		if err != nil {
			return nil, wrapStoreError(region, err)
		}
		list := newImageList(l.redactImages(snapshot.Images))
		l.cache.put(s.Digest, list)
		return list, nil
	})
	select {
	case <-ctx.Done():
		return imageList{}, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return imageList{}, result.Err
		}
		extendReadBudget(ctx)
		return result.Val.(imageList), nil
	}
}

// all returns the lists of several scopes, in their order. catalogue is the
// commit up to which the region's catalogue goes; 0: not known.
func (l *listLoader) loadAll(ctx context.Context, region string, scopes []archive.ScopeState, catalogue int64) ([]imageList, error) {
	if err := l.prepareLists(ctx, region, scopes, catalogue); err != nil {
		return nil, err
	}
	found := make([]imageList, len(scopes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, s := range scopes {
		if list, ok := l.cache.get(s.Digest); ok {
			found[i] = list
			continue
		}
		group.Go(func() error {
			list, err := l.load(ctx, region, s)
			found[i] = list
			return err
		})
	}
	return found, group.Wait()
}

// imageIDs returns the ids of the images of several scopes, each once.
func (l *listLoader) imageIDs(ctx context.Context, region string, scopes []archive.ScopeState) ([][]string, error) {
	found, err := l.loadAll(ctx, region, scopes, 0)
	if err != nil {
		return nil, err
	}
	ids := make([][]string, len(found))
	for i, list := range found {
		for j := range list.len() {
			ids[i] = append(ids[i], list.at(j).ImageID)
		}
		ids[i] = slices.Compact(ids[i])
	}
	return ids, nil
}

// prepare takes the lists of scopes from the catalogue if many are not at hand
// and it has not been read since it was written. Whatever it lacks is left to
// the snapshots.
func (l *listLoader) prepareLists(ctx context.Context, region string, scopes []archive.ScopeState, upTo int64) error {
	missing := 0
	for _, s := range scopes {
		if _, ok := l.cache.get(s.Digest); !ok {
			missing++
		}
	}
	if missing <= fewReads {
		return nil
	}
	return l.ensureIndex(ctx, region, upTo)
}

// stocked reads the catalogue of a region, up to a commit, unless it has been.
func (l *listLoader) ensureIndex(ctx context.Context, region string, upTo int64) error {
	l.mu.Lock()
	f := l.indexes[region]
	l.mu.Unlock()
	if f != nil && f.upTo >= upTo {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case result := <-l.startIndexRead(ctx, region, upTo):
		return result.Err
	}
}

// prefetchIndex begins to read the catalogue of a region; prepare waits for it.
func (l *listLoader) prefetchIndex(ctx context.Context, region string) {
	l.startIndexRead(ctx, region, 0)
}

func (l *listLoader) startIndexRead(ctx context.Context, region string, upTo int64) <-chan singleflight.Result {
	return l.flight.DoChan("catalogue "+region, func() (any, error) {
		ctx, cancel := withReadDeadline(context.WithoutCancel(ctx))
		defer cancel()
		return nil, l.readIndex(ctx, region, upTo)
	})
}

// stock reads the catalogue of a region.
func (l *listLoader) readIndex(ctx context.Context, region string, upTo int64) error {
	c, err := l.source.Index(ctx, region)
	var damaged *archive.DamagedError
	switch {
	case errors.As(err, &damaged): // the snapshots say the same
		c = &archive.Index{}
	case err != nil:
		return wrapStoreError(region, err)
	}
	shared := &imagePool{images: c.Images}
	for digest, places := range c.Lists {
		switch _, ok := l.cache.get(digest); {
		case ok:
		case len(l.redactedFields) == 0 && len(places) > 0:
			l.cache.put(digest, imageList{shared, places})
		default: // what is left of images that differ may be the same
			images, _ := c.List(digest)
			l.cache.put(digest, newImageList(l.redactImages(images)))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.indexes == nil {
		l.indexes = map[string]*readIndex{}
	}
	l.indexes[region] = &readIndex{c, max(upTo, c.Sequence)}
	return nil
}

// withhold removes the redacted fields.
func (l *listLoader) redactImages(images []*catalog.Image) []*catalog.Image {
	if len(l.redactedFields) == 0 {
		return images
	}
	out := make([]*catalog.Image, 0, len(images))
	for _, im := range images {
		out = append(out, l.redactImage(im))
	}
	return catalog.Normalise(out)
}

func (l *listLoader) redactImage(im *catalog.Image) *catalog.Image {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.redacted[im.Number]; known != nil {
		return known
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(im.Raw), &object) != nil {
		panic("query: an image is not a JSON object")
	}
	for name := range object {
		if slices.ContainsFunc(l.redactedFields, func(r string) bool { return strings.EqualFold(r, name) }) {
			delete(object, name)
		}
	}
	data, err := catalog.MarshalLine(object)
	if err != nil {
		panic("query: encoding what was decoded: " + err.Error())
	}
	left, err := l.interner.Proved([][]byte{data[:len(data)-1]})
	if err != nil {
		panic("query: an image without a field is no image: " + err.Error())
	}
	if l.redacted == nil || len(l.redacted) > maxRedactedImages {
		l.redacted = map[int32]*catalog.Image{}
	}
	l.redacted[im.Number] = left[0]
	return left[0]
}

// maxRedacted bounds the table of redacted images.
const maxRedactedImages = 100_000
