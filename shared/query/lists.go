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
type lists struct {
	source Source
	redact []string
	flight singleflight.Group
	kept   *listCache

	mu       sync.Mutex
	redacted map[int32]*catalog.Image // what is left, by the Number of the whole
	left     catalog.Interner         // of what is left
	indexes  map[string]*readIndex    // by region: the index that was read last
}

// readIndex is the index of a region that was read last.
type readIndex struct {
	*archive.Index
	upTo int64 // the commit that the head named when the index was asked for
}

// firstSeen says when an image was first seen in any scope of a region; ok is
// false if only the history can tell.
func (l *lists) firstSeen(region, id string) (at catalog.Time, ok bool) {
	l.mu.Lock()
	index := l.indexes[region]
	l.mu.Unlock()
	if index == nil {
		return at, false
	}
	return index.FirstSeenOf(id)
}

// get returns the images of a scope.
func (l *lists) get(ctx context.Context, region string, s archive.ScopeState) (imageList, error) {
	if list, ok := l.kept.get(s.Digest); ok {
		return list, nil
	}
	done := l.flight.DoChan(s.Digest, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		snapshot, err := l.source.Snapshot(ctx, s.Scope(region), s.Digest)
		if err != nil {
			return nil, wrapStore(region, err)
		}
		list := whole(l.withhold(snapshot.Images))
		l.kept.put(s.Digest, list)
		return list, nil
	})
	select {
	case <-ctx.Done():
		return imageList{}, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return imageList{}, result.Err
		}
		return result.Val.(imageList), nil
	}
}

// all returns the lists of several scopes, in their order. catalogue is the
// commit up to which the region's catalogue goes; 0: not known.
func (l *lists) all(ctx context.Context, region string, scopes []archive.ScopeState, catalogue int64) ([]imageList, error) {
	if err := l.prepare(ctx, region, scopes, catalogue); err != nil {
		return nil, err
	}
	found := make([]imageList, len(scopes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, s := range scopes {
		if list, ok := l.kept.get(s.Digest); ok {
			found[i] = list
			continue
		}
		group.Go(func() error {
			list, err := l.get(ctx, region, s)
			found[i] = list
			return err
		})
	}
	return found, group.Wait()
}

// imageIDs returns the ids of the images of several scopes, each once.
func (l *lists) imageIDs(ctx context.Context, region string, scopes []archive.ScopeState) ([][]string, error) {
	found, err := l.all(ctx, region, scopes, 0)
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
func (l *lists) prepare(ctx context.Context, region string, scopes []archive.ScopeState, upTo int64) error {
	missing := 0
	for _, s := range scopes {
		if _, ok := l.kept.get(s.Digest); !ok {
			missing++
		}
	}
	if missing <= fewReads {
		return nil
	}
	return l.stocked(ctx, region, upTo)
}

// stocked reads the catalogue of a region, up to a commit, unless it has been.
func (l *lists) stocked(ctx context.Context, region string, upTo int64) error {
	l.mu.Lock()
	f := l.indexes[region]
	l.mu.Unlock()
	if f != nil && f.upTo >= upTo {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case result := <-l.stocking(ctx, region, upTo):
		return result.Err
	}
}

// foresee begins to read the catalogue of a region; prepare waits for it.
func (l *lists) foresee(ctx context.Context, region string) { l.stocking(ctx, region, 0) }

func (l *lists) stocking(ctx context.Context, region string, upTo int64) <-chan singleflight.Result {
	return l.flight.DoChan("catalogue "+region, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		return nil, l.stock(ctx, region, upTo)
	})
}

// stock reads the catalogue of a region.
func (l *lists) stock(ctx context.Context, region string, upTo int64) error {
	c, err := l.source.Index(ctx, region)
	var damaged *archive.DamagedError
	switch {
	case errors.As(err, &damaged): // the snapshots say the same
		c = &archive.Index{}
	case err != nil:
		return wrapStore(region, err)
	}
	shared := &pool{images: c.Images}
	for digest, places := range c.Lists {
		switch _, ok := l.kept.get(digest); {
		case ok:
		case len(l.redact) == 0 && len(places) > 0:
			l.kept.put(digest, imageList{shared, places})
		default: // what is left of images that differ may be the same
			images, _ := c.List(digest)
			l.kept.put(digest, whole(l.withhold(images)))
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
func (l *lists) withhold(images []*catalog.Image) []*catalog.Image {
	if len(l.redact) == 0 {
		return images
	}
	out := make([]*catalog.Image, 0, len(images))
	for _, im := range images {
		out = append(out, l.without(im))
	}
	return catalog.Normalise(out)
}

func (l *lists) without(im *catalog.Image) *catalog.Image {
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
		if slices.ContainsFunc(l.redact, func(r string) bool { return strings.EqualFold(r, name) }) {
			delete(object, name)
		}
	}
	data, err := catalog.MarshalLine(object)
	if err != nil {
		panic("query: encoding what was decoded: " + err.Error())
	}
	left, err := l.left.Proved([][]byte{data[:len(data)-1]})
	if err != nil {
		panic("query: an image without a field is no image: " + err.Error())
	}
	if l.redacted == nil || len(l.redacted) > maxRedacted {
		l.redacted = map[int32]*catalog.Image{}
	}
	l.redacted[im.Number] = left[0]
	return left[0]
}

// maxRedacted bounds the table of redacted images.
const maxRedacted = 100_000
