package query

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"community-images/shared/access"
	"community-images/shared/alias"
	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/aliases"
	"community-images/shared/query/budget"
	"community-images/shared/query/etag"
	"community-images/shared/query/fault"
	"community-images/shared/query/filter"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// ServeHTTP implements http.Handler. It never panics.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The status is counted whatever happens, a panic included: deferred calls
	// run in reverse order, so the recovery below has written an answer by
	// then.
	c := &call{Service: s, reader: s.readers.first(), r: r}
	c.w = response.Writer{ResponseWriter: w, Settings: &s.responses, Request: r}
	c.w.ID = c.findRequestID()
	ctx := budget.New(r.Context())
	start := time.Now()
	defer func() { s.counts.Count(c.pattern(), c.w.Status, time.Since(start)) }()
	defer func() {
		if p := recover(); p != nil {
			c.sendError(ctx, state.NewInternalError(fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	if err := c.serveRoute(ctx); err != nil {
		c.sendError(ctx, state.ToAPIError(err))
	}
}

// call is one HTTP request and its response.
type call struct {
	*Service
	reader *GrantReader // of the caller's grant; authenticate finds it
	r      *http.Request
	w      response.Writer
	route  *servedRoute // nil: no route has the path
	// request is nil until the parameters are parsed.
	request  *request.Request
	admitted bool // the caller may use the route
	signedIn bool // by a cookie; it counts for pages only
}

// findRequestID returns the id of the request: that of the platform, else the
// caller's header if it is printable and short.
func (c *call) findRequestID() string {
	// FC's own id connects the answer with the logs of the platform.
	if c.requestID != nil {
		if id := c.requestID(c.r.Context()); id != "" {
			return id
		}
	}
	// Without it, for example in a local run, the caller may choose an id. It
	// ends up in logs and in JSON, so it must be short and printable.
	id := c.r.Header.Get("X-Request-Id")
	if len(id) > 128 || !request.IsPrintable(id) {
		return ""
	}
	return id
}

// serveRoute checks the request and sends the answer of its route.
//
// The order of the checks is part of the contract. A request that is too long,
// or whose path or method is wrong, gets its error without a token. All other
// errors need a valid token, because their text can depend on the data.
// Parameters are checked before anything is read from the store.
func (c *call) serveRoute(ctx context.Context) error {
	path := c.r.URL.EscapedPath()
	size := len(path) + 1 + len(response.EscapeForHeader(c.r.URL.RawQuery)) // as a Link header repeats it
	if size > request.MaxURIBytes {
		return uriTooLong(size, request.MaxURIBytes)
	}
	if c.serveAsset(path) {
		return nil
	}
	if served, err := c.serveSignIn(path); served {
		return err
	}
	variable, err := c.admit(path)
	if err != nil {
		return err
	}
	rt := c.route
	req, err := c.parseRequest(rt.Route, variable)
	switch {
	case err != nil:
		return err
	case c.signedIn && req.Format != request.FormatHTML: // the request has hidden its format
		return c.newUnauthorizedError()
	}
	c.request = req
	// The caller would follow the Link to the next page. It must not be too
	// long then.
	hasPages := rt.HasParam(request.ParamCursor.Name)
	if size > request.MaxURIBytes-request.LinkReserve && hasPages && !c.hasRoomForCursor(req) {
		return uriTooLong(size, request.MaxURIBytes-request.LinkReserve)
	}
	if etag.JoinHeaderLines(c.r.Header, "If-None-Match") != "" {
		// The answer will probably be a 304, which needs no images.
		ctx = context.WithValue(ctx, state.ConditionalKey{}, true)
	}
	serve := func() (*response.Answer, error) { return rt.serve(c.reader, ctx, req) }
	if req.Format == request.FormatHTML {
		serve = func() (*response.Answer, error) { return c.servePage(ctx, req) }
	}
	ans, err := serve()
	if err != nil {
		// A cluster that is missing now may have been there before: the error
		// says so.
		return c.reader.ExplainMissingCluster(ctx, state.PinToCommit(req.At, err))
	}
	return c.w.Send(ctx, req, ans, c.reader.bodyKey)
}

// admit finds the route of a path and checks the method and the token. It returns
// the value of the variable if the path has one.
func (c *call) admit(path string) (variable string, err error) {
	// From here on the call is answered by the reader of the caller's grant. The
	// error is needed only if the route is not public.
	// The route comes first, because a cookie counts for pages only.
	rt, variable, err := c.findRoute(path)
	c.route = rt
	denied := c.authenticate()
	if err != nil {
		return "", err
	}
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return "", methodNotAllowed(c.r.Method, rt.AllowedMethods())
	}
	// Answers of guarded routes depend on the token: shared caches must not
	// keep them.
	if c.w.Private = c.requiresToken() && (!rt.Public || rt.HasPage() && c.wantsPage()); c.w.Private && denied != nil {
		return "", denied
	}
	c.admitted = true
	return variable, nil
}

// hasRoomForCursor returns true if a Link header can repeat a long request with
// the cursor of the next page in the place of the cursor that it has.
func (c *call) hasRoomForCursor(req *request.Request) bool {
	if req.Cursor == nil && req.Since.Cursor == nil {
		return false
	}
	return len(c.w.NextURL(""))-len("&cursor=")+request.LinkReserve <= request.MaxURIBytes
}

// sendError answers with an error, and reports the cause that the caller does
// not see. If an answer has been sent already, the error is reported only.
func (c *call) sendError(ctx context.Context, e *apierror.Error) {
	if e.Cause != nil {
		c.report(ctx, c.w.ID, e.Cause)
	}
	if c.w.Status != 0 {
		return
	}
	c.w.SetErrorHeaders(e)
	// A caller's mistake can put a token into a parameter, which the message
	// repeats.
	scrubbed := *e
	scrubbed.Message = e.Message.MapStrings(access.RedactTokens)
	if c.wantsPage() && c.sendErrorPage(ctx, &scrubbed) == nil {
		return
	}
	c.w.SendError(&scrubbed)
}

// uriTooLong returns the error for a request whose path and query have size
// bytes. The limit is less than request.MaxURIBytes where a Link has to repeat the
// request.
func uriTooLong(size, limit int) error {
	return &apierror.Error{
		Status:    http.StatusRequestURITooLong,
		Code:      fault.CodeTooLong,
		Message:   message.New("The request URI has %d bytes; the limit is %d.", size, limit),
		Recommend: message.New("Ask for less at a time. Use prefix, glob or regex instead of long lists."),
	}
}

// methodNotAllowed returns the error for a route that has no such method.
// allowed is the list for the header Allow.
func methodNotAllowed(method, allowed string) error {
	return &apierror.Error{
		Status:    http.StatusMethodNotAllowed,
		Code:      fault.CodeMethod,
		Message:   message.New("Method %s is not allowed. Allowed: %s.", fault.QuoteName(method), allowed),
		Recommend: message.New("Use GET."),
		Allow:     allowed,
	}
}

// maxImageID bounds the image id in a path, in bytes.
const maxImageID = 256

// findRoute returns the route of a path, and the value of the variable if the path
// has one. It is decoded. It returns an error for an id that no image can have, or a
// name that no alias can have, so that nothing is read for it.
func (s *Service) findRoute(path string) (rt *servedRoute, variable string, err error) {
	for _, rt := range s.routes {
		id, ok := rt.MatchPath(path)
		if !ok {
			continue
		}
		id, err := url.PathUnescape(id)
		switch {
		case rt.HasAliasName():
			if err != nil || !alias.IsName(id) {
				return nil, "", aliases.NewNameError()
			}
		// An id goes into errors, logs and cache keys.
		case err != nil || !request.IsPrintable(id) || len(id) > maxImageID:
			return nil, "", &apierror.Error{
				Status:    http.StatusNotFound,
				Code:      fault.CodeImage,
				Message:   message.New("The path has no valid image id."),
				Recommend: message.New("Percent-encode the ImageId, for example /v1/images/m-bp181x855551ww5yq."),
			}
		}
		return rt, id, nil
	}
	return nil, "", s.noRoute(path)
}

// noRoute returns the error for a path that no route has. It lists the routes,
// and suggests the one that is nearest to the path.
func (s *Service) noRoute(path string) error {
	patterns := patternsOf(s.routes)
	problem := message.Join(message.New("No route %s", fault.Quote(path)), fault.DidYouMean(path, patterns))
	return &apierror.Error{
		Status:    http.StatusNotFound,
		Code:      fault.CodeRoute,
		Message:   message.Sentences(fault.EndSentence(problem), message.New("Routes: %s.", message.Names(patterns))),
		Recommend: message.New("Use one of these paths."),
	}
}

// parseRequest parses the call, or returns what an equal call was parsed to.
//
// The cache is keyed by the bytes of the query: the same lookup is usually sent
// by the same program, which writes it in the same way. Requests are shared
// between calls and must not be changed.
func (c *call) parseRequest(rt *request.Route, variable string) (*request.Request, error) {
	accept := etag.JoinHeaderLines(c.r.Header, "Accept")
	rawQuery := c.rawQuery(rt)
	// Which names are valid depends on the grant, so it is a part of the key.
	key := c.reader.grantKey + rt.Pattern + "\n" + variable + "\n" + rawQuery + "\n" + accept
	if req, ok := c.parsedRequests.Get(key); ok {
		return req, nil
	}
	req, err := request.Parse(&c.reader.parser, rt, request.Raw{
		Variable: variable, Query: rawQuery, Accept: accept,
	})
	if err != nil {
		return nil, err
	}
	// A large compiled expression takes the place of many small requests.
	c.parsedRequests.Put(key, req, 1+req.Cost*maxRequests/filter.MaxTotalCost)
	return req, nil
}
