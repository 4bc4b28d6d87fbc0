package query

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/shared/apierror"
	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// The codes of errors. They are part of the interface.
const (
	codeUnknown      = "UnknownParameter"
	codeInvalid      = "InvalidParameter"
	codeMissing      = "MissingParameter"
	codeRoute        = "RouteNotFound"
	codeMethod       = "MethodNotAllowed"
	codeAccept       = "NotAcceptable"
	codeTooLong      = "QueryTooLong"
	codeCluster      = "ClusterNotFound"
	codeScope        = "ScopeNotCaptured"
	codeUncaptured   = "ScopeNotReady"
	codeImage        = "ImageNotFound"
	codeGone         = "ImageGone"
	codeNoMatch      = "NoImageMatches"
	codeExpired      = "CursorExpired"
	codeEarly        = "BeforeFirstCommit"
	codeFuture       = "CommitNotFound"
	codeTooOld       = "SnapshotTooOld"
	codeNoData       = "RegionNotReady"
	codeStorage      = "StorageUnavailable"
	codeDamaged      = "DataDamaged"
	codeInternal     = "InternalError"
	codeUnauthorized = "Unauthorized"
	codeForbidden    = "Forbidden"
	retrySoon        = 5
	retryNextRun     = 60
	maxListed        = 20 // names that an error lists
	recommendParams  = "Correct the parameter. /openapi.json describes every route and parameter."
)

// errorCodes lists every code with its status and what it means, for the
// OpenAPI document.
var errorCodes = []struct {
	status      int
	code, about string
}{
	{400, codeUnknown, "the route has no parameter of this name"},
	{400, codeInvalid, "a parameter has a value that is not allowed"},
	{400, codeMissing, "a parameter that is required here is missing"},
	{400, "InvalidEvent", "the function was invoked with an event that is no HTTP request"},
	{401, codeUnauthorized, "the token is missing, malformed, unknown or expired"},
	{403, codeForbidden, "the token covers none of the regions that are served"},
	{404, codeRoute, "there is no such path"},
	{404, codeCluster, "the cluster is not captured"},
	{404, codeScope, "the cluster is captured, but not with this instance type, or was not yet at the time asked for"},
	{404, codeImage, "no captured scope offers or ever offered the image, or none did up to the time asked for"},
	{404, codeNoMatch, "fewer images match than minCount demands"},
	{404, codeEarly, "the history begins later"},
	{404, codeFuture, "there is no commit of this number yet, or a feed would begin after its end"},
	{405, codeMethod, "only GET and HEAD are answered"},
	{406, codeAccept, "the route has none of the media types that Accept names"},
	{410, codeGone, "the image was offered once by the scopes asked for, and is no more"},
	{410, codeExpired, "the state that the cursor began on, or the commits that a feed goes on with, are not kept any more"},
	{413, "RequestTooLarge", "the request as FC hands it over is larger than 256 KB"},
	{414, codeTooLong, "path and query, escaped, are longer than 4096 bytes, or leave no 80 of them to the cursor of a next page"},
	{500, codeInternal, "an unexpected failure; its details are in the log under the RequestId"},
	{503, codeTooOld, "a part of the answer was checked longer ago than maxAge allows"},
	{503, codeUncaptured, "the scope is known and was never captured successfully"},
	{503, codeNoData, "nothing has been captured for the region yet"},
	{503, codeStorage, "the storage cannot be reached and nothing is at hand"},
	{503, codeDamaged, "a stored object that the answer needs is damaged"},
	{503, "ServiceUnavailable", "the answer was not ready when the function's time was over"},
}

// maxFaults bounds the parameters that one error explains.
const maxFaults = 10

// faultsError reports bad parameters together. What is allowed is said once,
// where several parameters have it in common.
func newFaultsError(faults []paramFault) *apierror.Error {
	var parts, said []string
	for _, f := range faults[:min(len(faults), maxFaults)] {
		text := fmt.Sprintf("parameter %s %s", f.name, f.reason)
		if f.allowed != "" && !slices.Contains(said, f.allowed) {
			text += "; allowed: " + f.allowed
			said = append(said, f.allowed)
		}
		if !strings.HasSuffix(text, "?") {
			text += "."
		}
		parts = append(parts, text)
	}
	switch more := len(faults) - len(parts); {
	case more == 1:
		parts = append(parts, "And 1 more parameter is wrong.")
	case more > 1:
		parts = append(parts, fmt.Sprintf("And %d more parameters are wrong.", more))
	}
	return &apierror.Error{Status: http.StatusBadRequest, Code: faults[0].code, Message: strings.Join(parts, " "), Recommend: recommendParams}
}

// clusterError names a cluster that is not captured.
type clusterError struct {
	region    string
	name      string
	clusters  []string
	listed    bool   // upstream lists it
	elsewhere string // where or when it is captured, if ever
	past      int64  // the commit at which it is not; 0: now
}

func (e *clusterError) Error() string {
	is, when := pastOrPresent(e.past)
	text := fmt.Sprintf("cluster %s %s not captured in %s%s", quote(e.name), is, e.region, when)
	switch {
	case e.name == "":
		text = fmt.Sprintf("what is offered without a cluster %s not captured in %s%s", is, e.region, when)
	case e.name == allNames:
		return fmt.Sprintf("no cluster %s captured in %s%s", is, e.region, when)
	case e.listed:
		text = fmt.Sprintf("cluster %s %s known in %s and not captured%s", quote(e.name), is, e.region, when)
	}
	return text + didYouMeanID(e.name, e.clusters) + e.elsewhere + "; captured clusters: " + joinNames(e.clusters)
}

// tense is how an error speaks of a commit of the past, or of now if that is 0.
func pastOrPresent(past int64) (is, when string) {
	if past == 0 {
		return "is", ""
	}
	return "was", fmt.Sprintf(" at commit %d", past)
}

// scopeError names an instance type that is not captured for a cluster.
type scopeError struct {
	region, cluster, instanceType string
	types                         []string
	past                          int64 // the commit at which it is not; 0: now
}

func (e *scopeError) Error() string {
	types := make([]string, len(e.types))
	for i, t := range e.types {
		types[i] = nameOrNone(t)
	}
	is, when := pastOrPresent(e.past)
	text := fmt.Sprintf("cluster %s of %s %s not", nameOrNone(e.cluster), e.region, is)
	if e.cluster == allNames {
		text = fmt.Sprintf("no cluster of %s %s", e.region, is)
	}
	return fmt.Sprintf("%s captured with instance type %s%s%s; captured are: %s", text, nameOrNone(e.instanceType), when, didYouMeanID(e.instanceType, e.types), joinNames(types))
}

// uncapturedError names a scope that has no content yet, or had none at a
// commit of the past.
type notReadyError struct {
	scope   catalog.Scope
	problem *archive.Problem
	past    int64 // the commit; 0: now
}

func (e *notReadyError) Error() string {
	if e.past > 0 {
		return fmt.Sprintf("scope %s had never been captured successfully at commit %d; its check then: %s", e.scope, e.past, describeProblem(e.problem))
	}
	return fmt.Sprintf("scope %s was never captured successfully; the last check: %s", e.scope, describeProblem(e.problem))
}

// asOf says of a scope without content at a commit that is asked for by number
// that it was so then: no run will change it, be the commit the last one.
func pinToCommit(m asOf, err error) error {
	var e *notReadyError
	if m.sequence == 0 || !errors.As(err, &e) || e.past > 0 {
		return err
	}
	return &notReadyError{e.scope, e.problem, m.sequence}
}

// momentError says which parameter names a moment that the history does not have.
type asOfError struct {
	param, is string
	error
}

func (e *asOfError) Unwrap() error { return e.error }

// blame says of an error about a moment that a parameter names it.
func withParam(param string, err error) error {
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

// told goes on where a message has told which moments there are.
func (e *asOfError) hint() string {
	if e == nil {
		return "."
	}
	return "; " + e.param + " is " + e.is + "."
}

// orNone writes a cluster or an instance type, of which catalog.Any is none.
func nameOrNone(name string) string {
	if name == "" || name == catalog.Any {
		return "(none)"
	}
	return truncate(name, 80)
}

// listed joins names, as many as an error may hold.
func joinNames(names []string) string {
	if len(names) == 0 {
		return "(none)"
	}
	if more := len(names) - maxListed; more > 0 {
		return strings.Join(names[:maxListed], ", ") + fmt.Sprintf(" and %d more (see /v1/clusters)", more)
	}
	return strings.Join(names, ", ")
}

// explain turns any error into what the caller is told. It is the only place
// that knows statuses.
func toAPIError(err error) *apierror.Error {
	var (
		api        *apierror.Error
		cluster    *clusterError
		scope      *scopeError
		uncaptured *notReadyError
		damaged    *archive.DamagedError
		early      *archive.TooEarlyError
		future     *archive.FutureError
		store      *storeError
		moment     *asOfError
		empty      = &noDataError{regions: "this region"}
	)
	errors.As(err, &moment)
	switch {
	case errors.As(err, &api):
		return api
	case errors.As(err, &cluster):
		recommend := "Use one of the captured clusters, or leave ClusterId out for images that every cluster supports."
		if cluster.name == "" {
			recommend = "Name one of the captured clusters with ClusterId, or all of them with ClusterId=*."
		}
		return &apierror.Error{Status: 404, Code: codeCluster, Message: asSentence(err), Recommend: recommend}
	case errors.As(err, &scope):
		return &apierror.Error{Status: 404, Code: codeScope, Message: asSentence(err), Recommend: "Use a captured instance type, or leave InstanceType out for images that every type supports."}
	case errors.As(err, &uncaptured) && uncaptured.past > 0: // no run will change it
		return &apierror.Error{Status: 404, Code: codeScope, Message: asSentence(err), Recommend: "Ask for a later time; /v1/clusters?at= shows the state of every scope."}
	case errors.As(err, &uncaptured):
		return &apierror.Error{Status: 503, Code: codeUncaptured, Message: asSentence(err), Recommend: "Try again after the next run; /v1/clusters shows the state of every scope.", RetryAfter: retryNextRun}
	case errors.As(err, &early):
		return &apierror.Error{Status: 404, Code: codeEarly, Recommend: "Ask for that time or a later one; the feed from its beginning is since=0.",
			Message: fmt.Sprintf("The history that is kept begins at %s with commit %d%s", early.First, early.FirstSequence, moment.hint())}
	case errors.As(err, &future):
		return &apierror.Error{Status: 404, Code: codeFuture, Message: fmt.Sprintf("The last commit is number %d%s", future.Last, moment.hint()), Recommend: "Ask for that commit or an earlier one."}
	case errors.As(err, &empty), errors.Is(err, archive.ErrNoData):
		return &apierror.Error{Status: 503, Code: codeNoData, Message: "Nothing has been captured for " + empty.regions + " yet.", Recommend: "Try again after the first run of the snapshot function.", RetryAfter: retryNextRun, Cause: err}
	case errors.As(err, &damaged):
		return &apierror.Error{Status: 503, Code: codeDamaged, Message: "A stored object that this answer needs is damaged; other answers are not affected.", Recommend: "Tell the operator the RequestId; the log names the object.", RetryAfter: retryNextRun, Cause: err}
	case errors.As(err, &store), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &apierror.Error{Status: 503, Code: codeStorage, Message: "The storage cannot be reached and this instance does not hold the data" + store.regionSuffix() + ".", Recommend: "Try again in a few seconds.", RetryAfter: retrySoon, Cause: err}
	}
	return &apierror.Error{Status: 500, Code: codeInternal, Message: "An unexpected failure.", Recommend: "Tell the operator the RequestId.", Cause: err}
}

// sentence begins an error text with a capital and ends it with a full stop.
func asSentence(err error) string {
	text := strings.TrimSuffix(err.Error(), ".") // such as that of a message from upstream
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
