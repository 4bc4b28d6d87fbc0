package query

// The error codes. They are part of the public interface and must not change.
// errorCodes says what each means to a caller.
const (
	// Faults of the request, which is wrong whatever is stored.
	codeUnknown = "UnknownParameter"
	codeInvalid = "InvalidParameter"
	codeMissing = "MissingParameter"

	// Faults of the method, the path and the headers.
	codeRoute        = "RouteNotFound"
	codeMethod       = "MethodNotAllowed"
	codeAccept       = "NotAcceptable"
	codePrecondition = "PreconditionFailed"
	codeTooLong      = "QueryTooLong"
	codeUnauthorized = "Unauthorized"
	codeForbidden    = "Forbidden"

	// What the request names is not there. Another time or name can help.
	codeCluster = "ClusterNotFound"
	codeScope   = "ScopeNotCaptured"
	codeImage   = "ImageNotFound"
	codeGone    = "ImageGone"
	codeNoMatch = "NoImageMatches"
	codeExpired = "CursorExpired"
	codeEarly   = "BeforeFirstCommit"
	codeFuture  = "CommitNotFound"

	// The answer cannot be given now. The same request can succeed later.
	codeNotReady = "ScopeNotReady"
	codeTooOld   = "SnapshotTooOld"
	codeNoData   = "RegionNotReady"
	codeStorage  = "StorageUnavailable"
	codeDamaged  = "DataDamaged"
	codeInternal = "InternalError"
	codeTimeout  = "ServiceUnavailable"
)

// errorCodes lists every code with its status and meaning, for the OpenAPI
// document. The codes of package fcrun are written out.
var errorCodes = []struct {
	// status is the HTTP status. Each code has one status only.
	status int
	code   string
	about  string // completes "CODE: ..."
}{
	{400, codeUnknown, "the route has no parameter of this name"},
	{400, codeInvalid, "a parameter has a value that is not allowed"},
	{400, codeMissing, "a parameter that is required here is missing"},
	{400, "InvalidEvent", "the function was invoked with an event that is not an HTTP request"},
	{400, "ResponseTooLarge", "the answer is larger than Function Compute can send"},
	{401, codeUnauthorized, "the token is missing, malformed, unknown or expired"},
	{403, codeForbidden, "the token grants none of the regions that are served"},
	{404, codeRoute, "no route has this path"},
	{404, codeCluster, "the cluster is not captured"},
	{404, codeScope, "the cluster is captured, but not with this instance type or not yet at the requested time"},
	{404, codeImage, "no captured scope ever offered the image, or none did up to the requested time"},
	{404, codeNoMatch, "fewer images match than minCount requires"},
	{404, codeEarly, "the requested time is before the first commit that is kept"},
	{404, codeFuture, "no commit has this number yet, or a feed would begin after its end"},
	{405, codeMethod, "only GET and HEAD are allowed"},
	{406, codeAccept, "the route has none of the media types in the Accept header"},
	{410, codeGone, "the requested scopes offered the image once and no longer do"},
	{410, codeExpired, "the state that the cursor belongs to, or the commits after it, are no longer kept, or the log " +
		"does not hold the commit that the cursor follows, for example after a restore"},
	{412, codePrecondition, "If-Match names other answers than the present one"},
	{413, "RequestTooLarge", "the event that FC makes of the request is larger than 256 KB"},
	{414, codeTooLong, "the escaped path and query are longer than 4096 bytes, or leave less than 80 of them for " +
		"the cursor of a next page"},
	{500, codeInternal, "an unexpected failure; its details are in the log under the RequestId"},
	{503, codeTooOld, "a part of the answer was last checked longer ago than maxAge allows"},
	{503, codeNotReady, "the scope is known but has never been captured successfully"},
	{503, codeNoData, "nothing has been captured for the region yet"},
	{503, codeStorage, "the storage cannot be reached, or does not give the log in time, and this instance has no copy " +
		"of the data"},
	{503, codeDamaged, "a stored object that the answer needs is damaged, or has another format than this program reads"},
	{503, codeTimeout, "the time was too short: the function timed out before the answer was ready, or the answer " +
		"needs more history than one answer can read"},
}
