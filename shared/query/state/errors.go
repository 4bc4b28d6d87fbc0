package state

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
	"community-images/shared/query/source"
)

const (
	retrySoon    = 5  // seconds of Retry-After while the storage is unreachable
	retryNextRun = 60 // seconds of Retry-After where only the next run can help
)

// scopeError says that no list is captured for an instance type of a cluster.
type scopeError struct {
	region       string   // or several, joined for the message
	cluster      string   // as given; empty or catalog.Any: no cluster
	instanceType string   // as given; empty or catalog.Any: no instance type
	types        []string // the captured instance types of the cluster
	past         int64    // the commit at which it is not captured; 0: now
}

// Error implements error. The text is for the caller: it lists the instance types
// that the cluster has.
func (e *scopeError) Error() string {
	is, when := fault.PastOrPresent(e.past)
	// Names that stand for none or all make no sense in quotes.
	cluster := "of cluster " + fault.Quote(e.cluster)
	switch e.cluster {
	case "", catalog.Any:
		cluster = "without a cluster"
	case request.AllNames:
		cluster = "of any cluster"
	}
	instanceType := "for instance type " + fault.Quote(e.instanceType)
	switch e.instanceType {
	case "", catalog.Any:
		instanceType = "without an instance type"
	case request.AllNames:
		instanceType = "for any instance type"
	}
	types := slices.Clone(e.types)
	for i, t := range types {
		if t == "" {
			types[i] = catalog.Any
		}
	}
	text := fmt.Sprintf("No list %s %s captured %s in %s%s", cluster, is, instanceType, e.region, when)
	return fault.EndSentence(text+fault.DidYouMeanID(e.instanceType, e.types)) +
		" Captured instance types: " + fault.JoinNames(types) + "."
}

// notReadyError says that a scope has never been captured successfully, or
// had not been at a commit of the past.
type notReadyError struct {
	scope   catalog.Scope   // with its region
	problem *format.Problem // of the last check; nil: it was never checked
	past    int64           // the commit; 0: now
}

// Error implements error. The text is for the caller.
func (e *notReadyError) Error() string {
	if e.past > 0 {
		return fmt.Sprintf("Scope %s had never been captured successfully at commit %d. The last check then: %s.",
			e.scope, e.past, strings.TrimSuffix(describeProblem(e.problem), "."))
	}
	return fmt.Sprintf("Scope %s has never been captured successfully. The last check: %s.",
		e.scope, strings.TrimSuffix(describeProblem(e.problem), "."))
}

// PinToCommit makes a notReadyError speak of the commit that the caller asked
// for by number. No later run changes that answer, even if the commit is the
// last one, so it must not ask the caller to retry. Other errors are returned
// as they are.
func PinToCommit(at request.AsOf, err error) error {
	var e *notReadyError
	if at.Sequence == 0 || !errors.As(err, &e) || e.past > 0 {
		return err
	}
	return &notReadyError{e.scope, e.problem, at.Sequence}
}

// asOfError says which parameter names a time or commit that the history does
// not have.
type asOfError struct {
	param  string // at, since, from or to
	is     string // "earlier" or "later" than the history
	reason error  // *archive.TooEarlyError or *archive.FutureError
}

// Error implements error. Callers see the message of historyAPIError instead.
func (e *asOfError) Error() string { return e.param + " is " + e.is + ": " + e.reason.Error() }

// Unwrap lets errors.As find the archive's error, which holds the limit.
func (e *asOfError) Unwrap() error { return e.reason }

// WithParam adds the name of a parameter to an error about a time or commit
// outside the history. Other errors are returned as they are.
func WithParam(param string, err error) error {
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early):
		return &asOfError{param, "earlier", err}
	case errors.As(err, &future):
		return &asOfError{param, "later", err}
	}
	return err
}

// messageEnd ends a message that has named the limit of the history. It is a
// full stop for a nil *asOfError.
func (e *asOfError) messageEnd() string {
	if e == nil {
		return "."
	}
	return "; " + e.param + " is " + e.is + "."
}

// ToAPIError turns any error into what the caller gets. It is the only place
// that maps the errors of the archive and of lookups to statuses and codes.
// The cause of the result is set where the log must say more than the caller
// may know.
func ToAPIError(err error) *apierror.Error {
	var api *apierror.Error
	if errors.As(err, &api) {
		return api
	}
	if e := selectionAPIError(err); e != nil {
		return e
	}
	if e := historyAPIError(err); e != nil {
		return e
	}
	return storageAPIError(err)
}

// selectionAPIError maps errors about clusters and scopes that are not
// captured. It returns nil for others.
func selectionAPIError(err error) *apierror.Error {
	var cluster *fault.ClusterError
	var scope *scopeError
	var notReady *notReadyError
	switch {
	case errors.As(err, &cluster):
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeCluster, Message: cluster.Error(), Recommend: cluster.Recommend(),
		}
	case errors.As(err, &scope):
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeScope, Message: scope.Error(),
			Recommend: "Use a captured instance type, or leave InstanceType out for images that every type supports.",
		}
	case errors.As(err, &notReady) && notReady.past > 0: // no run will change it
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeScope, Message: notReady.Error(),
			Recommend: "Ask for a later time; /v1/clusters?at= shows the state of every scope.",
		}
	case errors.As(err, &notReady):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeNotReady, Message: notReady.Error(),
			RetryAfter: retryNextRun,
			Recommend:  "Try again after the next run; /v1/clusters shows the state of every scope.",
		}
	}
	return nil
}

// historyAPIError maps errors about times and commits outside the history. It
// returns nil for others.
func historyAPIError(err error) *apierror.Error {
	var param *asOfError
	errors.As(err, &param)
	var early *archive.TooEarlyError
	var future *archive.FutureError
	switch {
	case errors.As(err, &early):
		recommend := "Ask for that time or a later one."
		switch {
		case param != nil && param.param == request.ParamSince.Name:
			recommend += " since=0 begins with the oldest commit that is kept."
		case param != nil:
			recommend = fmt.Sprintf("Use %s=%d, or a later time.", param.param, early.FirstSequence)
		}
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeEarly, Recommend: recommend,
			Message: fmt.Sprintf("The kept history begins at %s with commit %d%s",
				early.First, early.FirstSequence, param.messageEnd()),
		}
	case errors.As(err, &future):
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeFuture,
			Message:   fmt.Sprintf("The last commit is number %d%s", future.Last, param.messageEnd()),
			Recommend: "Ask for that commit or an earlier one.",
		}
	}
	return nil
}

// storageAPIError maps errors of the storage. Every error that nothing else
// explains is an internal one.
func storageAPIError(err error) *apierror.Error {
	noData := &source.NoDataError{Regions: "this region"}
	var version *format.VersionError
	var damaged *format.DamagedError
	var store *source.StoreError
	var history *historyError
	switch {
	case errors.As(err, &noData), errors.Is(err, archive.ErrNoData):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeNoData, RetryAfter: retryNextRun, Cause: err,
			Message:   "Nothing has been captured for " + noData.Regions + " yet.",
			Recommend: "Try again after the first run of the snapshot function.",
		}
	case errors.As(err, &version): // a *format.DamagedError too
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeDamaged, RetryAfter: retryNextRun, Cause: err,
			Message: fmt.Sprintf("What is stored for this region has format %d, and this program reads format %d.",
				version.Version, format.Version),
			Recommend: "Tell the operator the RequestId; the log says what to remove.",
		}
	case errors.As(err, &damaged):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeDamaged, RetryAfter: retryNextRun, Cause: err,
			Message:   damagedMessage(damaged),
			Recommend: "Tell the operator the RequestId; the function's log names the object.",
		}
	case errors.As(err, &history):
		return history.toAPIError()
	case errors.As(err, &store), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeStorage, RetryAfter: retrySoon, Cause: err,
			Message: "The storage cannot be reached, and this instance has no copy of the data" +
				store.RegionSuffix() + ".",
			Recommend: "Try again in a few seconds.",
		}
	}
	return NewInternalError(err)
}

// damagedMessage says which part of the log is damaged. The names of other objects can
// have clusters in them, which the caller may not know.
func damagedMessage(e *format.DamagedError) string {
	object := "A stored object that this answer needs"
	if region, month, isLog := strings.Cut(e.Key, "/log/"); isLog {
		object = fmt.Sprintf("The log %s of %s", month, region[strings.LastIndexByte(region, '/')+1:])
	}
	return object + " is damaged. Other answers are not affected."
}

// NewInternalError hides an unexpected failure from the caller. cause is for
// the log.
func NewInternalError(cause error) *apierror.Error {
	return &apierror.Error{
		Status: http.StatusInternalServerError, Code: fault.CodeInternal, Cause: cause,
		Message: "An unexpected failure.", Recommend: "Tell the operator the RequestId.",
	}
}

// ImageNeverOffered returns the error for an image that no scope of the request
// ever had. region may be a list of regions.
func ImageNeverOffered(imageID, region string) error {
	return &apierror.Error{
		Status:    http.StatusNotFound,
		Code:      fault.CodeImage,
		Message:   fmt.Sprintf("Image %s was never offered in %s by the requested scopes.", fault.Quote(imageID), region),
		Recommend: "Check the ImageId. /v1/images?ClusterId=*&q= searches all names and ids.",
	}
}
