package imageset

import (
	"context"

	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// OfferedImages knows which images a selection offers in a state. It reads their lists
// when it is asked for the first time.
type OfferedImages struct {
	Sets      *Cache
	State     *state.RegionState
	Selection request.Selection

	isLoaded bool
	set      *Set  // nil: nothing is offered
	Err      error // of loading; has is false then
}

// Has reports whether a scope of the selection offers an image.
func (o *OfferedImages) Has(ctx context.Context, imageID string) bool {
	if !o.isLoaded {
		o.isLoaded = true
		o.set, o.Err = o.load(ctx)
	}
	if o.set == nil {
		return false
	}
	from, to := o.set.FindImage(imageID)
	return from < to
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
