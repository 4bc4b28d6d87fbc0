package query

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/query/etag"
	"community-images/shared/query/page"
	"community-images/shared/query/page/language"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// pageLookup is a lookup whose answer a page shows.
type pageLookup struct {
	*response.Answer
	err error // why there is no answer
}

// servePage answers a request for HTML. A page is made from the answer of its route and from
// those of other lookups, all by the reader of the caller's grant.
func (c *call) servePage(ctx context.Context, req *request.Request) (*response.Answer, error) {
	own, err := c.route.serve(c.reader, ctx, req)
	if err != nil {
		return nil, err
	}
	in := c.newPageInput(req)
	in.Region = own.Region
	lookups := append([]pageLookup{{Answer: own}}, c.startPageLookups(ctx, page.Subrequests(in))...)
	return &response.Answer{
		Freshness: own.Freshness, Region: own.Region, OmitEnvelope: true,
		ETag:                  makePageETag(in, lookups),
		ContentSecurityPolicy: ui.ContentSecurityPolicy,
		ShowsAges:             true,
		Render: func(ctx context.Context, _ []byte) (*response.Body, error) {
			return c.renderPage(ctx, in, lookups)
		},
	}, nil
}

// rawQuery returns the query of a call to a route, escaped. That of a page lacks the empty
// parameters.
func (c *call) rawQuery(rt *request.Route) string {
	if rt.HasPage() && c.wantsPage() {
		return request.DropEmpty(rt, c.r.URL.RawQuery)
	}
	return c.r.URL.RawQuery
}

// newPageInput returns what pages are made from. req is nil if the request could not be
// parsed.
func (c *call) newPageInput(req *request.Request) *ui.Input {
	in := &ui.Input{
		Request: req, Route: c.route.routeOrNil(), Path: c.r.URL.EscapedPath(), Query: c.r.URL.RawQuery,
		Regions: c.reader.Regions, Now: c.now(), RequestID: c.w.ID, SignedIn: c.signedIn,
		Service: ui.Service{Version: c.version, Host: c.r.Host, NeedsToken: c.requiresToken()},
	}
	if req != nil {
		in.Query, in.Region = c.rawQuery(req.Route), req.Region
	} else {
		in.Region = in.GivenRegion()
	}
	in.Language = c.findLanguage(c.r.URL.RawQuery)
	return in
}

// findLanguage returns the language for a page whose address has a query. The query may be
// malformed.
func (c *call) findLanguage(query string) *language.Language {
	lang := ""
	params, _ := url.ParseQuery(query) // what is well-formed of it
	for name := range params {
		if strings.EqualFold(name, "lang") {
			lang = params.Get(name)
		}
	}
	return language.Find(strings.ToLower(lang), etag.JoinHeaderLines(c.r.Header, "Accept-Language"))
}

// startPageLookups finds the answers to the subrequests of a page.
func (c *call) startPageLookups(ctx context.Context, subrequests []ui.Subrequest) []pageLookup {
	var lookups []pageLookup
	for _, q := range subrequests {
		lookups = append(lookups, c.startPageLookup(ctx, q))
	}
	return lookups
}

// startPageLookup finds the answer to a subrequest of a page, without rendering it.
func (c *call) startPageLookup(ctx context.Context, q ui.Subrequest) pageLookup {
	rt, variable, err := c.findRoute(q.Path)
	if err != nil {
		return pageLookup{err: err}
	}
	req, err := request.Parse(&c.reader.parser, rt.Route,
		request.Raw{Variable: variable, Query: q.Query, ForPage: true})
	if err != nil {
		return pageLookup{err: err}
	}
	ans, err := rt.serve(c.reader, ctx, req)
	return pageLookup{ans, err}
}

// makePageETag makes the ETag of a page from those of the lookups that it shows, and from
// what else it depends on. It holds for a minute, because pages say how long ago things
// were. It is empty if a lookup has none.
func makePageETag(in *ui.Input, lookups []pageLookup) string {
	signedIn := ""
	if in.SignedIn {
		signedIn = "signed in"
	}
	parts := []string{in.Service.Version, in.Tag, in.Path, in.Query, signedIn, in.Now.Truncate(time.Minute).String()}
	for _, l := range lookups {
		if l.err != nil || l.ETag == "" {
			return ""
		}
		parts = append(parts, l.ETag)
	}
	return etag.Make(parts...)
}

// renderPage renders the lookups of a page, and the page. It fails only if the page's own
// lookup does.
func (c *call) renderPage(ctx context.Context, in *ui.Input, lookups []pageLookup) (*response.Body, error) {
	answers := make([]ui.Answer, len(lookups))
	var whole *response.Body
	for i, l := range lookups {
		b, err := l.renderView(ctx)
		switch {
		case err != nil && i == 0:
			return nil, err
		case i == 0: // the headers tell of the page's own lookup
			whole = &response.Body{Next: b.Next, Total: b.Total, Cursor: b.Cursor, Hints: b.Hints}
		}
		answers[i] = c.newPageAnswer(ctx, l, b, err)
	}
	var err error
	whole.Bytes, err = page.Render(in, answers)
	return whole, err
}

// newPageAnswer returns a lookup with its body, or with the error of rendering it.
func (c *call) newPageAnswer(ctx context.Context, l pageLookup, b *response.Body, err error) ui.Answer {
	if err != nil {
		return ui.Answer{Err: c.explainPageError(ctx, err)}
	}
	return ui.Answer{
		Value: b.View, Freshness: l.Freshness, Region: l.Region, Total: b.Total, Next: b.Next, Hints: b.Hints.Texts,
	}
}

// renderView renders an answer for a page.
func (l pageLookup) renderView(ctx context.Context) (*response.Body, error) {
	if l.err != nil {
		return nil, l.err
	}
	return l.Render(ctx, nil)
}

// explainPageError returns an error that a part of a page has, and reports its cause.
func (c *call) explainPageError(ctx context.Context, err error) *apierror.Error {
	e := state.ToAPIError(err)
	if e.Cause != nil {
		c.report(ctx, c.w.ID, e.Cause)
	}
	return e
}

// wantsPage reports whether a call is by a person who wants a page. Errors that are found
// before the request is parsed need it.
func (c *call) wantsPage() bool {
	return request.WantsHTML(c.r.URL.RawQuery, etag.JoinHeaderLines(c.r.Header, "Accept"))
}

// sendErrorPage writes an error as a page: as that of its route if it explains the error.
// The status is that of the error.
func (c *call) sendErrorPage(ctx context.Context, e *apierror.Error) error {
	if c.sendUnauthorizedPage(e.Status) {
		return nil
	}
	in := c.newPageInput(c.request)
	answers := []ui.Answer{{Err: e}}
	// The reader of a caller who is not admitted may be that of another grant.
	if c.admitted && page.Explains(in, e) {
		for _, l := range c.startPageLookups(ctx, page.ErrorSubrequests(in)) {
			b, err := l.renderView(ctx)
			answers = append(answers, c.newPageAnswer(ctx, l, b, err))
		}
	}
	data, err := page.RenderError(in, answers)
	if err != nil {
		return err
	}
	c.setPageHeaders()
	c.w.WriteBody(e.Status, data)
	return nil
}

// setPageHeaders sets the headers of a page that is not the answer of a route.
func (c *call) setPageHeaders() {
	header := c.w.Header()
	header.Set("Content-Type", request.ContentType(request.FormatHTML))
	header.Set("Content-Security-Policy", ui.ContentSecurityPolicy)
	header.Set("Referrer-Policy", response.ReferrerPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Vary", "Accept, Accept-Language, Authorization, Cookie")
}

// serveAsset answers a request for a file that pages load. It returns false if the path is
// none. Files are public, and are the same for ever under their paths.
func (c *call) serveAsset(path string) bool {
	asset, ok := ui.FindAsset(path)
	if !ok || c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		return false
	}
	header := c.w.Header()
	header.Set("Content-Type", asset.ContentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("X-Content-Type-Options", "nosniff")
	c.w.WriteParts([][]byte{asset.Bytes})
	return true
}
