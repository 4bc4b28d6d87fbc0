package replica

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"community-images/shared/access"
	"community-images/shared/apierror"
)

// Options configure a Replica.
type Options struct {
	// Source returns the data that a grant covers; what it does not cover must
	// not exist there. The zero grant covers everything. Required.
	Source func(*access.Grant) Source
	// Regions are the served regions, in the order of ListRegions. Required.
	Regions []string
	// MaxStale is the age of the last check from which an answer carries Warning:
	// 110. Zero: never.
	MaxStale time.Duration
	// Keys and Tokens are the credentials that are accepted. Without any,
	// everybody is answered and signatures are ignored, because there is nothing
	// to verify them with.
	Keys access.Keys
	// Tokens stand in for a signature. See Keys.
	Tokens access.Tokens
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// RequestID gives the id of a request. Default: none.
	RequestID func(context.Context) string
	// Report is called with internal errors whose details the caller does not
	// see. Default: nothing.
	Report func(ctx context.Context, requestID string, err error)
	// OnResponse is called after every response. Default: nothing.
	OnResponse func(status int, took time.Duration)
}

// Replica answers E-HPC's API. It is an http.Handler.
type Replica struct {
	options Options                // with a value for every hook
	nonces  map[string]*nonceStore // by access key id
}

// maxBody bounds the body of a request, in bytes.
const maxBody = 64 << 10

// New returns a replica.
func New(o Options) *Replica {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RequestID == nil {
		o.RequestID = func(context.Context) string { return "" }
	}
	if o.Report == nil {
		o.Report = func(context.Context, string, error) {}
	}
	if o.OnResponse == nil {
		o.OnResponse = func(int, time.Duration) {}
	}
	s := &Replica{options: o, nonces: make(map[string]*nonceStore, len(o.Keys))}
	for _, key := range o.Keys {
		s.nonces[key.ID] = newNonceStore(max(minNoncesPerKey, maxNonces/len(o.Keys)))
	}
	return s
}

// Matches reports whether a request is for the replica: any path below /at/, and
// calls of an operation at / or /<region>/, whether there is such a region or
// not.
func (s *Replica) Matches(r *http.Request) bool {
	path := strings.Trim(r.URL.Path, "/")
	first, _, _ := strings.Cut(path, "/")
	return first == "at" || (path == "" || s.looksLikeRegionID(path)) && namesOperation(r)
}

// namesOperation reports whether a request calls an operation: it names one, or
// has a parameter or header that only such calls have.
func namesOperation(r *http.Request) bool {
	if r.Method == http.MethodPost || r.Header.Get(headerAction) != "" || r.Header.Get(headerVersion) != "" {
		return true
	}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		for _, one := range [...]string{"Action", "Version", "AccessKeyId", "Signature"} {
			if strings.EqualFold(name, one) {
				return true
			}
		}
	}
	return false
}

// looksLikeRegionID reports whether a path segment has the form of a region id.
// It does not tell served regions from others, because not every caller may know
// which are served.
func (s *Replica) looksLikeRegionID(step string) bool {
	form := strings.Contains(step, "-") && !strings.ContainsFunc(step, func(r rune) bool {
		return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return form || slices.Contains(s.options.Regions, step)
}

// ServeHTTP implements http.Handler. It never panics. The context of the request
// bounds how long it waits for data.
func (s *Replica) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	began := time.Now()
	c := &call{Replica: s, w: w, r: r, requestID: s.options.RequestID(ctx), grant: &access.Grant{}}
	defer func() { s.options.OnResponse(c.status, time.Since(began)) }()
	defer func() {
		if p := recover(); p != nil {
			e := apierror.New(http.StatusInternalServerError, codeInternal, messageInternal, "")
			e.Cause = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			c.sendError(e)
		}
	}()
	if err := c.serve(ctx); err != nil {
		c.sendError(toAPIError(err))
	}
}

// call is one request and its response.
type call struct {
	*Replica
	w http.ResponseWriter
	r *http.Request // its body is read by parseRequest
	// requestID stands in every answer. Empty: Options.RequestID has none.
	requestID string
	status    int // that was written; 0: none yet

	parsedRequest
	grant *access.Grant // of the authenticated caller
}

// serve parses, authenticates and answers the request. Errors are for sendError.
func (c *call) serve(ctx context.Context) error {
	body, err := c.parseRequest()
	if err != nil {
		return err
	}
	if err := c.authenticate(body); err != nil {
		return err
	}
	// Whoever may see nothing learns nothing, not even which operations there are.
	switch {
	case len(c.allowedRegions()) == 0:
		return notAuthorized("The key or token covers none of the regions that are served here.")
	case c.invalidPath:
		return actionNotFound()
	case c.action == "":
		return apierror.New(http.StatusBadRequest, "MissingAction", "The action is not supplied.",
			"Supply Action, or the header x-acs-action: "+actions+".")
	case c.version == "":
		return missingParameter("Version", "Supply Version.")
	case c.version != version:
		return apierror.New(http.StatusBadRequest, "InvalidVersion", "Specified parameter Version is not valid.",
			"The only version here is "+version+".")
	}
	// Case matters in the names of operations.
	switch c.action {
	case "ListCommunityImages":
		return c.listImages(ctx)
	case "ListClusters":
		return c.listClusters(ctx)
	case "ListRegions":
		return c.listRegions(ctx)
	}
	return actionNotFound()
}

const (
	// version is that of E-HPC's API, which each request names.
	version = "2018-04-12"
	// actions lists the operations for messages.
	actions = "ListCommunityImages, ListClusters, ListRegions"
)

// actionNotFound is the error for a path or action that does not exist.
func actionNotFound() *apierror.Error {
	return apierror.New(http.StatusNotFound, "InvalidAction.NotFound",
		"Specified api is not found, please check your url and method.",
		"Answered here are "+actions+", at /, /<region>/, /at/<moment>/ and /at/<moment>/<region>/.")
}
