package imageset

import (
	"context"
	"sync"

	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// OfferedImages knows which images a selection offers in a state. It reads their lists
// when it is asked for the first time, or told to begin before.
type OfferedImages struct {
	Sets      *Cache
	State     *state.RegionState
	Selection request.Selection
	Err       error // of loading; Has returns false then

	prefetched bool
	once       sync.Once                 // guards the following
	has        func(imageID string) bool // nil: nothing is offered
	loadErr    error
}

// Prefetch begins to read the lists in the background. It must not be called beside Has.
func (o *OfferedImages) Prefetch(ctx context.Context) {
	if !o.prefetched {
		o.prefetched = true
		go o.ensureLoaded(ctx)
	}
}

// Has reports whether a scope of the selection offers an image.
func (o *OfferedImages) Has(ctx context.Context, imageID string) bool {
	o.ensureLoaded(ctx)
	o.Err = o.loadErr
	return o.has != nil && o.has(imageID)
}

// ensureLoaded loads the images, or waits until another call has done so.
func (o *OfferedImages) ensureLoaded(ctx context.Context) {
	o.once.Do(func() { o.has, o.loadErr = o.load(ctx) })
}

// load returns whether the selection offers an image, or nil if no scope of it has any.
// The ids are enough, if the index has those of all scopes, or all their lists.
func (o *OfferedImages) load(ctx context.Context) (has func(imageID string) bool, err error) {
	scopes := o.State.MatchingScopes(o.Selection)
	// If nothing matches, these are all scopes.
	if len(scopes.Scopes) == 0 ||
		!o.Selection.Includes(scopes.Scopes[0].ClusterID, scopes.Scopes[0].InstanceType) {
		return nil, nil
	}
	if has, err = o.Sets.Lists.LoadOffered(ctx, scopes); has != nil || err != nil {
		return has, err
	}
	set, err := o.Sets.Load(ctx, scopes)
	if err != nil {
		return nil, err
	}
	return func(imageID string) bool {
		from, to := set.FindImage(imageID)
		return from < to
	}, nil
}
