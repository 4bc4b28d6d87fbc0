package commitlog

import (
	"errors"
	"fmt"

	"community-images/shared/catalog"
)

// ErrNoData means that a region has no commit yet.
var ErrNoData = errors.New("region has no commit yet")

// TooEarlyError means that a caller asked for a time or commit before the first
// one that is kept.
type TooEarlyError struct {
	// First is the CommittedAt of the first kept commit.
	First catalog.Time
	// FirstSequence is the number of that commit.
	FirstSequence int64
}

// Error implements error.
func (e *TooEarlyError) Error() string {
	return fmt.Sprintf("the first kept commit is number %d of %s", e.FirstSequence, e.First)
}

// FutureError means that a caller asked for a commit that does not exist yet.
type FutureError struct {
	// Last is the number of the last commit.
	Last int64
}

// Error implements error.
func (e *FutureError) Error() string { return fmt.Sprintf("the last commit is number %d", e.Last) }
