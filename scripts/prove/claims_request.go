package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"community-images/scripts/prove/probeapi"
)

// triggerSource is the page on which most of these claims stand.
const triggerSource = "Function Compute, HTTP trigger"

// eventClaim returns a claim about the event of a request.
func (p *prover) eventClaim(id, text, source string, r request, check func(httpEvent) (string, bool)) claim {
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	return claim{id: "http/" + id, text: text, source: source, try: method + " " + r.target,
		check: func(ctx context.Context) (string, bool, error) {
			_, event, err := p.see(ctx, r)
			if err != nil {
				return "", false, err
			}
			seen, holds := check(event)
			return seen, holds, nil
		}}
}

// parametersAre returns a check of query parameters.
func parametersAre(want map[string]string) func(httpEvent) (string, bool) {
	return func(e httpEvent) (string, bool) {
		holds := true
		for name, value := range want {
			holds = holds && e.QueryParameters[name] == value
		}
		return fmt.Sprintf("%q", e.QueryParameters), holds
	}
}

// requestClaims are about how requests arrive, without authentication.
func (p *prover) requestClaims() []claim {
	return slices.Concat(p.addressClaims(), p.headerClaims(), []claim{p.formClaim(), p.limitClaim()})
}

// addressClaims are about how the path and the query arrive.
func (p *prover) addressClaims() []claim {
	const see = probeapi.PathSee
	return []claim{
		// shared/fcrun decodes nothing again. If values arrived encoded, filters with special characters would match
		// nothing.
		p.eventClaim("decoding", "query values arrive decoded, a plus as a space",
			"adapters that are deployed re-encode the values", request{target: see + "?a=%E4%B8%AD%2B%26&b=1+2"},
			parametersAre(map[string]string{"a": "中+&", "b": "1 2"})),
		// A function cannot tell a repeated parameter from a list. So parameters with one value refuse a comma.
		p.eventClaim("repeats", "a parameter that is given twice arrives once, joined by a comma", triggerSource,
			request{target: see + "?a=1&a=2"}, parametersAre(map[string]string{"a": "1,2"})),
		// A regular expression may hold a percent sign. It must not be decoded twice.
		p.eventClaim("double-encoding", "a value is decoded once", triggerSource,
			request{target: see + "?a=%2541"}, parametersAre(map[string]string{"a": "%41"})),
		// An empty value is refused with its name. It must not be lost on the way.
		p.eventClaim("empty-value", "a parameter without a value arrives with an empty one", triggerSource,
			request{target: see + "?a&b="}, parametersAre(map[string]string{"a": "", "b": ""})),
		// Ids in a path may hold an encoded slash. Only rawPath keeps it apart from a real one.
		p.eventClaim("path", "the path arrives encoded in rawPath and decoded in the context", triggerSource,
			request{target: see + "/m-%E4%B8%AD%2Fx"}, func(e httpEvent) (string, bool) {
				return fmt.Sprintf("rawPath %q, path %q", e.RawPath, e.RequestContext.HTTP.Path),
					strings.EqualFold(e.RawPath, see+"/m-%E4%B8%AD%2Fx") && e.RequestContext.HTTP.Path == see+"/m-中/x"
			}),
		p.malformedClaim(),
	}
}

// headerClaims are about how headers arrive.
func (p *prover) headerClaims() []claim {
	const see = probeapi.PathSee
	return []claim{
		// Bearer tokens of the lookups, and signatures of the replica's clients, travel in this header.
		p.eventClaim("authorization", "behind the authentication anonymous, the header Authorization arrives", triggerSource,
			request{target: see, header: http.Header{"Authorization": {"Bearer of-a-caller"}}},
			func(e httpEvent) (string, bool) {
				value, _ := e.findHeader("Authorization")
				return fmt.Sprintf("%q", value), value == "Bearer of-a-caller"
			}),
		// Clients of E-HPC's API sign with these headers. Without them the replica could not verify the signature.
		p.eventClaim("acs-headers", "behind the authentication anonymous, headers that begin with x-acs- arrive",
			"not documented", request{target: see, header: http.Header{
				"X-Acs-Action": {"ListCommunityImages"}, "X-Acs-Signature-Nonce": {"abc"}, "X-Acs-Content-Sha256": {"0f"}}},
			func(e httpEvent) (string, bool) {
				a, hasA := e.findHeader("x-acs-action")
				b, hasB := e.findHeader("x-acs-signature-nonce")
				c, hasC := e.findHeader("x-acs-content-sha256")
				return fmt.Sprintf("%q, %q, %q", a, b, c), hasA && hasB && hasC
			}),
		// Links in answers, and the HostId of errors, are made of it.
		p.eventClaim("host", "the event has the header Host", triggerSource, request{target: see},
			func(e httpEvent) (string, bool) {
				value, ok := e.findHeader("Host")
				return fmt.Sprintf("%q", value), ok && value != ""
			}),
	}
}

// formClaim is about the body of a form.
func (p *prover) formClaim() claim {
	const body = "a=%E4%B8%AD&b=1+2"
	// Clients of E-HPC's API send forms. A changed body would break their signatures.
	return p.eventClaim("form", "the body of a form arrives whole", triggerSource, request{
		method: http.MethodPost, target: probeapi.PathSee, body: body,
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}, func(e httpEvent) (string, bool) {
		return fmt.Sprintf("%q, base64: %t", e.Body, e.IsBase64Encoded), e.Body == body ||
			e.IsBase64Encoded && e.Body == base64.StdEncoding.EncodeToString([]byte(body))
	})
}

// malformedClaim is about a query with a malformed escape.
func (p *prover) malformedClaim() claim {
	return claim{
		// A parameter that is lost without a word would widen a lookup. Both documented behaviours are safe.
		id: "http/malformed", text: "a malformed escape in the query is refused with 400, or arrives as it was sent",
		source: "not documented", try: "GET /see?a=%zz&b=1",
		check: func(ctx context.Context) (string, bool, error) {
			// The second parameter tells whether only the malformed one is lost.
			response, err := p.send(ctx, request{target: probeapi.PathSee + "?a=%zz&b=1"})
			if err != nil || response.status == http.StatusBadRequest {
				return "400", err == nil, err
			}
			_, event, err := p.see(ctx, request{target: probeapi.PathSee + "?a=%zz&b=1"})
			return fmt.Sprintf("%q", event.QueryParameters), event.QueryParameters["a"] == "%zz" &&
				event.QueryParameters["b"] == "1", err
		},
	}
}

// limitClaim is about the longest address.
func (p *prover) limitClaim() claim {
	return claim{
		// The longest filter that callers can use.
		id: "http/target-limit", text: "a path and query of 4,000 bytes arrive, one of 5,000 is refused with 400",
		source: triggerSource + ": path and query have at most 4 KB", try: "GET /see?a=xxx… twice",
		check: func(ctx context.Context) (string, bool, error) {
			var statuses []int
			// 4 KB may mean 4,000 or 4,096 bytes, so the sizes keep away from both.
			for _, size := range []int{4000, 5000} {
				target := probeapi.PathSee + "?a="
				response, err := p.send(ctx, request{target: target + strings.Repeat("x", size-len(target))})
				if err != nil {
					return "", false, err
				}
				statuses = append(statuses, response.status)
			}
			return fmt.Sprint(statuses), statuses[0] == http.StatusOK && statuses[1] == http.StatusBadRequest, nil
		},
	}
}
