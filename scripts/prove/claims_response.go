package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"community-images/scripts/prove/probeapi"
)

// replyClaim returns a claim about the response to a request.
func (p *prover) replyClaim(id, text, source string, r request, check func(reply) (string, bool)) claim {
	method := r.method
	if method == "" {
		method = http.MethodGet
	}
	return claim{id: "response/" + id, text: text, source: source, try: method + " " + r.target,
		check: func(ctx context.Context) (string, bool, error) {
			response, err := p.send(ctx, r)
			if err != nil {
				return "", false, err
			}
			seen, holds := check(response)
			return seen, holds, nil
		}}
}

// responseClaims are about how responses leave, without authentication.
func (p *prover) responseClaims() []claim {
	return slices.Concat(p.bodyClaims(), p.replyHeaderClaims(), []claim{p.sizeClaim()})
}

// bodyClaims are about bodies.
func (p *prover) bodyClaims() []claim {
	const see = probeapi.PathSee
	return []claim{
		// Monitors ask with HEAD. The recorder of shared/fcrun drops the body; the header fields must stay.
		p.replyClaim("head", "HEAD reaches the function, and its response has no body", triggerSource,
			request{method: http.MethodHead, target: see}, func(r reply) (string, bool) {
				return fmt.Sprintf("%d, %d bytes", r.status, len(r.body)), r.status == http.StatusOK && len(r.body) == 0
			}),
		// Compressed answers and bytes that are not text can only leave so.
		p.replyClaim("base64", "a body in base64 leaves as its bytes", triggerSource,
			request{target: probeapi.PathBase64}, func(r reply) (string, bool) {
				return fmt.Sprintf("%d bytes", len(r.body)), bytes.Equal(r.body, probeapi.Bytes())
			}),
		// The template's parameter Gzip is off by default until this is proved.
		p.replyClaim("gzip", "a compressed body leaves with its Content-Encoding", "not among the reserved headers",
			request{target: probeapi.PathGzip}, checkGzip),
	}
}

// replyHeaderClaims are about the headers of responses.
func (p *prover) replyHeaderClaims() []claim {
	const see = probeapi.PathSee
	return []claim{
		// Caches and clients rely on each of them. Content-Disposition has a claim of its own.
		p.replyClaim("headers", "headers leave as the function set them, but for Content-Disposition", triggerSource,
			request{target: probeapi.PathHeaders}, checkHeaders),
		// On the default domain a browser saves the page instead of showing it. People need a domain of their own.
		p.replyClaim("disposition", "a response of the default domain is a download, whatever the function says",
			"seen on the platform by others", request{target: probeapi.PathHeaders}, func(r reply) (string, bool) {
				value := r.header.Get("Content-Disposition")
				return fmt.Sprintf("Content-Disposition %q", value), strings.HasPrefix(value, "attachment")
			}),
		// Most polls of automation end so. A body or a lost ETag would make each a full answer.
		p.replyClaim("not-modified", "a 304 leaves without a body and with its ETag", triggerSource,
			request{target: probeapi.PathStatus + "304"}, func(r reply) (string, bool) {
				return fmt.Sprintf("%d, %d bytes, ETag %q", r.status, len(r.body), r.header.Get("ETag")),
					r.status == http.StatusNotModified && len(r.body) == 0 && r.header.Get("ETag") != ""
			}),
		// Answers and logs name this id. It must be the one that Function Compute shows.
		p.replyClaim("request-id", "a response has the id of the invocation in X-Fc-Request-Id", triggerSource,
			request{target: see}, func(r reply) (string, bool) {
				var seen probeapi.Seen
				err := decodeReply(r, &seen)
				id := r.header.Get("X-Fc-Request-Id")
				return fmt.Sprintf("there: %t, equal: %t", id != "", id == seen.RequestID), err == nil && id == seen.RequestID
			}),
		// If it does, a page of any origin can read answers for callers whose browser holds credentials. The functions
		// never set such headers.
		p.replyClaim("cors", "Function Compute allows other origins by itself", triggerSource+", CORS",
			request{target: see, header: http.Header{"Origin": {"https://example.com"}}}, func(r reply) (string, bool) {
				origin := r.header.Get("Access-Control-Allow-Origin")
				return fmt.Sprintf("Access-Control-Allow-Origin %q, Allow-Credentials %q", origin,
					r.header.Get("Access-Control-Allow-Credentials")), origin != ""
			}),
	}
}

// checkGzip decompresses a response.
func checkGzip(r reply) (string, bool) {
	encoding := r.header.Get("Content-Encoding")
	// The client does not decompress by itself: it must see what arrived.
	z, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		return fmt.Sprintf("Content-Encoding %q, and the body is not gzip", encoding), false
	}
	text, err := io.ReadAll(z)
	return fmt.Sprintf("Content-Encoding %q, %d bytes after decompression", encoding, len(text)),
		err == nil && encoding == "gzip" && string(text) == probeapi.Text
}

// checkHeaders compares the headers of a response with those that the probe set.
func checkHeaders(r reply) (string, bool) {
	want := probeapi.ReplyHeaders()
	delete(want, "Content-Disposition") // has a claim of its own
	var other []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got := r.header.Get(name); got != want[name] {
			other = append(other, fmt.Sprintf("%s is %q", name, got))
		}
	}
	if len(other) == 0 {
		return fmt.Sprintf("%d headers are as they were set", len(want)), true
	}
	return strings.Join(other, ", "), false
}

// sizeClaim is about the largest response.
func (p *prover) sizeClaim() claim {
	return claim{
		// shared/fcrun refuses larger answers itself, so that callers get an error that says what to do.
		id: "response/size", text: "a response of 30 MB leaves, one of 40 MB is refused",
		source: "Function Compute, limits: 32 MB", try: "GET " + probeapi.PathSize + "N",
		check: func(ctx context.Context) (string, bool, error) {
			var seen []string
			holds := true
			// Letters are as long in the JSON of a response as in the body.
			for _, megabytes := range []int{30, 40} {
				size := megabytes * 1_000_000
				response, err := p.send(ctx, request{target: probeapi.PathSize + strconv.Itoa(size)})
				if err != nil {
					return "", false, err
				}
				whole := response.status == http.StatusOK && len(response.body) == size
				holds = holds && whole == (megabytes < 32)
				seen = append(seen, fmt.Sprintf("%d MB: %d, %d bytes", megabytes, response.status, len(response.body)))
			}
			return strings.Join(seen, "; "), holds, nil
		},
	}
}
