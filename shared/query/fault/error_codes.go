package fault

import "community-images/shared/message"

// The error codes. They are part of the public interface and must not change.
// ErrorCodes says what each means to a caller.
const (
	// Faults of the request, which is wrong whatever is stored.
	CodeUnknown = "UnknownParameter"
	CodeInvalid = "InvalidParameter"
	CodeMissing = "MissingParameter"

	// Faults of the method, the path and the headers.
	CodeRoute        = "RouteNotFound"
	CodeMethod       = "MethodNotAllowed"
	CodeAccept       = "NotAcceptable"
	CodePrecondition = "PreconditionFailed"
	CodeTooLong      = "QueryTooLong"
	CodeUnauthorized = "Unauthorized"
	CodeForbidden    = "Forbidden"

	// What the request names is not there. Another time or name can help.
	CodeCluster = "ClusterNotFound"
	CodeScope   = "ScopeNotCaptured"
	CodeImage   = "ImageNotFound"
	CodeGone    = "ImageGone"
	CodeAlias   = "AliasNotFound"
	CodePin     = "PinnedImageGone"
	CodeLookup  = "AliasUnusable"
	CodeNoMatch = "NoImageMatches"
	CodeExpired = "CursorExpired"
	CodeEarly   = "BeforeFirstCommit"
	CodeFuture  = "CommitNotFound"

	// The answer cannot be given now. The same request can succeed later.
	CodeNotReady = "ScopeNotReady"
	CodeTooOld   = "SnapshotTooOld"
	CodeNoData   = "RegionNotReady"
	CodeStorage  = "StorageUnavailable"
	CodeDamaged  = "DataDamaged"
	CodeInternal = "InternalError"
	CodeTimeout  = "ServiceUnavailable"
)

// About says what a code means, for people.
func About(code string) message.Template {
	for _, known := range ErrorCodes {
		if known.Code == code {
			return known.About
		}
	}
	return ""
}

// ErrorCodes lists every code with its status and meaning, for the OpenAPI
// document. The codes of package fcrun are written out.
var ErrorCodes = []struct {
	// Status is the HTTP status. Each code has one status only.
	Status int
	Code   string
	About  message.Template // completes "CODE: ..."
}{
	{400, CodeUnknown, "the route has no parameter of this name"},
	{400, CodeInvalid, "a parameter has a value that is not allowed"},
	{400, CodeMissing, "a parameter that is required here is missing"},
	{400, "InvalidEvent", "the function was invoked with an event that is not an HTTP request"},
	{400, "ResponseTooLarge", "the answer is larger than Function Compute can send"},
	{401, CodeUnauthorized, "the token is missing, malformed, unknown or expired"},
	{403, CodeForbidden, "the token grants none of the regions that are served"},
	{404, CodeRoute, "no route has this path"},
	{404, CodeCluster, "the cluster is not captured"},
	{404, CodeScope, "the cluster is captured, but not with this instance type or not yet at the requested time"},
	{404, CodeImage, "no captured scope ever offered the image, or none did up to the requested time"},
	{404, CodeNoMatch, "fewer images match than minCount requires"},
	{404, CodeEarly, "the requested time is before the first commit that is kept"},
	{404, CodeFuture, "no commit has this number yet, or a feed would begin after its end"},
	{404, CodeAlias, "no alias has this name, or none had at the requested time"},
	{405, CodeMethod, "only GET and HEAD are allowed"},
	{406, CodeAccept, "the route has none of the media types in the Accept header"},
	{409, CodePin, "the alias is pinned to an image that its scopes no longer offer"},
	{409, CodeLookup, "the lookup of the alias cannot be answered here, for example because a field of it is withheld"},
	{410, CodeGone, "the requested scopes offered the image once and no longer do"},
	{410, CodeExpired, "the state that the cursor belongs to, or the commits after it, are no longer kept, or the log " +
		"does not hold the commit that the cursor follows, for example after a restore"},
	{412, CodePrecondition, "If-Match names other answers than the present one"},
	{413, "RequestTooLarge", "the event that FC makes of the request is larger than 256 KB"},
	{414, CodeTooLong, "the escaped path and query are longer than 4096 bytes, or leave less than 80 of them for " +
		"the cursor of a next page"},
	{500, CodeInternal, "an unexpected failure; its details are in the log under the RequestId"},
	{503, CodeTooOld, "a part of the answer was last checked longer ago than maxAge allows"},
	{503, CodeNotReady, "the scope is known but has never been captured successfully"},
	{503, CodeNoData, "nothing has been captured for the region yet"},
	{503, CodeStorage, "the storage cannot be reached, or does not give the log in time, and this instance has no copy " +
		"of the data"},
	{503, CodeDamaged, "a stored object that the answer needs is damaged, or has another format than this program reads"},
	{503, CodeTimeout, "the time was too short: the function timed out before the answer was ready, or the answer " +
		"needs more history than one answer can read"},
}
