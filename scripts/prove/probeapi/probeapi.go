// Package probeapi is what scripts/prove and its probe agree on: the probe is the
// program that a temporary deployment runs in place of the functions.
package probeapi

// Paths of the probe's HTTP interface. Those that end with a slash are followed by
// a value.
const (
	// PathSee responds with a Seen. Longer paths below it do the same.
	PathSee = "/see"
	// PathStore responds with a StoreSeen, after some requests to the bucket.
	PathStore = "/store"
	// PathHeaders responds with the headers of ReplyHeaders.
	PathHeaders = "/headers"
	// PathGzip responds with Text, compressed, as base64.
	PathGzip = "/gzip"
	// PathBase64 responds with Bytes as base64.
	PathBase64 = "/base64"
	// PathSize responds with that many bytes of text.
	PathSize = "/size/"
	// PathStatus responds with that status, an ETag and no body.
	PathStatus = "/status/"
	// PathSleep sleeps for that Go duration, then responds with a Seen.
	PathSleep = "/sleep/"
)

// Text is the content of the response of PathGzip.
const Text = "The quick brown fox jumps over the lazy dog. 快速的棕色狐狸跳过懒狗。\n"

// Bytes is the content of the response of PathBase64: every byte value.
func Bytes() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}

// ReplyHeaders are the headers of the response of PathHeaders, besides
// Content-Type: one of each kind that the functions send.
func ReplyHeaders() map[string]string {
	return map[string]string{
		"Cache-Control": "private, no-cache", "ETag": `"0123456789abcdef"`, "Vary": "Accept, Authorization",
		"X-Snapshot-Age": "17", "Link": `<https://example.com/?a=b>; rel="next"`,
		"Content-Disposition": `inline; filename="images.csv"`, "Content-Security-Policy": "default-src 'none'",
	}
}

// Archive is the step of all keys of the archive after the prefix of the deployment. The
// roles reach nothing else that is written.
const Archive = "/v1/"

// EventsBelow is the prefix below which the probe stores what arrived without HTTP,
// after the prefix of the deployment. Each object is a Seen.
const EventsBelow = Archive + "prove/events/"

// FailOnce is the member of an event that makes the probe fail the first try, after
// it has stored what it saw.
const FailOnce = "failOnce"

// Ask is a direct invocation that the probe answers like a request for a path.
type Ask struct {
	Probe string `json:"probe"` // one of the paths
}

// Seen is what the probe saw of one invocation.
type Seen struct {
	// Event is the event as it arrived, before anything decodes it.
	Event string
	// RequestID is that of the invocation.
	RequestID string
	// RetryCount is 0 for the first try of an asynchronous event.
	RetryCount int
	// SecondsLeft is the time until the deadline when the invocation began.
	SecondsLeft float64
	// HasCredentials says whether it brought an access key and a token.
	HasCredentials bool
	// Instance differs between processes, and with them between instances.
	Instance string
	// InFlight is the largest number of invocations at the same time in the process.
	InFlight int
	// Ticks counts how often a goroutine woke between the invocation before and this
	// one. It tries to do so each TickMillis.
	Ticks int
	// IdleMillis is the time between the two invocations.
	IdleMillis int64
	// Environment has the names of all variables, and the values of those that are
	// not secret; other values are replaced by "-".
	Environment map[string]string
}

// TickMillis is the time between two ticks, in milliseconds.
const TickMillis = 20

// StoreSeen is what a function's role may do in the bucket. Each text is one of the
// constants below, or the error.
type StoreSeen struct {
	// Missing is for a read of an object that does not exist, below Archive.
	Missing string
	// MissingOutside is the same below the prefix, but not below Archive.
	MissingOutside string
	// List is for a list below Archive.
	List string
	// ListOutside is for a list of the whole bucket.
	ListOutside string
	// Put is for storing an object below Archive.
	Put string
	// PutOutside is the same below the prefix, but not below Archive.
	PutOutside string
	// Append is for an append to an object below Archive.
	Append string
	// Delete is for the removal of both objects.
	Delete string
}

// Outcomes in a StoreSeen.
const (
	Allowed  = "allowed"
	Refused  = "403"
	NotFound = "404"
	// Hidden says that a missing object was answered by 403, and that a list of its
	// key told that it is missing.
	Hidden = "403, and a list that is empty"
)
