package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"community-images/scripts/deploy/acs"
	"community-images/shared/cloud"
	"community-images/shared/neterror"
)

// authentication is what the deployment wants of its callers.
type authentication struct {
	token       string // a bearer token; empty: requests are signed
	credentials cloud.Credentials
}

// addTo authenticates a request. The request must not be changed afterwards.
func (a authentication) addTo(r *http.Request) {
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
		return
	}
	acs.Sign(r, a.credentials)
}

// redact removes the secrets from a text.
func (a authentication) redact(text string) string {
	if a.token != "" {
		text = strings.ReplaceAll(text, a.token, "[redacted]")
	}
	return a.credentials.Redact(text)
}

// upstream is the deployment.
type upstream struct {
	target         *url.URL // scheme and host
	authentication authentication
	transport      *http.Transport
	limits         limits
}

// newUpstream returns a deployment. It is reached through the proxy of the
// environment, if there is one; package net/http uses none for loopback.
func newUpstream(target *url.URL, a authentication, l limits) *upstream {
	return &upstream{target: target, authentication: a, limits: l, transport: &http.Transport{
		Proxy:       http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: l.header, IdleConnTimeout: 90 * time.Second,
		MaxConnsPerHost: 32, MaxResponseHeaderBytes: 64 << 10, DisableCompression: true,
	}}
}

// check asks the deployment for its status. It returns what to print about it,
// and an error if the deployment cannot be used.
func (u *upstream) check(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, u.limits.total)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.target.String()+"/v1/status", nil)
	if err != nil {
		return "", err
	}
	u.authentication.addTo(r)
	response, err := u.transport.RoundTrip(r) // which follows no redirect
	if err != nil {
		return "", u.explain(err)
	}
	defer response.Body.Close()
	if err := u.checkResponse(response); err != nil {
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", u.explain(err)
	}
	var status struct{ Version, Code string }
	jsonErr := json.Unmarshal(body, &status)
	switch {
	case response.StatusCode == http.StatusOK && jsonErr == nil && status.Version != "":
		return fmt.Sprintf("version %.64q", status.Version), nil
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return fmt.Sprintf("it answers %d%s now, which may pass", response.StatusCode, codeOf(status.Code)), nil
	}
	return "", fmt.Errorf("%s is not a deployment of community-images: /v1/status answers %d%s",
		u.target.Host, response.StatusCode, codeOf(status.Code))
}

// answerError is an answer of the deployment that callers do not get. Its text is
// for them.
type answerError struct{ text string }

// Error implements error.
func (e *answerError) Error() string { return e.text }

// checkResponse returns an *answerError if the deployment refuses the gateway
// itself, sends callers elsewhere or sends too much.
func (u *upstream) checkResponse(r *http.Response) error {
	switch {
	case r.StatusCode >= 300 && r.StatusCode < 400 && r.StatusCode != http.StatusNotModified:
		return &answerError{fmt.Sprintf("%s answers with a redirect (%d), which is not followed: check the URL",
			u.target.Host, r.StatusCode)}
	case r.ContentLength > u.limits.answer:
		return &answerError{fmt.Sprintf("the answer of %s is larger than %d bytes: ask for less, for example with limit",
			u.target.Host, u.limits.answer)}
	case r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusForbidden:
		return u.explainRefusal(r)
	}
	return nil
}

// explainRefusal returns what to do about a 401 or 403. It returns nil for a
// refusal that is about the question, and leaves the body as it is.
func (u *upstream) explainRefusal(r *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(r.Body, 16<<10)) // without a body there is no code
	r.Body = readCloser{io.MultiReader(strings.NewReader(string(text)), r.Body), r.Body}
	var document struct{ Code string }
	_ = json.Unmarshal(text, &document) // any other text has no code
	answers := fmt.Sprintf("%d%s", r.StatusCode, codeOf(document.Code))
	unauthorized := r.StatusCode == http.StatusUnauthorized
	switch {
	case document.Code == "Forbidden": // what the token grants is not served
		return nil
	case u.authentication.token != "" && unauthorized:
		return &answerError{fmt.Sprintf("%s refuses the bearer token (%s): it is wrong or has expired; start again with a "+
			"valid one in %s or -token-file", u.target.Host, answers, tokenVariable)}
	case u.authentication.token != "":
		return &answerError{fmt.Sprintf("%s refuses a bearer token (%s): with HttpAuth=function start again with an access "+
			"key and without a token", u.target.Host, answers)}
	case unauthorized:
		return &answerError{fmt.Sprintf("%s wants a bearer token (%s): start again with one in %s or -token-file",
			u.target.Host, answers, tokenVariable)}
	}
	return &answerError{fmt.Sprintf("%s refuses the access key (%s): check that it is right, has not expired and may do "+
		"fc:InvokeFunction, and that the clock of this machine is right", u.target.Host, answers)}
}

// codePattern matches codes of errors. Anything else is not repeated.
var codePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.]{0,63}$`)

// codeOf returns a code with a blank before it, or nothing.
func codeOf(code string) string {
	if !codePattern.MatchString(code) {
		return ""
	}
	return " " + code
}

// explain says why there is no answer, in one line without secrets.
func (u *upstream) explain(err error) error {
	var answer *answerError
	switch {
	case errors.As(err, &answer):
		return err
	case isTimeout(err):
		return fmt.Errorf("%s does not answer in time: check the network, and try again", u.target.Host)
	}
	reason := oneLine(u.authentication.redact(neterror.Text(err)))
	return fmt.Errorf("%s cannot be reached, %s: check the URL and the network", u.target.Host, reason)
}

// isTimeout reports whether an error says that something took too long.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// readCloser reads from one and closes the other.
type readCloser struct {
	io.Reader
	io.Closer
}
