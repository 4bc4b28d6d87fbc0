package archive

import (
	"errors"
	"fmt"

	"community-images/shared/catalog"
)

// ErrNoData means that a region has no commit yet.
var ErrNoData = errors.New("region has no commit yet")

// DamagedError means that a stored object contradicts itself or what refers to
// it. What it holds is never served.
type DamagedError struct {
	Key    string
	Reason string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("object %q is damaged: %s", e.Key, e.Reason)
}

// TooEarlyError means that a question concerns a time or commit before the
// first one that is kept.
type TooEarlyError struct {
	First         catalog.Time // of the first commit that is kept
	FirstSequence int64
}

func (e *TooEarlyError) Error() string {
	return fmt.Sprintf("the first commit that is kept is number %d of %s", e.FirstSequence, e.First)
}

// FutureError means that a question concerns a commit that does not exist yet.
type FutureError struct{ Last int64 }

func (e *FutureError) Error() string { return fmt.Sprintf("the last commit is number %d", e.Last) }
