package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"community-images/scripts/deploy/acs"
	"community-images/scripts/prove/probeapi"
)

const fcVersion = "2023-03-30" // of Function Compute's API

// request is a request to the HTTP trigger.
type request struct {
	method string      // default GET
	target string      // path and query, as they are sent
	header http.Header // added as it is
	body   string      // empty: none
	bare   bool        // without what the trigger's authentication wants
}

// reply is the response to a request.
type reply struct {
	status int
	header http.Header
	body   []byte // as it arrived, perhaps compressed
}

// maxReply is the largest response that is read.
const maxReply = 64 << 20

// send sends a request to the HTTP trigger. It does not follow redirects, and does
// not decompress the response.
func (p *prover) send(ctx context.Context, r request) (reply, error) {
	if r.method == "" {
		r.method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, r.method, p.url, strings.NewReader(r.body))
	if err != nil {
		return reply{}, err
	}
	// Path and query are set as they are given. Parsing them would mend what a claim
	// wants to send malformed.
	path, query, _ := strings.Cut(r.target, "?")
	req.URL.Path, req.URL.RawPath, req.URL.RawQuery = unescape(path), path, query
	for name, values := range r.header {
		req.Header[name] = values
	}
	req.Header.Set("Accept-Encoding", "identity")
	if !r.bare {
		p.authorize(req)
	}
	// A connection of its own for each request lets the platform choose an instance.
	resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	return reply{resp.StatusCode, resp.Header, body}, err
}

// unescape returns the path without escapes, or as it is if they are malformed.
func unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// authorize adds what the trigger's authentication wants.
func (p *prover) authorize(req *http.Request) {
	switch p.auth {
	case "function":
		acs.Sign(req, p.credentials)
	case "bearer":
		req.Header.Set("Authorization", "Bearer "+p.token)
	case "jwt":
		if token, err := p.jwt.token(time.Now().Add(time.Hour)); err == nil {
			req.Header.Set("Authorization", "Bearer "+token)
		}
	}
}

// httpEvent has the members of an HTTP trigger's event that claims are about.
type httpEvent struct {
	RawPath         string            `json:"rawPath"`         // still encoded
	Body            string            `json:"body"`            // text or base64
	IsBase64Encoded bool              `json:"isBase64Encoded"` // of Body
	Headers         map[string]string `json:"headers"`         // repeats joined by commas
	QueryParameters map[string]string `json:"queryParameters"`
	RequestContext  struct {
		HTTP struct {
			Method string `json:"method"`
			Path   string `json:"path"`
		} `json:"http"`
	} `json:"requestContext"`
}

// findHeader returns a header, whatever the case of its name.
func (e httpEvent) findHeader(name string) (string, bool) {
	for n, value := range e.Headers {
		if strings.EqualFold(n, name) {
			return value, true
		}
	}
	return "", false
}

// see sends a request and returns what the probe saw of it.
func (p *prover) see(ctx context.Context, r request) (probeapi.Seen, httpEvent, error) {
	var seen probeapi.Seen
	var event httpEvent
	response, err := p.send(ctx, r)
	if err == nil {
		err = decodeReply(response, &seen)
	}
	if err == nil {
		err = json.Unmarshal([]byte(seen.Event), &event)
	}
	return seen, event, err
}

// decodeReply decodes a JSON response of the probe.
func decodeReply(r reply, into any) error {
	if r.status != http.StatusOK {
		return fmt.Errorf("the probe was not reached: %d: %s", r.status, firstBytes(r.body))
	}
	if err := json.Unmarshal(r.body, into); err != nil {
		return fmt.Errorf("the probe's response has another form: %w: %s", err, firstBytes(r.body))
	}
	return nil
}

// firstBytes returns the beginning of a body, for a message.
func firstBytes(body []byte) string { return string(body[:min(len(body), 200)]) }

// invoke invokes a function of the deployment directly and decodes its response.
// It waits while the function is at work for the timer.
func (p *prover) invoke(ctx context.Context, function string, event []byte, into any) error {
	call := acs.Call{
		Action: "InvokeFunction",
		Path:   "/" + fcVersion + "/functions/" + p.names.stack + "-" + function + "/invocations",
		Header: map[string]string{"x-fc-invocation-type": "Sync", "x-fc-log-type": "None"}, Body: event,
	}
	// The stack allows one run at a time, and the timer fires each minute.
	for deadline := time.Now().Add(2 * time.Minute); ; sleep(ctx, p.pollInterval) {
		response, err := p.fc.Do(ctx, call)
		var failed *acs.Error
		if errors.As(err, &failed) && failed.Temporary() && time.Now().Before(deadline) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return err
		}
		if kind := response.Header.Get("X-Fc-Error-Type"); kind != "" {
			return fmt.Errorf("the function fails with %s: %s", kind, firstBytes(response.Body))
		}
		return json.Unmarshal(response.Body, into)
	}
}

// ask asks the probe in place of a function for what it sees at a path, without
// HTTP.
func (p *prover) ask(ctx context.Context, function, path string, into any) error {
	event, err := json.Marshal(probeapi.Ask{Probe: path})
	if err != nil {
		return err
	}
	return p.invoke(ctx, function, event, into)
}
