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
	"community-images/shared/fcrun/fctest"
)

// fcVersion is the version of FC's API. It is a part of the path, too.
const fcVersion = "2023-03-30"

// invoke invokes a function and returns its response. It repeats the call after
// temporary errors. The snapshot function allows one run at a time: if a run of
// the timer is in progress, invoke waits up to maxRun longer.
func (d *deployment) invoke(
	ctx context.Context, function string, event []byte, maxRun time.Duration,
) ([]byte, error) {
	client, err := acs.New(d.endpoints.fc, fcVersion, d.credentials)
	if err != nil {
		return nil, fmt.Errorf("-fc-endpoint: %w", err)
	}
	// A snapshot may take as long as the function may: -timeout bounds both.
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	// Sync waits for the result. The log would come back in a header: it is in
	// the log store anyway.
	call := acs.Call{
		Action: "InvokeFunction", Path: "/" + fcVersion + "/functions/" + url.PathEscape(function) + "/invocations",
		Header: map[string]string{"x-fc-invocation-type": "Sync", "x-fc-log-type": "None"}, Body: event,
	}
	deadline, extended := time.Now().Add(d.retryTime), false
	for {
		response, err := client.Do(ctx, call)
		var failed *acs.Error
		// 429 says that the function is busy. The run may be one of the timer, which
		// ends within its time-out: that is waited for once.
		isError := errors.As(err, &failed)
		if isError && failed.Status == http.StatusTooManyRequests && maxRun > 0 && !extended {
			fmt.Fprintf(d.out, "%s is at work; waiting up to %s for that to end\n", function, maxRun)
			deadline, extended = deadline.Add(maxRun), true
		}
		if isError && failed.Temporary() && time.Now().Before(deadline) {
			sleep(ctx, d.pollInterval)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("invoking %s: %w", function, err)
		}
		// FC answers 200 also if the function fails. This header tells the difference.
		if kind := response.Header.Get("X-Fc-Error-Type"); kind != "" {
			return nil, fmt.Errorf("invoking %s: it fails with %s: %s", function, kind, errorMessage(response.Body))
		}
		return response.Body, nil
	}
}

// errorMessage returns the message in FC's response for a function that failed,
// or the beginning of the response if it has none.
func errorMessage(body []byte) string {
	var e struct{ ErrorMessage string }
	if err := json.Unmarshal(body, &e); err != nil || e.ErrorMessage == "" {
		return truncate(body)
	}
	return e.ErrorMessage
}

// readVersionByInvocation returns a function that reads the version without the
// HTTP trigger.
func (d *deployment) readVersionByInvocation(function string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		// The event of an HTTP trigger for GET /healthz, which needs no token.
		payload, err := d.invoke(ctx, function, fctest.Get("/healthz"), 0)
		if err != nil {
			return "", err
		}
		response, err := fctest.ParseHTTPResponse(payload)
		if err != nil {
			return "", fmt.Errorf("asking %s: %w", function, err)
		}
		return parseVersion(function, response.Status, response.Body)
	}
}

// readVersionOverHTTP returns a function that reads the version from /v1/status
// with a signed request. If that needs a bearer token, it reads the version
// from /healthz, which needs none.
func (d *deployment) readVersionOverHTTP(base string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		status, body, err := d.getSigned(ctx, base+"/v1/status")
		if status == http.StatusUnauthorized {
			status, body, err = d.getSigned(ctx, base+"/healthz")
		}
		if err != nil {
			return "", err
		}
		return parseVersion(base, status, body)
	}
}

// getSigned sends a GET request with the signature that an HTTP trigger with the
// authentication "function" wants. Other triggers ignore the signature. A status
// that is not 200 is no error here.
func (d *deployment) getSigned(ctx context.Context, target string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("asking for the version: %w", err)
	}
	acs.Sign(req, d.credentials)
	// RoundTrip does not follow redirects, which would hand the signature to another
	// host.
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, nil, fmt.Errorf("asking %s: %w", target, err)
	}
	defer resp.Body.Close()
	// A status has some kilobytes. More is not ours.
	if body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, nil, fmt.Errorf("asking %s: %w", target, err)
	}
	return resp.StatusCode, body, nil
}

// parseVersion reads the version from a response of the query function. /healthz
// and /v1/status have it in the same member.
func parseVersion(from string, status int, body []byte) (string, error) {
	if status != http.StatusOK {
		return "", fmt.Errorf("asking %s for the version: %d: %s", from, status, truncate(body))
	}
	var response struct{ Version string }
	if err := json.Unmarshal(body, &response); err != nil {
		return "", fmt.Errorf("asking %s for the version: %w", from, err)
	}
	return response.Version, nil
}

// truncate returns the beginning of a foreign text on one line.
func truncate(text []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "?")), " ")
	if r := []rune(s); len(r) > 400 {
		return string(r[:400]) + "..."
	}
	return s
}
