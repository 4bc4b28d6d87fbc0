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

const fcVersion = "2023-03-30"

// invoke hands an event to a function and returns its answer. The snapshot
// function lets in one run at a time, so it waits while the timer's is under
// way, which may take as long as run.
func (d *deployment) invoke(ctx context.Context, function string, event []byte, run time.Duration) ([]byte, error) {
	client, err := acs.New(d.fcEndpoint, fcVersion, d.credentials)
	if err != nil {
		return nil, fmt.Errorf("-fc-endpoint: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	last, told := time.Now().Add(d.patience), false
	for {
		answer, err := client.Do(ctx, acs.Call{
			Action: "InvokeFunction", Path: "/" + fcVersion + "/functions/" + url.PathEscape(function) + "/invocations",
			Header: map[string]string{"x-fc-invocation-type": "Sync", "x-fc-log-type": "None"}, Body: event,
		})
		var refused *acs.Error
		if errors.As(err, &refused) && refused.Status == http.StatusTooManyRequests && run > 0 && !told {
			fmt.Fprintf(d.out, "%s is at work; waiting up to %s for that to end\n", function, run)
			last, told = last.Add(run), true
		}
		if errors.As(err, &refused) && refused.Temporary() && time.Now().Before(last) {
			pause(ctx, d.poll)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("invoking %s: %w", function, err)
		}
		if kind := answer.Header.Get("X-Fc-Error-Type"); kind != "" {
			return nil, fmt.Errorf("invoking %s: it fails with %s: %s", function, kind, errorMessage(answer.Body))
		}
		return answer.Body, nil
	}
}

// errorMessage reads what FC hands over when a function fails.
func errorMessage(body []byte) string {
	var e struct{ ErrorMessage string }
	if err := json.Unmarshal(body, &e); err != nil || e.ErrorMessage == "" {
		return brief(body)
	}
	return e.ErrorMessage
}

// directly asks the query function for its version past its HTTP trigger.
func (d *deployment) directly(function string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		payload, err := d.invoke(ctx, function, fctest.Get("/healthz"), 0)
		if err != nil {
			return "", err
		}
		answer, err := fctest.ParseHTTPResponse(payload)
		if err != nil {
			return "", fmt.Errorf("asking %s: %w", function, err)
		}
		return versionIn(function, answer.Status, answer.Body)
	}
}

// overHTTP asks the lookups for their status, with a signature. Lookups that
// want a token of their own are asked for their health, which is open.
func (d *deployment) overHTTP(base string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		status, body, err := d.get(ctx, base+"/v1/status")
		if status == http.StatusUnauthorized {
			status, body, err = d.get(ctx, base+"/healthz")
		}
		if err != nil {
			return "", err
		}
		return versionIn(base, status, body)
	}
}

func (d *deployment) get(ctx context.Context, target string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, nil, fmt.Errorf("asking for the version: %w", err)
	}
	acs.Sign(req, d.credentials)
	resp, err := http.DefaultTransport.RoundTrip(req) // a signed request follows no redirect
	if err != nil {
		return 0, nil, fmt.Errorf("asking %s: %w", target, err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20)); err != nil {
		return 0, nil, fmt.Errorf("asking %s: %w", target, err)
	}
	return resp.StatusCode, body, nil
}

func versionIn(asked string, status int, body []byte) (string, error) {
	if status != http.StatusOK {
		return "", fmt.Errorf("asking %s for the version: %d: %s", asked, status, brief(body))
	}
	var said struct{ Version string }
	if err := json.Unmarshal(body, &said); err != nil {
		return "", fmt.Errorf("asking %s for the version: %w", asked, err)
	}
	return said.Version, nil
}

// brief is the beginning of a text that came from outside, on one line.
func brief(text []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "?")), " ")
	if r := []rune(s); len(r) > 400 {
		return string(r[:400]) + "..."
	}
	return s
}
