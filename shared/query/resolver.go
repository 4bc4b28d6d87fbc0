package query

import (
	"context"
	"time"
)

// resolver finds what a request is about: its region, the state at its moment, the
// scopes that it selects, and how fresh these are.
type resolver struct {
	states
	// regions are those that the caller may see, in the order in which errors name them.
	regions  []string
	now      func() time.Time // never nil
	maxStale time.Duration    // see Options.MaxStale
	report   func(context.Context, string, error)
	// hasImage reports whether a region has or had an image in any scope that the caller
	// may see.
	hasImage func(ctx context.Context, current currentState, imageID string) (bool, error)
}
