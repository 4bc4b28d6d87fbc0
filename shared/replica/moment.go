package replica

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// How a region can be without data at the moment that is meant.
const (
	never   = 1 + iota // nothing has been captured at all
	later              // the moment lies behind the last commit
	earlier            // it lies before the first one that is kept
)

// absent says whether an error of Source.Region means one of these; 0: it does not.
func absent(err error) int {
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early):
		return earlier
	case errors.As(err, &future):
		return later
	case errors.Is(err, archive.ErrNoData):
		return never
	}
	return 0
}

// nearer returns that of two errors about regions without data that is about
// data nearer to the moment. It does not depend on which region comes first, nor
// on those without any: the caller may not know what others have there.
func nearer(a, b error) error {
	if absent(a) != absent(b) {
		if absent(a) > absent(b) {
			return a
		}
		return b
	}
	var early, other *archive.TooEarlyError
	if errors.As(a, &early) && errors.As(b, &other) && other.First.Before(early.First.Time) {
		return b
	}
	var future, further *archive.FutureError
	if errors.As(a, &future) && errors.As(b, &further) && further.Last > future.Last {
		return b
	}
	return a
}

// explainMoment tells what is wrong with the moment that is asked for. An error
// that is about nothing else stays as it is.
func explainMoment(err error) error {
	var early *archive.TooEarlyError
	var future *archive.FutureError
	why := ""
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		why = "it is neither a time (RFC 3339, epoch seconds or milliseconds, -24h) nor the number of a commit"
	case errors.As(err, &early):
		why = "the history that is kept begins at " + early.First.String()
	case errors.As(err, &future):
		why = fmt.Sprintf("it is in the future; the last commit is number %d", future.Last)
	default:
		return err
	}
	return &apierror.Error{Status: http.StatusBadRequest, Code: codeParams, Message: "The specified moment is invalid: " + why + ".", Recommend: "Ask at /at/<moment>/, or with the parameter at."}
}
