package query

import (
	"context"
	"slices"
	"time"

	"community-images/shared/access"
)

// Options are what a handler is made of.
type Options struct {
	// Archive is where the data comes from. Required.
	Archive Source
	// Regions are the regions that are served, in the order in which errors
	// name them. Required.
	Regions []string
	// MaxStale is the age of its last check from which a scope is marked stale;
	// 0 means never.
	MaxStale time.Duration
	// HeadTTL is how long a head is used without asking the store; 0 means that
	// every lookup asks.
	HeadTTL time.Duration
	// Redact names the members of images that no answer and no filter may show.
	Redact []string
	// Warm starts to read what the first lookup needs: the head of the region,
	// if there is one region only. A lookup waits for that read. If it fails,
	// the lookup reads for itself, and nothing is reported.
	Warm bool
	// Gzip compresses answers for clients that accept it.
	Gzip bool
	// Version of the program, for /v1/status.
	Version string

	Callers
	Hooks
}

// Callers says who may ask. With any token or key, a caller without a valid one
// is answered on /healthz and / only. Without both, everybody may ask
// everything.
type Callers struct {
	// Tokens are the bearer tokens that are accepted.
	Tokens access.Tokens
	// Keys are the access keys that the replica accepts.
	Keys access.Keys
}

// Hooks connect the handler to the program around it. Each may be nil.
type Hooks struct {
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// RequestID returns the id of a request. Default: its header X-Request-Id.
	RequestID func(context.Context) string
	// Report is called with failures whose details the caller does not see.
	// Default: nothing.
	Report func(ctx context.Context, requestID string, err error)
}

// The sizes of the caches.
const (
	maxListBytes      = 96 << 20 // approximate bytes of image lists
	maxSetBytes       = 16 << 20 // approximate bytes of merged image sets
	maxBodyCacheBytes = 256 << 10
	maxRequests       = 128 // parsed requests; fewer if their expressions are large
	maxPastStates     = 64
)

// config is what the parser of requests needs to know.
type config struct {
	schema *schema
	// regions are those that the caller may see. A restricted service has fewer.
	regions  []string
	maxStale time.Duration    // see Options.MaxStale
	gzip     bool             // see Options.Gzip
	version  string           // of the program
	now      func() time.Time // never nil
	ttl      time.Duration    // see Options.HeadTTL
}

// service is the handler. A caller whose grant names clusters is served by a
// restricted copy, which shares the caches of contents with the full service.
type service struct {
	config
	callerCheck
	restriction
	regionCaches
	contentCaches
	answerCaches
	source        Source
	routes        []*route
	lookupMetrics *lookupMetrics
	requestID     func(context.Context) string // nil: see Hooks.RequestID
	report        func(context.Context, string, error)
}

// regionCaches hold what is known of the regions. A restricted service has its
// own, but for past.
type regionCaches struct {
	states map[string]stateSource // the present, by region
	past   *lru[string, *regionState]
}

// contentCaches hold images by the digest of their list. All services share
// them.
type contentCaches struct {
	lists *listLoader
	sets  *imageSets
}

// answerCaches hold what depends on the caller too. All services share them;
// the keys begin with the caller's grant.
//
// That is why a caller cannot learn from the speed of an answer what others
// ask.
type answerCaches struct {
	bodies         *lru[string, *body]
	parsedRequests *lru[string, *request]
}

// New returns the handler of every data route.
func New(o Options) *Service {
	// Images are identified by their ids, which therefore cannot be hidden.
	redact := slices.DeleteFunc(slices.Clone(o.Redact), func(name string) bool { return name == "ImageId" })
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(context.Context, string, error) {}
	}
	lists := newListLoader(o.Archive, redact)
	s := &service{
		config: config{
			schema: newSchema(redact), regions: o.Regions, maxStale: o.MaxStale, gzip: o.Gzip, version: o.Version,
			now: o.Now, ttl: o.HeadTTL,
		},
		callerCheck:   callerCheck{tokens: o.Tokens, keys: o.Keys},
		regionCaches:  newCaches(o),
		contentCaches: contentCaches{lists: lists, sets: newImageSets(lists)},
		answerCaches: answerCaches{
			bodies:         newLRU[string, *body](maxBodyCacheBytes),
			parsedRequests: newLRU[string, *request](maxRequests),
		},
		source:    o.Archive,
		requestID: o.RequestID,
		report:    o.Report,
	}
	// The routes are methods of s, so they come after its fields; the
	// restricted services are copies of s, so they come last.
	s.routes = s.buildRoutes()
	s.lookupMetrics = newLookupMetrics(s.routes)
	s.restriction = newRestriction(s)
	return s
}

// newCaches makes the caches of all regions, and starts to read the head
// if the options say so.
func newCaches(o Options) regionCaches {
	c := regionCaches{
		states: map[string]stateSource{},
		past:   newLRU[string, *regionState](maxPastStates),
	}
	for _, region := range o.Regions {
		states := &stateCache{source: o.Archive, region: region, ttl: o.HeadTTL, now: o.Now, report: o.Report}
		// With several regions it is not known which one the first lookup
		// needs.
		if o.Warm && len(o.Regions) == 1 {
			states.startAttempt(context.Background(), attempt{warmUp: true})
		}
		c.states[region] = states
	}
	return c
}
