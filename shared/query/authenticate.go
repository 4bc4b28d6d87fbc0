package query

import (
	"net/http"

	"community-images/shared/access"
	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/render"
	"community-images/shared/query/signin"
)

// callerCheck holds the tokens and keys by which callers are known.
type callerCheck struct {
	tokens access.Tokens // empty: no token is valid
	keys   access.Keys   // of the replica; lookups do not accept them
}

// requiresToken returns true if lookups need a bearer token. That is so with
// access keys alone too: no token is accepted then, and lookups are closed.
func (c *callerCheck) requiresToken() bool { return len(c.tokens)+len(c.keys) > 0 }

// bearerChallenge is the value of WWW-Authenticate (RFC 6750, section 3).
const bearerChallenge = `Bearer realm="community-images"`

// authenticate checks the token and lets the call see what the grant of its caller covers.
// A caller who is not known keeps the reader without regions, because the parameters of the
// request are still checked. A token that is missing, malformed, unknown or expired takes
// the same time and has the same error.
func (c *call) authenticate() error {
	if !c.requiresToken() {
		return nil
	}
	// The token is searched even if the header is malformed, so that the time
	// tells nothing.
	token, hasForm := c.findToken()
	grant, found := c.tokens.Find(token, c.now())
	if !hasForm || !found {
		c.signedIn = false
		return c.newUnauthorizedError()
	}
	restricted := c.readers.of(grant)
	// The token is good elsewhere: this endpoint serves other regions.
	if len(restricted.Regions) == 0 {
		return &apierror.Error{
			Status: http.StatusForbidden, Code: fault.CodeForbidden,
			Message:   message.New("The token is valid but grants none of the regions that are served here."),
			Recommend: message.New("Use another endpoint, or ask the operator for another token."),
		}
	}
	c.reader = restricted
	return nil
}

// findToken returns the token of the call: that of the header Authorization, or for a page
// that of the cookie. It returns false if the text has not the form of a token.
func (c *call) findToken() (token string, hasForm bool) {
	values := c.r.Header["Authorization"]
	if len(values) > 0 || !c.opensPage() {
		return access.ParseBearer(values)
	}
	token, _ = signin.FindToken(c.r)
	c.signedIn = token != ""
	return token, c.signedIn
}

// newUnauthorizedError tells a caller without a valid token how to send one.
func (c *call) newUnauthorizedError() error {
	if access.TokenParameter(c.r.URL.RawQuery) != "" {
		return fault.NewError([]fault.Fault{fault.NewTokenFault()})
	}
	recommend := message.New(
		"Send the header Authorization: Bearer <token>. The operator of this service issues tokens.")
	if c.wantsPage() {
		recommend = message.Sentences(recommend,
			message.New("Signing in opens pages only, and this address is not a page."))
	}
	// With keys alone, no token that a caller could find would be valid.
	if len(c.tokens) == 0 {
		recommend = message.New("Only access keys are configured, for signed requests to /. " +
			"The operator of this service can issue tokens.")
	}
	return &apierror.Error{
		Status: http.StatusUnauthorized, Code: fault.CodeUnauthorized, Authenticate: bearerChallenge,
		Message: message.New("A valid token is required."), Recommend: recommend,
	}
}

// summarizeAccess says how callers are checked and what this caller may see.
func (g *GrantReader) summarizeAccess() render.AccessSummary {
	a := render.AccessSummary{
		Tokens: len(g.service.tokens) > 0, AccessKeys: len(g.service.keys) > 0,
		Regions: g.grant.Regions, Clusters: g.grant.Clusters,
	}
	switch {
	case a.Tokens && a.AccessKeys:
		a.Summary = "These routes ask for a bearer token, the replica for a signature or a token."
	case a.Tokens:
		a.Summary = "These routes and the replica ask for a bearer token; no access key is configured, so the " +
			"replica is closed to signatures."
	case a.AccessKeys:
		a.Summary = "The replica asks for a signature; no token is configured, so these routes are closed."
	default:
		a.Summary = "Neither tokens nor access keys are configured: the trigger's own authentication is all."
	}
	return a
}
