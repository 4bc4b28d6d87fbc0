package replica

import (
	"context"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Source provides the data. It is safe for concurrent use and bounds how long it
// waits.
type Source interface {
	// Region returns a region now or, with at, as of a time or commit number.
	// confirmed is false if the store cannot be reached and the data is what was
	// read last. Past states are always confirmed.
	//
	// It returns strconv.ErrSyntax if at is neither a time nor a number,
	// *archive.TooEarlyError or *archive.FutureError if there is no state at that
	// time, archive.ErrNoData if the region has no commit, and any other error if
	// the data cannot be read now.
	Region(ctx context.Context, id, at string) (r *archive.Region, confirmed bool, err error)
	// IsCommitNumber says whether a moment is the number of a commit. Each region counts
	// its own.
	IsCommitNumber(at string) bool
	// Images returns the images of a scope of a state that Region returned, in
	// canonical order, without redacted members.
	Images(ctx context.Context, region string, s format.ScopeState) ([]*catalog.Image, error)
}
