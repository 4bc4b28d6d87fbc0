package state

import (
	"context"
	"time"
)

// Resolver finds what a request is about: its region, the state at its moment, the
// scopes that it selects, and how fresh these are.
type Resolver struct {
	States
	// Regions are those that the caller may see, in the order in which errors name them.
	Regions  []string
	Now      func() time.Time // never nil
	MaxStale time.Duration    // see Options.MaxStale
	Report   func(context.Context, string, error)
	// HasImage reports whether a region has or had an image in any scope that the caller
	// may see.
	HasImage func(ctx context.Context, current Current, imageID string) (bool, error)
}
