package query

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// Nothing holds the history of a region in memory: each answer reads the commits
// that it needs from here, with the deadlines of its lookup.

// commits yields the commits up to the present state from a number on. If imageIDs is
// not nil, it leaves out commits that say nothing of these images.
func (s *lookup) commits(
	ctx context.Context, current currentState, imageIDs []string, from int64,
) iter.Seq2[*archive.Commit, error] {
	now := current.wholeRegion()
	return streamCommits(ctx, current.RegionID, func(ctx context.Context) iter.Seq2[*archive.Commit, error] {
		if imageIDs != nil {
			return s.hideAbsence(ctx, current, s.source.CommitsOfImages(ctx, now, imageIDs, max(1, from)))
		}
		return s.source.Commits(ctx, now, max(1, from))
	})
}

// commitsBackward is commits in the other order: from a number down to the first
// commit that is kept.
func (s *lookup) commitsBackward(
	ctx context.Context, current currentState, imageIDs []string, from int64,
) iter.Seq2[*archive.Commit, error] {
	now := current.wholeRegion()
	return streamCommits(ctx, current.RegionID, func(ctx context.Context) iter.Seq2[*archive.Commit, error] {
		if imageIDs != nil {
			return s.hideAbsence(ctx, current, s.source.CommitsOfImagesBackward(ctx, now, imageIDs, from))
		}
		return s.source.CommitsBackward(ctx, now, from)
	})
}

// hideAbsence returns commits of images for a caller who may not know whether other
// clusters have the images. If there are none, it reads a commit all the same, so that
// the answer fails as it would with some if the store is down.
func (s *lookup) hideAbsence(
	ctx context.Context, current currentState, commits iter.Seq2[*archive.Commit, error],
) iter.Seq2[*archive.Commit, error] {
	if s.full == nil {
		return commits
	}
	return func(yield func(*archive.Commit, error) bool) {
		isEmpty := true
		for c, err := range commits {
			isEmpty = false
			if !yield(c, err) {
				return
			}
		}
		if !isEmpty {
			return
		}
		for _, err := range s.source.Commits(ctx, current.wholeRegion(), current.Sequence) {
			if err != nil {
				yield(nil, err)
			}
			return
		}
	}
}

// streamCommits yields the commits of a read. Each commit gives the store time for the
// next one. It ends with the first error.
func streamCommits(
	ctx context.Context, region string, open func(context.Context) iter.Seq2[*archive.Commit, error],
) iter.Seq2[*archive.Commit, error] {
	return func(yield func(*archive.Commit, error) bool) {
		ctx, extend, cancel := withMovingDeadline(ctx)
		defer cancel()
		for c, err := range open(ctx) {
			if err != nil {
				yield(nil, wrapHistoryError(ctx, region, err))
				return
			}
			extend()
			if !yield(c, nil) {
				return
			}
		}
	}
}

// readHistory reads something small of the history, or knows it already. So it says
// nothing of whether the store answers.
func readHistory[T any](ctx context.Context, region string, read func(context.Context) (T, error)) (T, error) {
	ctx, cancel := withReadDeadline(ctx)
	defer cancel()
	value, err := read(ctx)
	if err != nil {
		err = wrapHistoryError(ctx, region, err)
	}
	return value, err
}

// firstCommit returns the number and time of the first commit that is kept.
func (s *lookup) firstCommit(ctx context.Context, current currentState) (*archive.TooEarlyError, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) (*archive.TooEarlyError, error) {
		return s.source.FirstCommit(ctx, current.wholeRegion())
	})
}

// lastCommitAt returns the number of the last commit that is not later than a time; 0:
// every commit is later. It returns *archive.TooEarlyError if that is no longer kept.
func (s *lookup) lastCommitAt(ctx context.Context, current currentState, t time.Time) (int64, error) {
	return readHistory(ctx, current.RegionID, func(ctx context.Context) (int64, error) {
		return s.source.LastCommitAt(ctx, current.wholeRegion(), t)
	})
}

// endedScopes returns the scopes that ended in a kept commit and that the caller may
// see. Some of them may be there again.
func (s *lookup) endedScopes(ctx context.Context, current currentState) ([]archive.ScopeRef, error) {
	ended, err := readHistory(ctx, current.RegionID, func(ctx context.Context) ([]archive.ScopeRef, error) {
		return s.source.EndedScopes(ctx, current.wholeRegion())
	})
	return slices.DeleteFunc(ended, func(ref archive.ScopeRef) bool { return !s.coversScope(ref) }), err
}

// historyError says that the log of a region was not read, or not in time.
type historyError struct {
	region    string
	isTimeout bool // the store gave nothing for readTimeout
	// tooMuch says that the store did answer, but the lookup's whole time was too short.
	tooMuch bool
	err     error
}

// Error implements error. The text is for the log.
func (e *historyError) Error() string { return fmt.Sprintf("%s: %v", e.problem(), e.err) }

func (e *historyError) Unwrap() error { return e.err }

// problem says in one clause what happened.
func (e *historyError) problem() string {
	switch {
	case e.tooMuch:
		return fmt.Sprintf("reading the log of %s takes longer than the %g s that one answer has", e.region,
			allReadsTimeout.Seconds())
	case e.isTimeout:
		return fmt.Sprintf("reading the log of %s timed out after %g s", e.region, readTimeout.Seconds())
	}
	return fmt.Sprintf("the log of %s could not be read", e.region)
}

// toAPIError returns the error for the caller.
func (e *historyError) toAPIError() *apierror.Error {
	api := &apierror.Error{
		Status: http.StatusServiceUnavailable, Code: codeStorage, RetryAfter: retrySoon, Cause: e,
		Message: capitalize(e.problem()) + ".", Recommend: "Try again in a few seconds.",
	}
	if e.tooMuch {
		api.Code, api.Recommend = codeTimeout, "Ask for less history: a later since, or fewer images."
	}
	return api
}

// capitalize makes a clause begin like a sentence. Clauses begin with ASCII letters.
func capitalize(clause string) string { return strings.ToUpper(clause[:1]) + clause[1:] }

// wrapHistoryError is wrapStoreError for a read of the log with a context of its own.
func wrapHistoryError(ctx context.Context, region string, err error) error {
	if wrapped := wrapStoreError(region, err); !errors.As(wrapped, new(*storeError)) {
		return wrapped
	}
	e := &historyError{region: region, err: err}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		e.isTimeout, e.tooMuch = true, isReadBudgetSpent(ctx)
	}
	return e
}
