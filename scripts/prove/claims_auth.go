package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"community-images/scripts/prove/probeapi"
)

// signedClaims are about an HTTP trigger with the authentication "function".
func (p *prover) signedClaims() []claim {
	return []claim{{
		// This is the default authentication of the template. The signature covers the query, so the target has one
		// with encoded characters.
		id: "auth/function",
		text: "a trigger with the authentication function refuses a request without a signature with 403, and accepts a " +
			"signed one",
		source: "Function Compute, signature authentication for HTTP triggers", try: "GET /see without and with a signature",
		check: func(ctx context.Context) (string, bool, error) {
			unsigned, err := p.send(ctx, request{target: probeapi.PathSee, bare: true})
			if err != nil {
				return "", false, err
			}
			signed, err := p.send(ctx, request{target: probeapi.PathSee + "?a=b%20c&a-list=%5B1%5D"})
			seen := fmt.Sprintf("unsigned %d, signed %d", unsigned.status, signed.status)
			return seen, unsigned.status == http.StatusForbidden && signed.status == http.StatusOK, err
		},
	}, p.headersClaim("function", "behind the authentication function, the signature does not stay in the event",
		// If it did, the function would take it for a token of its own.
		func(authorization, _ string) bool { return authorization == "" })}
}

// headersClaim is about the headers that a function sees behind an authentication.
// The claim is about Authorization; headers that begin with x-acs- are shown as well.
func (p *prover) headersClaim(auth, text string, holds func(authorization, name string) bool) claim {
	return claim{
		id: "auth/" + auth + "-headers", text: text, source: "not documented",
		try: "GET /see with what the authentication wants, and with a header x-acs-action",
		check: func(ctx context.Context) (string, bool, error) {
			r := request{target: probeapi.PathSee, header: http.Header{"X-Acs-Action": {"ListCommunityImages"}}}
			_, event, err := p.see(ctx, r)
			authorization, arrived := event.findHeader("Authorization")
			_, action := event.findHeader("x-acs-action")
			_, date := event.findHeader("x-acs-date")
			name, _ := event.findHeader("X-Name")
			return fmt.Sprintf("Authorization arrives: %t, x-acs-action: %t, x-acs-date: %t, X-Name: %q", arrived, action, date,
				name), holds(authorization, name), err
		},
	}
}

// bearerClaims are about an HTTP trigger with the authentication "bearer".
func (p *prover) bearerClaims() []claim {
	return []claim{{
		// The template offers this authentication. Refusals must come from Function Compute itself, so that they cost
		// no invocation.
		id: "auth/bearer", text: "a trigger with the authentication bearer accepts its token only, before code runs",
		source: triggerSource + ", Bearer authentication", try: "GET /see with the token, with another one and without",
		check: func(ctx context.Context) (string, bool, error) {
			var statuses []int
			// The wrong token has the right form, so that the form is not what is refused.
			for _, r := range []request{
				{target: probeapi.PathSee},
				{target: probeapi.PathSee, bare: true,
					header: http.Header{"Authorization": {"Bearer " + strings.Repeat("x", len(p.token))}}},
				{target: probeapi.PathSee, bare: true},
			} {
				response, err := p.send(ctx, r)
				if err != nil {
					return "", false, err
				}
				statuses = append(statuses, response.status)
			}
			// The page names no status: both would be a refusal.
			refuses := func(status int) bool {
				return status == http.StatusUnauthorized || status == http.StatusForbidden
			}
			return fmt.Sprintf("with the token, another one, none: %d", statuses),
				statuses[0] == http.StatusOK && refuses(statuses[1]) && refuses(statuses[2]), nil
		},
	}, p.headersClaim("bearer", "behind the authentication bearer, the token arrives in the event",
		func(authorization, _ string) bool { return authorization == "Bearer "+p.token })}
}

// jwtClaims are about an HTTP trigger with the authentication "jwt".
func (p *prover) jwtClaims() []claim {
	return []claim{{
		// The tokens are signed with a key of this run, whose public half the stack has.
		id: "auth/jwt", text: "a trigger with the authentication jwt accepts a signed token until it expires, and no other",
		source: triggerSource + ", JWT authentication",
		try:    "GET /see with a token, an expired one, a foreign one and without",
		check:  p.tryJWTs,
	}, p.headersClaim("jwt", "behind the authentication jwt, the claim that claimPassBy names arrives as a header",
		func(_, name string) bool { return name == "prove" })}
}

// tryJWTs sends a request with each kind of token.
func (p *prover) tryJWTs(ctx context.Context) (string, bool, error) {
	foreign, err := newJWTIssuer()
	if err != nil {
		return "", false, err
	}
	valid, err1 := p.jwt.token(time.Now().Add(time.Hour))
	expired, err2 := p.jwt.token(time.Now().Add(-time.Hour))
	unknown, err3 := foreign.token(time.Now().Add(time.Hour))
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", false, err
	}
	var statuses []int
	for _, token := range []string{valid, expired, unknown, ""} {
		r := request{target: probeapi.PathSee, bare: true}
		if token != "" {
			r.header = http.Header{"Authorization": {"Bearer " + token}}
		}
		response, err := p.send(ctx, r)
		if err != nil {
			return "", false, err
		}
		statuses = append(statuses, response.status)
	}
	refused := !slices.Contains(statuses[1:], http.StatusOK)
	return fmt.Sprintf("valid, expired, foreign, none: %d", statuses), statuses[0] == http.StatusOK && refused, nil
}
