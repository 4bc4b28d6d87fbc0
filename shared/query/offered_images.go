package query

import "context"

// offeredImages knows which images a selection offers in a state. It reads their lists
// when it is asked for the first time.
type offeredImages struct {
	sets      *imageSets
	state     *regionState
	selection selection

	isLoaded bool
	set      *imageSet // nil: nothing is offered
	err      error     // of loading; has is false then
}

// has reports whether a scope of the selection offers an image.
func (o *offeredImages) has(ctx context.Context, imageID string) bool {
	if !o.isLoaded {
		o.isLoaded = true
		o.set, o.err = o.load(ctx)
	}
	if o.set == nil {
		return false
	}
	from, to := o.set.findImage(imageID)
	return from < to
}

// load returns the images of the selection, or nil if no scope of it has any.
func (o *offeredImages) load(ctx context.Context) (*imageSet, error) {
	scopes := o.state.matchingScopes(o.selection)
	// If nothing matches, these are all scopes.
	if len(scopes.scopes) == 0 ||
		!o.selection.includes(scopes.scopes[0].ClusterID, scopes.scopes[0].InstanceType) {
		return nil, nil
	}
	return o.sets.load(ctx, scopes)
}
