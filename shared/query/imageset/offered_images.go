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
	once       sync.Once // guards the following
	set        *Set      // nil: nothing is offered
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
	if o.Err = o.loadErr; o.set == nil {
		return false
	}
	from, to := o.set.FindImage(imageID)
	return from < to
}

// ensureLoaded loads the images, or waits until another call has done so.
func (o *OfferedImages) ensureLoaded(ctx context.Context) {
	o.once.Do(func() { o.set, o.loadErr = o.load(ctx) })
}

// load returns the images of the selection, or nil if no scope of it has any.
func (o *OfferedImages) load(ctx context.Context) (*Set, error) {
	scopes := o.State.MatchingScopes(o.Selection)
	// If nothing matches, these are all scopes.
	if len(scopes.Scopes) == 0 ||
		!o.Selection.Includes(scopes.Scopes[0].ClusterID, scopes.Scopes[0].InstanceType) {
		return nil, nil
	}
	return o.Sets.Load(ctx, scopes)
}
