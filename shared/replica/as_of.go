package replica

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// Reasons why a region has no data as of the requested time. A larger one is
// nearer to data.
const (
	noCommitYet       = 1 + iota // the region has no commit
	afterLastCommit              // the time is after the last commit
	beforeFirstCommit            // the time is before the first kept commit
)

// whyNoData returns the reason that an error of Source.Region stands for. It
// returns 0 for any other error.
func whyNoData(err error) int {
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early):
		return beforeFirstCommit
	case errors.As(err, &future):
		return afterLastCommit
	case errors.Is(err, archive.ErrNoData):
		return noCommitYet
	}
	return 0
}

// nearerToData returns the one of two errors about regions without data whose
// region has data nearer to the requested time. The result does not depend on the
// order of the regions, nor on regions without any data: the caller may not learn
// what others have there.
func nearerToData(a, b error) error {
	// The constants are in the order of nearness; nil counts 0.
	if whyNoData(a) != whyNoData(b) {
		if whyNoData(a) > whyNoData(b) {
			return a
		}
		return b
	}
	// Of two histories that begin later, the longer one is nearer.
	var early, other *archive.TooEarlyError
	if errors.As(a, &early) && errors.As(b, &other) && other.First.Before(early.First.Time) {
		return b
	}
	// Of two logs that end before, the longer one is nearer.
	var future, further *archive.FutureError
	if errors.As(a, &future) && errors.As(b, &further) && further.Last > future.Last {
		return b
	}
	return a
}

// explainInvalidTime turns an error about the requested time into one for the
// caller. It returns other errors unchanged.
func explainInvalidTime(err error) error {
	// E-HPC has no past, so there is no code of its own for these errors.
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
	return apierror.New(http.StatusBadRequest, codeInvalidParams, "The specified moment is invalid: "+why+".",
		"Ask at /at/<moment>/, or with the parameter at.")
}
