package state

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"

	"community-images/shared/apierror"
	"community-images/shared/archive/format"
	"community-images/shared/message"
	"community-images/shared/query/budget"
	"community-images/shared/query/fault"
	"community-images/shared/query/source"
)

// Nothing holds the history of a region in memory: each answer reads the commits
// that it needs, with the deadlines of its lookup.

// streamCommits yields the commits of a read. Each commit gives the store time for the
// next one. It ends with the first error.
func streamCommits(
	ctx context.Context, region string, open func(context.Context) iter.Seq2[*format.Commit, error],
) iter.Seq2[*format.Commit, error] {
	return func(yield func(*format.Commit, error) bool) {
		ctx, extend, cancel := budget.WithMovingDeadline(ctx)
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
	ctx, cancel := budget.WithDeadline(ctx)
	defer cancel()
	value, err := read(ctx)
	if err != nil {
		err = wrapHistoryError(ctx, region, err)
	}
	return value, err
}

// historyError says that the log of a region was not read, or not in time.
type historyError struct {
	region    string
	isTimeout bool // the store gave nothing for budget.ReadTimeout
	// tooMuch says that the store did answer, but the lookup's whole time was too short.
	tooMuch bool
	err     error
}

// Error implements error. The text is for the log.
func (e *historyError) Error() string {
	return fmt.Sprintf("%s: %v", trimFullStop(e.problem().String()), e.err)
}

func (e *historyError) Unwrap() error { return e.err }

// problem says in a sentence what happened.
func (e *historyError) problem() message.Text {
	switch {
	case e.tooMuch:
		return message.New("Reading the log of %s takes longer than the %g s that one answer has.", e.region,
			budget.AllReadsTimeout.Seconds())
	case e.isTimeout:
		return message.New("Reading the log of %s timed out after %g s.", e.region, budget.ReadTimeout.Seconds())
	}
	return message.New("The log of %s could not be read.", e.region)
}

// toAPIError returns the error for the caller.
func (e *historyError) toAPIError() *apierror.Error {
	api := &apierror.Error{
		Status: http.StatusServiceUnavailable, Code: fault.CodeStorage, RetryAfter: retrySoon, Cause: e,
		Message: e.problem(), Recommend: message.New("Try again in a few seconds."),
	}
	if e.tooMuch {
		api.Code = fault.CodeTimeout
		api.Recommend = message.New("Ask for less history: a later since, or fewer images.")
	}
	return api
}

// wrapHistoryError is WrapStoreError for a read of the log with a context of its own.
func wrapHistoryError(ctx context.Context, region string, err error) error {
	if wrapped := source.WrapError(region, err); !errors.As(wrapped, new(*source.StoreError)) {
		return wrapped
	}
	e := &historyError{region: region, err: err}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		e.isTimeout, e.tooMuch = true, budget.IsSpent(ctx)
	}
	return e
}
