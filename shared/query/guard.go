package query

import (
	"encoding/json"
	"net/http"

	"community-images/shared/access"
	"community-images/shared/apierror"
)

// guard is who may ask.
type callerCheck struct {
	tokens access.Tokens
	keys   access.Keys
}

// guarded says whether callers are checked here. With access keys alone there
// is no token that is accepted, and these routes are closed.
func (g *callerCheck) requiresToken() bool { return len(g.tokens)+len(g.keys) > 0 }

// challenge is the value of WWW-Authenticate (RFC 6750, section 3).
const bearerChallenge = `Bearer realm="community-images"`

// admit finds out who asks and goes on with what they may see, which for
// nobody that is known is a service of no region. A token that
// is missing, malformed, unknown or expired costs the same and is told the
// same.
func (x *call) authenticate() error {
	if !x.requiresToken() {
		return nil
	}
	token, well := access.ParseBearer(x.r.Header["Authorization"])
	grant, found := x.tokens.Find(token, x.now())
	if !well || !found {
		x.service = x.services.denied
		if access.TokenParameter(x.r.URL.RawQuery) != "" {
			return newFaultsError([]paramFault{newTokenFault()})
		}
		recommend := "Send the header Authorization: Bearer <token>. The operator of this service issues tokens."
		if len(x.tokens) == 0 {
			recommend = "Only access keys are configured, for signed requests to /. The operator of this service " +
				"can issue tokens."
		}
		return &apierror.Error{Status: http.StatusUnauthorized, Code: codeUnauthorized, Authenticate: bearerChallenge,
			Message: "A valid token is required.", Recommend: recommend}
	}
	part := x.Restrict(grant)
	if len(part.regions) == 0 {
		return &apierror.Error{Status: http.StatusForbidden, Code: codeForbidden,
			Message:   "The token is valid but grants none of the regions that are served here.",
			Recommend: "Use another endpoint, or ask the operator for another token."}
	}
	x.service = part
	return nil
}

func newTokenFault() paramFault {
	return paramFault{code: codeInvalid,
		reason: `Tokens are not accepted in the URL, which is logged. Send "Authorization: Bearer <token>"`}
}

// accessOut is who may ask, as /v1/status shows it.
type accessSummary struct {
	Tokens     bool     `json:"Tokens"`     // QUERY_TOKENS is set
	AccessKeys bool     `json:"AccessKeys"` // QUERY_ACCESS_KEYS is set
	Summary    string   `json:"Summary"`
	Regions    []string `json:"Regions,omitempty"`  // that the caller's token names
	Clusters   []string `json:"Clusters,omitempty"` // that the caller's token names
}

func (s *service) accessSummaryJSON() []byte {
	a := accessSummary{Tokens: len(s.tokens) > 0, AccessKeys: len(s.keys) > 0}
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
	if s.grant != nil {
		a.Regions, a.Clusters = s.grant.Regions, s.grant.Clusters
	}
	data, err := json.Marshal(a)
	if err != nil {
		panic("query: encoding strings as JSON: " + err.Error())
	}
	return data
}
