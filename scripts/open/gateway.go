package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"

	"community-images/shared/query/signin"
)

// maxBody is the largest body of a request in bytes. The replica allows no more.
const maxBody = 64 << 10

// gateway passes requests that may pass to the deployment.
type gateway struct {
	upstream *upstream
	guard    *guard
	limits   limits
	proxy    *httputil.ReverseProxy
}

// newGateway returns a gateway to a deployment.
func newGateway(u *upstream, guard *guard, l limits) *gateway {
	g := &gateway{upstream: u, guard: guard, limits: l}
	g.proxy = &httputil.ReverseProxy{
		Rewrite: g.rewrite, ModifyResponse: g.modifyResponse, ErrorHandler: g.handleError,
		Transport: u.transport, ErrorLog: log.New(io.Discard, "", 0),
	}
	return g
}

// ServeHTTP implements http.Handler.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.guard.isOwnRequest(r) {
		refuse(w)
		return
	}
	if hasSecretParameter(r.URL.RawQuery) {
		g.enter(w, r)
		return
	}
	// Forms are a part of some signatures, so the body is read before. It is bounded.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	by := g.guard.admit(r, body, err == nil)
	switch {
	case by == byNothing:
		refuse(w)
	case err != nil:
		sendText(w, http.StatusRequestEntityTooLarge, "the body cannot be read, or is larger than 65536 bytes")
	case !isAllowed(r):
		w.Header().Set("Allow", "GET, HEAD")
		sendText(w, http.StatusMethodNotAllowed, "the method is not allowed: use GET; POST is for calls of E-HPC's API")
	case signin.IsPath(r.URL.Path): // where the deployment would ask for a token, past the gateway
		w.Header().Set("Location", "/")
		sendText(w, http.StatusSeeOther, "the gateway has signed in already, see /")
	default:
		g.pass(w, r, body, by == bySignature)
	}
}

// enter answers the address that was printed: it moves the secret from there into
// a cookie, because addresses end up in histories and logs.
func (g *gateway) enter(w http.ResponseWriter, r *http.Request) {
	secret, rest := cutSecretParameter(r.URL.RawQuery)
	if r.Method != http.MethodGet || !g.guard.secrets.matches(secret) {
		refuse(w)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	// The host is one of the guard's own, so this leads nowhere else.
	back := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: rest}
	w.Header().Set("Location", back.String())
	sendText(w, http.StatusSeeOther, "see "+back.EscapedPath())
}

// replicaPath matches the paths of E-HPC's API: /, /at/TIME/ and /REGION/.
var replicaPath = regexp.MustCompile(`^/(at/[^/]+/?)?([a-z]{2,3}-[a-z0-9-]+/?)?$`)

// isAllowed reports whether the method is allowed at the path.
func isAllowed(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead ||
		r.Method == http.MethodPost && replicaPath.MatchString(r.URL.Path)
}

// pass passes a request to the deployment. A signature of the caller ends here:
// it was for the gateway.
func (g *gateway) pass(w http.ResponseWriter, r *http.Request, body []byte, signed bool) {
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		sendText(w, http.StatusBadRequest, "the query is not percent-encoded as it should be; write % as %25 and ; as %3B")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.limits.total)
	defer cancel()
	r = r.Clone(ctx)
	if signed {
		r.URL.RawQuery = cutSignature(r.URL.RawQuery)
		if isForm(r) {
			body = []byte(cutSignature(string(body)))
		}
	}
	r.URL.RawQuery = addAction(r.URL.RawQuery, r.Header)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if r.Method != http.MethodPost {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	g.proxy.ServeHTTP(w, r)
}

// passed are the headers of a request that the deployment gets. Others are the
// gateway's own, such as Authorization, or would let callers do more than ask, such
// as X-Fc-Invocation-Type.
var passed = []string{"Accept", "Accept-Encoding", "Accept-Language", "Content-Type", "If-Match",
	"If-Modified-Since", "If-None-Match", "User-Agent", "X-Request-Id"}

// rewrite makes the request to the deployment.
func (g *gateway) rewrite(p *httputil.ProxyRequest) {
	out := p.Out
	out.URL.Scheme, out.URL.Host, out.Host = g.upstream.target.Scheme, g.upstream.target.Host, ""
	out.URL.RawQuery = p.In.URL.RawQuery
	out.Header = http.Header{}
	for _, name := range passed {
		if values := p.In.Header.Values(name); len(values) > 0 {
			out.Header.Set(name, strings.Join(values, ", "))
		}
	}
	// All cookies but the gateway's own: a page may remember a language.
	var cookies []string
	for _, c := range p.In.Cookies() {
		if c.Name != cookieName {
			cookies = append(cookies, c.Name+"="+c.Value)
		}
	}
	if len(cookies) > 0 {
		out.Header.Set("Cookie", strings.Join(cookies, "; "))
	}
	if out.URL.Path == "" {
		out.URL.Path = "/"
	}
	g.upstream.authentication.addTo(out)
}

// dropped are headers of an answer that are about another domain. Function
// Compute's own domain makes every answer a download.
var dropped = []string{"Content-Disposition", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
	"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Expose-Headers",
	"Strict-Transport-Security", "Alt-Svc", "Refresh", "Service-Worker-Allowed"}

// modifyResponse changes an answer of the deployment, or returns why callers do
// not get it.
func (g *gateway) modifyResponse(r *http.Response) error {
	if err := g.upstream.checkResponse(r); err != nil {
		return err
	}
	for _, name := range dropped {
		r.Header.Del(name)
	}
	// The deployment must not replace the cookie of the gateway.
	cookies := r.Cookies()
	r.Header.Del("Set-Cookie")
	for _, c := range cookies {
		if c.Name != cookieName {
			r.Header.Add("Set-Cookie", c.String())
		}
	}
	r.Header.Set("X-Content-Type-Options", "nosniff")
	r.Header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Header.Get("Referrer-Policy") == "" {
		r.Header.Set("Referrer-Policy", "no-referrer")
	}
	if r.Header.Get("X-Frame-Options") == "" {
		r.Header.Set("X-Frame-Options", "DENY")
	}
	r.Body = &boundedBody{ReadCloser: r.Body, left: g.limits.answer}
	return nil
}

// boundedBody is a body that ends with an error if it is too large. The caller
// then sees a broken connection and not a short answer.
type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errors.New("the answer is too large")
	}
	return n, err
}

// handleError answers for a deployment that did not.
func (g *gateway) handleError(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusBadGateway
	if isTimeout(err) || isTimeout(r.Context().Err()) {
		status, err = http.StatusGatewayTimeout, context.DeadlineExceeded
	}
	sendText(w, status, g.upstream.explain(err).Error())
}

// refuse answers a request that may not pass. It says nothing: whoever is
// allowed has read the output of the command.
func refuse(w http.ResponseWriter) { sendText(w, http.StatusForbidden, "forbidden") }

// sendText answers with one line of text.
func sendText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // a caller that has gone away
}
