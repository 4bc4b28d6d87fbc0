package history

import (
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// Reader answers what happened to the images of a region, as far as the caller may
// see it. Each answer reads the commits that it needs. Only the last fleet of each region is
// kept.
type Reader struct {
	state.States
	Sets   *imageset.Cache
	Schema *field.Schema // without the redacted fields
	fleets fleetMemory   // of the present states
}

// ScopedImage is an image in the scopes of a selection.
type ScopedImage struct {
	id        string
	selection request.Selection
}

// InAnyScope returns an image in all scopes that the caller may see.
func InAnyScope(imageID string) ScopedImage { return ScopedImage{imageID, request.Everything()} }

// NewScopedImage returns the image that a request names in its path.
func NewScopedImage(req *request.Request) ScopedImage { return ScopedImage{req.ImageID, req.Selection} }
