package archive

import (
	"errors"
	"fmt"

	"community-images/shared/catalog"
)

// ErrNoData means that a region has no commit yet.
var ErrNoData = errors.New("region has no commit yet")

// NotAppendableError means that a log is not an appendable object, so that no run can
// commit. Another tool has written it: for example, every copy of a bucket is made of
// normal objects.
type NotAppendableError struct {
	// Key names the log.
	Key string
}

// Error implements error. It says what to do.
func (e *NotAppendableError) Error() string {
	return fmt.Sprintf("log %q is not an appendable object, as a copy that another tool made is not; "+
		"stop all runs, then rewrite it with: go run ./scripts/verify -cloud -repair", e.Key)
}

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
