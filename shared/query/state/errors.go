package state

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/message"
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
	regions      []string
	cluster      string   // as given; empty or catalog.Any: no cluster
	instanceType string   // as given; empty or catalog.Any: no instance type
	types        []string // the captured instance types of the cluster
	past         int64    // the commit at which it is not captured; 0: now
}

// Error implements error.
func (e *scopeError) Error() string { return e.message().String() }

// message returns the text for the caller. It lists the instance types that the cluster has.
func (e *scopeError) message() message.Text {
	// Names that stand for none or all make no sense in quotes.
	cluster := message.New("of cluster %s", fault.Quote(e.cluster))
	switch e.cluster {
	case "", catalog.Any:
		cluster = message.New("without a cluster")
	case request.AllNames:
		cluster = message.New("of any cluster")
	}
	instanceType := message.New("for instance type %s", fault.Quote(e.instanceType))
	switch e.instanceType {
	case "", catalog.Any:
		instanceType = message.New("without an instance type")
	case request.AllNames:
		instanceType = message.New("for any instance type")
	}
	types := slices.Clone(e.types)
	for i, t := range types {
		if t == "" {
			types[i] = catalog.Any
		}
	}
	regions := message.Names(e.regions)
	text := fault.PastOrPresent(e.past, message.New("No list %s is captured %s in %s", cluster, instanceType, regions),
		"No list %s was captured %s in %s at commit %d", cluster, instanceType, regions)
	return message.Sentences(
		fault.EndSentence(message.Join(text, fault.DidYouMeanID(e.instanceType, e.types))),
		message.New("Captured instance types: %s.", fault.JoinNames(types)),
	)
}

// notReadyError says that a scope has never been captured successfully, or
// had not been at a commit of the past.
type notReadyError struct {
	scope   catalog.Scope   // with its region
	problem *format.Problem // of the last check; nil: it was never checked
	past    int64           // the commit; 0: now
}

// Error implements error.
func (e *notReadyError) Error() string { return e.message().String() }

// message returns the text for the caller.
func (e *notReadyError) message() message.Text {
	problem := describeProblem(e.problem).MapStrings(trimFullStop)
	if e.past > 0 {
		return message.New("Scope %s had never been captured successfully at commit %d. The last check then: %s.",
			e.scope, e.past, problem)
	}
	return message.New("Scope %s has never been captured successfully. The last check: %s.", e.scope, problem)
}

// trimFullStop returns a text without the full stop at its end.
func trimFullStop(text string) string { return strings.TrimSuffix(text, ".") }

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
	reason error  // *archive.TooEarlyError or *archive.FutureError
}

// Error implements error. Callers see the message of historyAPIError instead.
func (e *asOfError) Error() string { return e.param + ": " + e.reason.Error() }

// Unwrap lets errors.As find the archive's error, which holds the limit.
func (e *asOfError) Unwrap() error { return e.reason }

// WithParam adds the name of a parameter to an error about a time or commit
// outside the history. Other errors are returned as they are.
func WithParam(param string, err error) error {
	var early *archive.TooEarlyError
	var future *archive.FutureError
	if errors.As(err, &early) || errors.As(err, &future) {
		return &asOfError{param, err}
	}
	return err
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
			Status: http.StatusNotFound, Code: fault.CodeCluster, Message: cluster.Message(), Recommend: cluster.Recommend(),
		}
	case errors.As(err, &scope):
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeScope, Message: scope.message(),
			Recommend: message.New(
				"Use a captured instance type, or leave InstanceType out for images that every type supports."),
		}
	case errors.As(err, &notReady) && notReady.past > 0: // no run will change it
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeScope, Message: notReady.message(),
			Recommend: message.New("Ask for a later time; /v1/clusters?at= shows the state of every scope."),
		}
	case errors.As(err, &notReady):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeNotReady, Message: notReady.message(),
			RetryAfter: retryNextRun,
			Recommend:  message.New("Try again after the next run; /v1/clusters shows the state of every scope."),
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
		e := &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeEarly,
			Message:   message.New("The kept history begins at %s with commit %d.", early.First, early.FirstSequence),
			Recommend: message.New("Ask for that time or a later one."),
		}
		if param == nil {
			return e
		}
		e.Message = message.New("The kept history begins at %s with commit %d; %s is earlier.",
			early.First, early.FirstSequence, param.param)
		if param.param != request.ParamSince.Name {
			e.Recommend = message.New("Use %s=%d, or a later time.", param.param, early.FirstSequence)
			return e
		}
		e.Recommend = message.Sentences(e.Recommend,
			message.New("since=0 begins with the oldest commit that is kept."))
		return e
	case errors.As(err, &future):
		text := message.New("The last commit is number %d.", future.Last)
		if param != nil {
			text = message.New("The last commit is number %d; %s is later.", future.Last, param.param)
		}
		return &apierror.Error{
			Status: http.StatusNotFound, Code: fault.CodeFuture, Message: text,
			Recommend: message.New("Ask for that commit or an earlier one."),
		}
	}
	return nil
}

// storageAPIError maps errors of the storage. Every error that nothing else
// explains is an internal one.
func storageAPIError(err error) *apierror.Error {
	noData := &source.NoDataError{}
	var version *format.VersionError
	var damaged *format.DamagedError
	var store *source.StoreError
	var history *historyError
	switch {
	case errors.As(err, &noData), errors.Is(err, archive.ErrNoData):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeNoData, RetryAfter: retryNextRun, Cause: err,
			Message:   noDataMessage(noData.Regions),
			Recommend: message.New("Try again after the first run of the snapshot function."),
		}
	case errors.As(err, &version): // a *format.DamagedError too
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeDamaged, RetryAfter: retryNextRun, Cause: err,
			Message: message.New("What is stored for this region has format %d, and this program reads format %d.",
				version.Version, format.Version),
			Recommend: message.New("Tell the operator the RequestId; the log says what to remove."),
		}
	case errors.As(err, &damaged):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeDamaged, RetryAfter: retryNextRun, Cause: err,
			Message:   damagedMessage(damaged),
			Recommend: message.New("Tell the operator the RequestId; the function's log names the object."),
		}
	case errors.As(err, &history):
		return history.toAPIError()
	case errors.As(err, &store), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &apierror.Error{
			Status: http.StatusServiceUnavailable, Code: fault.CodeStorage, RetryAfter: retrySoon, Cause: err,
			Message:   outageMessage(store),
			Recommend: message.New("Try again in a few seconds."),
		}
	}
	return NewInternalError(err)
}

// noDataMessage names the regions without data, if they are known.
func noDataMessage(regions []string) message.Text {
	if regions == nil {
		return message.New("Nothing has been captured for this region yet.")
	}
	return message.New("Nothing has been captured for %s yet.", message.Names(regions))
}

// outageMessage names the region that could not be read. e is nil if that is not known.
func outageMessage(e *source.StoreError) message.Text {
	if e == nil {
		return message.New("The storage cannot be reached, and this instance has no copy of the data.")
	}
	return message.New("The storage cannot be reached, and this instance has no copy of the data of %s.", e.Region)
}

// damagedMessage says which part of the log is damaged. The names of other objects can
// have clusters in them, which the caller may not know.
func damagedMessage(e *format.DamagedError) message.Text {
	if region, month, isLog := strings.Cut(e.Key, "/log/"); isLog {
		return message.New("The log %s of %s is damaged. Other answers are not affected.", month,
			region[strings.LastIndexByte(region, '/')+1:])
	}
	return message.New("A stored object that this answer needs is damaged. Other answers are not affected.")
}

// NewInternalError hides an unexpected failure from the caller. cause is for
// the log.
func NewInternalError(cause error) *apierror.Error {
	return &apierror.Error{
		Status: http.StatusInternalServerError, Code: fault.CodeInternal, Cause: cause,
		Message: message.New("An unexpected failure."), Recommend: message.New("Tell the operator the RequestId."),
	}
}

// ImageNeverOffered returns the error for an image that no scope of the request
// ever had.
func ImageNeverOffered(imageID string, regions ...string) error {
	return &apierror.Error{
		Status: http.StatusNotFound,
		Code:   fault.CodeImage,
		Message: message.New("Image %s was never offered in %s by the requested scopes.", fault.Quote(imageID),
			message.Names(regions)),
		Recommend: message.New("Check the ImageId. /v1/images?ClusterId=*&q= searches all names and ids."),
	}
}
