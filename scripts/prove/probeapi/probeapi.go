// Package probeapi is what scripts/prove and its probe agree on: the probe is the
// program that a temporary deployment runs in place of the functions.
package probeapi

// Paths of the probe's HTTP interface. Those that end with a slash are followed by
// a value.
const (
	PathSee     = "/see"     // responds with a Seen
	PathStore   = "/store"   // responds with a StoreSeen
	PathHeaders = "/headers" // responds with the headers of ReplyHeaders
	PathGzip    = "/gzip"    // responds with Text, compressed, as base64
	PathBase64  = "/base64"  // responds with Bytes as base64
	PathSize    = "/size/"   // responds with that many bytes
	PathStatus  = "/status/" // responds with that status and no body
	PathSleep   = "/sleep/"  // sleeps for that Go duration, then responds with a Seen
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

// EventsBelow is the prefix below which the probe stores what arrived without HTTP,
// after the prefix of the deployment. Each object is a Seen.
const EventsBelow = "/prove/events/"

// FailOnce is the member of an event that makes the probe fail the first try, after
// it has stored what it saw.
const FailOnce = "failOnce"

// Ask is a direct invocation that the probe answers like a request for a path.
type Ask struct {
	Probe string `json:"probe"` // one of the paths
}

// Seen is what the probe saw of one invocation.
type Seen struct {
	Event          string  // as it arrived
	RequestID      string  // of the invocation
	RetryCount     int     // 0 for the first try of an asynchronous event
	SecondsLeft    float64 // until the deadline, when the invocation began
	HasCredentials bool    // whether it brought an access key and a token
	Instance       string  // differs between processes
	InFlight       int     // largest number of invocations at the same time in the process
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
	Missing        string // get an object that does not exist below the prefix
	MissingOutside string // the same outside of the prefix
	List           string // list below the prefix
	ListOutside    string // list the whole bucket
	Put            string // put an object below the prefix
	PutOutside     string // the same outside of the prefix
	Append         string // append to an object below the prefix
	Delete         string // delete an object below the prefix
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
