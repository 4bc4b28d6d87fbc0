package replica

import (
	"context"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// Source is where the answers come from. It is safe for concurrent use and
// bounds its own waiting.
type Source interface {
	// Region returns a region as it stands, or with at as it stood at that
	// moment: a time or the number of a commit. confirmed is false if the store
	// cannot be reached and this is what was read last; a past state needs
	// nobody's confirmation.
	//
	// Errors: strconv.ErrSyntax, at is no moment; *archive.TooEarlyError and
	// *archive.FutureError, nothing is known of it; archive.ErrNoData, nothing
	// has been captured yet; any other, the data cannot be had just now.
	Region(ctx context.Context, id, at string) (r *archive.Region, confirmed bool, err error)
	// IsCommitNumber says whether a moment is the number of a commit. Each region counts
	// its own.
	IsCommitNumber(at string) bool
	// Images returns the content of a scope of a state that Region returned,
	// in canonical order, without what is withheld from everybody. The Numbers
	// of all images are those of one catalog.Interner, or 0.
	Images(ctx context.Context, region string, s archive.ScopeState) ([]*catalog.Image, error)
}
