package query

import (
	"context"
	"slices"
	"time"

	"community-images/shared/access"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/lookupmetrics"
	"community-images/shared/query/lru"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/source"
	"community-images/shared/query/state"
	"community-images/shared/query/status"
)

// Options are what a handler is made of.
type Options struct {
	// Archive is where the data comes from. Required.
	Archive source.Archive
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
	// Notify reads how the subscriptions to messages stand; nil: nobody is told anything.
	Notify *status.Subscriptions

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
	maxBodyCacheBytes = 256 << 10
	maxRequests       = 128 // parsed requests; fewer if their expressions are large
	maxPastStates     = 64
)

// Service is the handler that New returns. It never changes. What a caller may see is in
// the GrantReader of the caller's grant. Restrict lets another handler answer from the same
// memory.
type Service struct {
	callerCheck
	readers *grantReaders
	routes  []*servedRoute // see newServedRoutes
	counts  *lookupmetrics.Counts
	// Bodies and parsed requests depend on the caller too. All grants share their caches, and
	// the keys begin with the caller's grant: neither shows by its speed what callers of other
	// grants ask. Lists and image sets are shared, and can.
	responses      response.Settings
	parsedRequests *lru.Cache[string, *request.Request]
	maxStale       time.Duration                // see Options.MaxStale
	version        string                       // of the program
	notify         *status.Subscriptions        // see Options.Notify
	now            func() time.Time             // never nil
	requestID      func(context.Context) string // nil: see Hooks.RequestID
	report         func(context.Context, string, error)
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
	lists := imageset.NewListLoader(o.Archive, redact)
	s := &Service{
		callerCheck: callerCheck{tokens: o.Tokens, keys: o.Keys},
		responses: response.Settings{Gzip: o.Gzip, TTL: o.HeadTTL,
			Bodies: lru.New[string, *response.Body](maxBodyCacheBytes)},
		parsedRequests: lru.New[string, *request.Request](maxRequests),
		routes:         newServedRoutes(), maxStale: o.MaxStale, version: o.Version, notify: o.Notify,
		now: o.Now, requestID: o.RequestID, report: o.Report,
	}
	s.counts = lookupmetrics.New(o.Version, patternsOf(s.routes))
	states := newFullStates(o, lists)
	parser := request.Config{Schema: field.NewSchema(redact), Regions: o.Regions, Now: o.Now}
	full := newGrantReader(s, parser, states, imageset.NewCache(lists), access.Grant{})
	s.readers = newGrantReaders(full, states.Past)
	return s
}

// newFullStates makes the states of all regions, and starts to read the head if the
// options say so.
func newFullStates(o Options, index state.ImageIndex) *state.FullStates {
	f := &state.FullStates{
		Source: o.Archive, Index: index, Now: o.Now, Caches: map[string]*state.StateCache{},
		Past: lru.New[string, *state.RegionState](maxPastStates),
	}
	for _, region := range o.Regions {
		cache := &state.StateCache{Source: o.Archive, Region: region, Ttl: o.HeadTTL, Now: o.Now, Report: o.Report}
		// With several regions it is not known which one the first lookup
		// needs.
		if o.Warm && len(o.Regions) == 1 {
			cache.StartAttempt(context.Background(), state.Attempt{WarmUp: true})
		}
		f.Caches[region] = cache
	}
	return f
}
