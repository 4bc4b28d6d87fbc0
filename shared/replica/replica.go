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

// Options are what a replica is made of.
type Options struct {
	// Source is where the data comes from, as far as a grant covers it: what it
	// does not cover must not exist there. The zero grant covers everything.
	// Required.
	Source func(*access.Grant) Source
	// Regions are the regions that are served, in the order of ListRegions. Required.
	Regions []string
	// MaxStale is the age of the last check from which an answer carries
	// Warning: 110; 0: never.
	MaxStale time.Duration
	// Keys and Tokens are who may ask. Without either, everybody is answered,
	// and a signature is not looked at: there is nothing to check it against.
	Keys   access.Keys
	Tokens access.Tokens
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// RequestID gives the id of a request. Default: none.
	RequestID func(context.Context) string
	// Report is called with failures whose details the caller is not told.
	// Default: nothing.
	Report func(ctx context.Context, requestID string, err error)
	// Note is told of every answer. Default: nothing.
	Note func(status int, took time.Duration)
}

// Replica is the handler.
type Replica struct {
	options Options
	nonces  map[string]*nonces // by access key id
}

const maxBody = 64 << 10 // bytes of a request

// New returns the handler.
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
	if o.Note == nil {
		o.Note = func(int, time.Duration) {}
	}
	s := &Replica{options: o, nonces: make(map[string]*nonces, len(o.Keys))}
	for _, key := range o.Keys {
		s.nonces[key.ID] = newNonces(max(leastNonces, mostNonces/len(o.Keys)))
	}
	return s
}

// Wants says whether a request is one for the replica: to /at/…, or a call of
// an operation to / or /<region>/, whether there is such a region or not.
func (s *Replica) Wants(r *http.Request) bool {
	path := strings.Trim(r.URL.Path, "/")
	first, _, _ := strings.Cut(path, "/")
	return first == "at" || (path == "" || s.mayBeRegion(path)) && calls(r)
}

// calls says whether a request can be meant as a call of an operation: it names
// one, or what only such calls have.
func calls(r *http.Request) bool {
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

// mayBeRegion says whether a step of a path has the form of a region's id. One
// that is served is not told from one that is not: which there are is not
// everybody's to know.
func (s *Replica) mayBeRegion(step string) bool {
	form := strings.Contains(step, "-") && !strings.ContainsFunc(step, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return form || slices.Contains(s.options.Regions, step)
}

// ServeHTTP implements http.Handler. It never panics. The context of the
// request bounds what it waits for.
func (s *Replica) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	began := time.Now()
	c := &call{Replica: s, w: w, r: r, id: s.options.RequestID(ctx), grant: &access.Grant{}}
	defer func() { s.options.Note(c.status, time.Since(began)) }()
	defer func() {
		if p := recover(); p != nil {
			c.fail(&apierror.Error{Status: http.StatusInternalServerError, Code: codeInternal, Message: messageInternal, Cause: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
		}
	}()
	if err := c.serve(ctx); err != nil {
		c.fail(explain(err))
	}
}

// call is one request and its answer.
type call struct {
	*Replica
	w      http.ResponseWriter
	r      *http.Request
	id     string
	status int // that was written; 0: none yet

	question
	grant *access.Grant
}

func (c *call) serve(ctx context.Context) error {
	body, err := c.read()
	if err != nil {
		return err
	}
	if err := c.authenticate(body); err != nil {
		return err
	}
	switch {
	case len(c.regions()) == 0:
		return notAuthorized("The key or token covers none of the regions that are served here.")
	case c.wrongPath:
		return notFound()
	case c.action == "":
		return &apierror.Error{Status: http.StatusBadRequest, Code: "MissingAction", Message: "The action is not supplied.", Recommend: "Supply Action, or the header x-acs-action: " + actions + "."}
	case c.version == "":
		return missing("Version")
	case c.version != version:
		return &apierror.Error{Status: http.StatusBadRequest, Code: "InvalidVersion", Message: "Specified parameter Version is not valid.", Recommend: "The only version here is " + version + "."}
	}
	switch c.action {
	case "ListCommunityImages":
		return c.listImages(ctx)
	case "ListClusters":
		return c.listClusters(ctx)
	case "ListRegions":
		return c.listRegions(ctx)
	}
	return notFound()
}

const (
	version = "2018-04-12"
	actions = "ListCommunityImages, ListClusters, ListRegions"
)

func notFound() *apierror.Error {
	return &apierror.Error{Status: http.StatusNotFound, Code: "InvalidAction.NotFound", Message: "Specified api is not found, please check your url and method.",
		Recommend: "Answered here are " + actions + ", at /, /<region>/, /at/<moment>/ and /at/<moment>/<region>/."}
}
