package query

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// maxReads bounds the snapshots that are read at once for one answer.
const maxReads = 32

// lists keeps image lists by digest. A digest proves its content, so a list
// never grows old, and scopes with equal answers share one.
type lists struct {
	source Source
	redact []string
	flight singleflight.Group
	kept   *listCache

	mu       sync.Mutex
	redacted map[string]*catalog.Image // what is left, by the bytes of the whole
}

// get returns the images of a scope.
func (l *lists) get(ctx context.Context, region string, s archive.ScopeState) ([]*catalog.Image, error) {
	if images, ok := l.kept.get(s.Digest); ok {
		return images, nil
	}
	done := l.flight.DoChan(s.Digest, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
		defer cancel()
		snapshot, err := l.source.Snapshot(ctx, s.Scope(region), s.Digest)
		if err != nil {
			return nil, wrapStore(region, err)
		}
		images := l.withhold(snapshot.Images)
		l.kept.put(s.Digest, images)
		return images, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.([]*catalog.Image), nil
	}
}

// all returns the lists of several scopes, in their order.
func (l *lists) all(ctx context.Context, region string, scopes []archive.ScopeState) ([][]*catalog.Image, error) {
	found := make([][]*catalog.Image, len(scopes))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, s := range scopes {
		if images, ok := l.kept.get(s.Digest); ok {
			found[i] = images
			continue
		}
		group.Go(func() error {
			images, err := l.get(ctx, region, s)
			found[i] = images
			return err
		})
	}
	return found, group.Wait()
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
	if known := l.redacted[im.Raw]; known != nil {
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
	left, err := catalog.ParseImage(data)
	if err != nil {
		panic("query: an image without a field is no image: " + err.Error())
	}
	if l.redacted == nil || len(l.redacted) > maxRedacted {
		l.redacted = map[string]*catalog.Image{}
	}
	l.redacted[im.Raw] = left
	return left
}

// maxRedacted bounds the table of redacted images.
const maxRedacted = 100_000
