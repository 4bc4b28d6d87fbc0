package query

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"community-images/shared/access"
	"community-images/shared/apierror"
	"community-images/shared/archive"
)

// Options are what a handler is made of.
type Options struct {
	// Archive is where the data comes from. Required.
	Archive Source
	// Regions are the regions that are served, in the order of errors. Required.
	Regions []string
	// MaxStale is the age of the last check from which a scope is marked
	// stale; 0: never.
	MaxStale time.Duration
	// HeadTTL is how long a head is used without asking the store; 0: not at all.
	HeadTTL time.Duration
	// Redact names members of images that no answer and no filter may show.
	Redact []string
	// Warm begins to read what the first lookup will need, the head of the region
	// if there is but one. A lookup that comes meanwhile waits for that reading;
	// if it fails, the lookup reads for itself, and nothing is reported.
	Warm bool
	// Gzip compresses answers for clients that accept it.
	Gzip bool
	// Tokens are the bearer tokens that are accepted, and Keys the access keys
	// of the replica. With any of either, nobody is answered without one, but
	// for /healthz and /. With none, whoever gets here may ask everything.
	Tokens access.Tokens
	Keys   access.Keys
	// Version of the program, for /v1/status.
	Version string
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// RequestID gives the id of a request. Default: the header X-Request-Id.
	RequestID func(context.Context) string
	// Report is called with failures whose details the caller is not told.
	// Default: nothing.
	Report func(ctx context.Context, requestID string, err error)
}

const (
	cacheLists    = 96 << 20 // bytes, about
	cacheSets     = 16 << 20
	cacheBodies   = 256 << 10
	cacheRequests = 128 // parsed queries; fewer if they have large expressions
	cacheStates   = 64  // past states
)

// config is what parsing needs to know.
type config struct {
	schema   *schema
	regions  []string
	maxStale time.Duration
	gzip     bool
	version  string
	now      func() time.Time
	ttl      time.Duration
}

// service is the handler.
type service struct {
	config
	callerCheck
	restriction
	source         Source
	routes         []*route
	lookupMetrics  *lookupMetrics
	states         map[string]stateSource
	histories      map[string]*history
	lists          *listLoader
	sets           *imageSets
	bodies         *lru[string, *body]
	parsedRequests *lru[string, *request]
	past           *lru[string, *regionState]
	requestID      func(context.Context) string
	report         func(context.Context, string, error)
}

// New returns the handler of every data route.
func New(o Options) *Service {
	redact := slices.DeleteFunc(slices.Clone(o.Redact), func(name string) bool { return name == "ImageId" })
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(context.Context, string, error) {}
	}
	s := &service{
		config:      config{schema: newSchema(redact), regions: o.Regions, maxStale: o.MaxStale, gzip: o.Gzip, version: o.Version, now: o.Now, ttl: o.HeadTTL},
		callerCheck: callerCheck{tokens: o.Tokens, keys: o.Keys},
		source:      o.Archive, states: map[string]stateSource{}, histories: map[string]*history{}, requestID: o.RequestID, report: o.Report,
		bodies:         newLRU[string, *body](cacheBodies),
		parsedRequests: newLRU[string, *request](cacheRequests),
		past:           newLRU[string, *regionState](cacheStates),
	}
	for _, region := range o.Regions {
		states := &stateCache{source: o.Archive, region: region, ttl: o.HeadTTL, now: o.Now, report: o.Report}
		s.states[region] = states
		if o.Warm && len(o.Regions) == 1 {
			states.startAttempt(context.Background(), attempt{warmUp: true})
		}
		s.histories[region] = newHistory()
	}
	s.lists = &listLoader{source: o.Archive, redactedFields: redact, cache: newListCache(cacheLists)}
	s.sets = &imageSets{lists: s.lists, kept: newLRU[string, *imageSet](cacheSets)}
	s.routes = s.buildRoutes()
	s.lookupMetrics = newLookupMetrics(s.routes)
	s.restriction = newRestriction(s)
	return s
}

// ServeHTTP implements http.Handler. It never panics.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &call{service: s, r: r, seen: statusWriter{ResponseWriter: w}}
	x.w, x.id = &x.seen, x.findRequestID()
	began := time.Now()
	defer func() { s.lookupMetrics.countLookup(x.route, x.seen.status, time.Since(began)) }()
	defer func() {
		if p := recover(); p != nil {
			x.sendError(&apierror.Error{Status: 500, Code: codeInternal, Message: "An unexpected failure.", Recommend: "Tell the operator the RequestId.",
				Cause: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
		}
	}()
	ctx := WithReadBudget(r.Context())
	if err := x.serveRoute(ctx); err != nil {
		x.sendError(toAPIError(err))
	}
}

// call is one request and its answer.
type call struct {
	*service
	w       http.ResponseWriter
	r       *http.Request
	id      string
	private bool // the answer depends on who asks
	written bool
	route   *route // nil: the path is none
	seen    statusWriter
}

func (x *call) findRequestID() string {
	if x.requestID != nil {
		if id := x.requestID(x.r.Context()); id != "" {
			return id
		}
	}
	id := x.r.Header.Get("X-Request-Id")
	if len(id) > 128 || !isPrintable(id) {
		return ""
	}
	return id
}

func (x *call) serveRoute(ctx context.Context) error {
	path := x.r.URL.EscapedPath()
	size := len(path) + 1 + len(escapeForHeader(x.r.URL.RawQuery)) // as a Link says it again
	if size > maxURIBytes {
		return requestTooLong(size, maxURIBytes)
	}
	denied := x.authenticate()
	rt, id, err := x.findRoute(path)
	if err != nil {
		return err
	}
	x.route = rt
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		return &apierror.Error{Status: http.StatusMethodNotAllowed, Code: codeMethod, Message: fmt.Sprintf("%s is not allowed here; allowed: %s.", quoteName(x.r.Method), rt.allowedMethods()), Recommend: "Use GET.", Allow: rt.allowedMethods()}
	}
	if x.private = x.requiresToken() && !rt.public; x.private && denied != nil {
		return denied
	}
	a, err := x.parseRequest(rt, id)
	if err != nil {
		return err
	}
	if size > maxURIBytes-linkReserve && rt.hasParam(paramCursor.name) && !x.hasRoomForCursor(a) {
		return requestTooLong(size, maxURIBytes-linkReserve)
	}
	if joinHeaderLines(x.r.Header, "If-None-Match") != "" {
		ctx = context.WithValue(ctx, conditionalKey{}, true)
	}
	ans, err := rt.serve(ctx, a)
	if err != nil {
		return x.explainMissingCluster(ctx, pinToCommit(a.at, err))
	}
	return x.send(ctx, a, ans)
}

// hasRoomForCursor says of a long question whether the Link to a next page can say it
// again with the cursor of that page in the place of its own.
func (x *call) hasRoomForCursor(a *request) bool {
	if a.cursor == nil && !a.since.cursor {
		return false
	}
	room := linkReserve
	if a.region != "" { // as a Link has named it, which took its part of the room
		room = len("&cursor=") + maxCursorBytes
	}
	return len(x.nextURL("", ""))-len("&cursor=")+room <= maxURIBytes
}

func requestTooLong(size, most int) error {
	return &apierror.Error{Status: http.StatusRequestURITooLong, Code: codeTooLong, Message: fmt.Sprintf("Path and query have %d bytes, at most %d are taken.", size, most), Recommend: "Ask for less at a time; use prefix, glob or regex instead of long lists."}
}

// findRoute returns the route of a path and the image id in it.
func (s *service) findRoute(path string) (*route, string, error) {
	for _, rt := range s.routes {
		id, ok := rt.matchPath(path)
		if !ok {
			continue
		}
		id, err := url.PathUnescape(id)
		if err != nil || !isPrintable(id) || len(id) > maxImageID {
			return nil, "", &apierror.Error{Status: 404, Code: codeImage, Message: "The path does not hold the id of an image.", Recommend: "Write the ImageId percent-encoded, as in /v1/images/m-bp181x855551ww5yq."}
		}
		return rt, id, nil
	}
	patterns := make([]string, len(s.routes))
	for i, rt := range s.routes {
		patterns[i] = rt.pattern
	}
	return nil, "", &apierror.Error{Status: 404, Code: codeRoute, Message: fmt.Sprintf("There is no %s%s; there are %s.", quote(path), didYouMean(path, patterns), strings.Join(patterns, ", ")), Recommend: "Use one of these paths."}
}

// maxImageID bounds the id in a path, in bytes.
const maxImageID = 256

// parseRequest returns what is asked, from memory if the same was asked before.
func (x *call) parseRequest(rt *route, id string) (*request, error) {
	accept := joinHeaderLines(x.r.Header, "Accept")
	key := x.grantKey + rt.pattern + "\n" + id + "\n" + x.r.URL.RawQuery + "\n" + accept
	if a, ok := x.parsedRequests.get(key); ok {
		return a, nil
	}
	a, faults := parse(&x.config, rt, id, x.r.URL.RawQuery)
	if len(faults) > 0 {
		return nil, newFaultsError(faults)
	}
	if a.format == "" {
		format, ok := negotiateFormat(accept, rt.formats)
		if !ok {
			return nil, newNotAcceptableError(rt)
		}
		a.format = format
	}
	x.parsedRequests.put(key, a, 1+a.cost*cacheRequests/maxTotalCost)
	return a, nil
}

// loadState returns the state that the caller asks about, and the present one.
func (s *service) loadState(ctx context.Context, a *request, region string) (currentState, *regionState, error) {
	h, err := s.states[region].get(ctx)
	if err != nil {
		return currentState{}, nil, wrapStoreError(region, err)
	}
	st, err := s.stateAsOf(ctx, h, a.at)
	return h, st, withParam("at", err)
}

// moment returns the state at a moment.
func (s *service) stateAsOf(ctx context.Context, h currentState, m asOf) (*regionState, error) {
	switch {
	case s.full != nil:
		return s.restrictedMoment(ctx, h, m)
	case !m.set, m.sequence != 0 && m.sequence == h.Sequence:
		return h.regionState, nil
	case m.sequence != 0:
		return s.loadPastState(ctx, h, fmt.Sprint(h.RegionID, "#", m.sequence), func(ctx context.Context) (*archive.Region, error) {
			return s.source.AtSequence(ctx, h.Region, m.sequence)
		})
	}
	t := m.resolveTime(s.now())
	if !t.Before(h.CommittedAt.Time) {
		return h.regionState, nil
	}
	// What stood at a time before the last commit can never change.
	return s.loadPastState(ctx, h, fmt.Sprint(h.RegionID, " ", t.UnixNano()), func(ctx context.Context) (*archive.Region, error) {
		return s.source.At(ctx, h.Region, t)
	})
}

// loadStateAtCommit returns the state after a commit.
func (s *service) loadStateAtCommit(ctx context.Context, h currentState, n int64) (*regionState, error) {
	return s.stateAsOf(ctx, h, asOf{set: true, sequence: n})
}

func (s *service) loadPastState(ctx context.Context, h currentState, key string, read func(context.Context) (*archive.Region, error)) (*regionState, error) {
	if st, ok := s.past.get(key); ok {
		return st, nil
	}
	ctx, cancel := withReadDeadline(ctx)
	defer cancel()
	r, err := read(ctx)
	if err != nil {
		return nil, wrapStoreError(h.RegionID, err)
	}
	same := fmt.Sprint(h.RegionID, "#", r.Sequence)
	st, ok := s.past.get(same)
	if !ok {
		st = newRegionState(r, false)
		s.past.put(same, st, 1)
	}
	s.past.put(key, st, 1)
	return st, nil
}
