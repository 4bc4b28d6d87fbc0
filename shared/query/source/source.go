package source

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// Archive is the reading side of an archive; *archive.Archive is one.
//
// Its errors are *format.DamagedError, *archive.TooEarlyError,
// *archive.FutureError, archive.ErrNoData for a region without a commit, or
// anything else if the store does not answer.
type Archive interface {
	// Now returns the present state of a region. It reads only what has come
	// since known, which may be nil.
	Now(ctx context.Context, region string, known *archive.Region) (*archive.Region, error)
	// At returns the state at a time, and AtSequence the state after a commit.
	At(ctx context.Context, now *archive.Region, t time.Time) (*archive.Region, error)
	AtSequence(ctx context.Context, now *archive.Region, n int64) (*archive.Region, error)
	// Snapshot returns the content with a digest, which was captured for scope.
	Snapshot(ctx context.Context, scope catalog.Scope, digest string) (*catalog.Snapshot, error)
	// Commits yields the commits from a number on, up to now. If retention has
	// removed some of them, it begins with the first that is kept. CommitsBackward
	// yields those from a number down to the first that is kept.
	Commits(ctx context.Context, now *archive.Region, from int64) iter.Seq2[*format.Commit, error]
	CommitsBackward(ctx context.Context, now *archive.Region, from int64) iter.Seq2[*format.Commit, error]
	// CommitsOfImages and CommitsOfImagesBackward leave out commits that say nothing
	// of some images. The others are whole.
	CommitsOfImages(
		ctx context.Context, now *archive.Region, imageIDs []string, from int64,
	) iter.Seq2[*format.Commit, error]
	CommitsOfImagesBackward(
		ctx context.Context, now *archive.Region, imageIDs []string, from int64,
	) iter.Seq2[*format.Commit, error]
	// FirstCommit returns the number and time of the first commit that is kept.
	FirstCommit(ctx context.Context, now *archive.Region) (*archive.TooEarlyError, error)
	// LastCommitAt returns the number of the last commit that is not later than t; 0:
	// every commit is later.
	LastCommitAt(ctx context.Context, now *archive.Region, t time.Time) (int64, error)
	// EndedScopes returns the scopes that ended in a kept commit, in canonical order.
	EndedScopes(ctx context.Context, now *archive.Region) ([]format.ScopeRef, error)
	// Index returns the index of a region, which can lag behind the log.
	Index(ctx context.Context, region string) (*format.Index, error)
	// IndexedIDs returns the ids of the images of the index that now.IndexImages describes.
	IndexedIDs(ctx context.Context, now *archive.Region) (*format.IndexedIDs, error)
}

// StoreError says that the store did not answer, or not in time.
type StoreError struct {
	// Region is the region that was asked for.
	Region string
	Err    error // of the archive, or of the context if time ran out
}

// Error implements error. The text is for the log.
func (e *StoreError) Error() string {
	return fmt.Sprintf("asking the store about %q: %v", e.Region, e.Err)
}

func (e *StoreError) Unwrap() error { return e.Err }

// NoDataError says that nothing has been captured for some regions yet.
type NoDataError struct {
	Regions []string
	Err     error // archive.ErrNoData
}

// Error implements error.
func (e *NoDataError) Error() string {
	return fmt.Sprintf("nothing has been captured for %s yet: %v", strings.Join(e.Regions, ", "), e.Err)
}

func (e *NoDataError) Unwrap() error { return e.Err }

// WrapError returns err as it is if the archive explains it: an object is
// damaged, or the history does not have the moment. It returns a *NoDataError
// for a region without data, and a *StoreError for everything else.
func WrapError(region string, err error) error {
	var damaged *format.DamagedError
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &damaged), errors.As(err, &early), errors.As(err, &future):
		return err
	case errors.Is(err, archive.ErrNoData):
		return &NoDataError{[]string{region}, err}
	}
	return &StoreError{region, err}
}
