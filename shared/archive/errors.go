package archive

import (
	"fmt"

	"community-images/shared/archive/commitlog"
)

// The errors of reading the past. At and Commits say when they return which.
type (
	TooEarlyError = commitlog.TooEarlyError
	FutureError   = commitlog.FutureError
)

// ErrNoData means that a region has no commit yet.
var ErrNoData = commitlog.ErrNoData

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
