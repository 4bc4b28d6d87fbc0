// Package ros calls Resource Orchestration Service (ROS, API version
// 2019-09-10): stacks, their events and previews.
//
// After a temporary error it repeats calls that change nothing or carry a token
// against repetition. An unchanged stack and a missing stack have errors of
// their own.
package ros

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"community-images/scripts/deploy/acs"
	"community-images/shared/cloud"
)

// version is the version of the API.
const version = "2019-09-10"

// pageSize is the largest page of a list that ROS allows.
const pageSize = 50

var (
	// ErrNotFound says that there is no such stack.
	ErrNotFound = errors.New("there is no such stack")
	// ErrUnchanged says that the stack is already as the caller wants it.
	ErrUnchanged = errors.New("there is nothing to change")
)

// Client calls ROS for one region.
type Client struct {
	acs *acs.Client
	// region is the RegionId of every call. Stacks of other regions do not exist
	// for the client.
	region string
	// firstDelay is the time before the second try of a call.
	firstDelay time.Duration
}

// New returns a client. firstDelay is the time before the second try of a call.
// It doubles for each further try.
func New(endpoint, region string, c cloud.Credentials, firstDelay time.Duration) (*Client, error) {
	client, err := acs.New(endpoint, version, c)
	if err != nil {
		return nil, err
	}
	return &Client{acs: client, region: region, firstDelay: firstDelay}, nil
}

// maxTries is how often a call is tried.
const maxTries = 5

// call makes a call, repeats it after temporary errors, and decodes the
// response.
func (c *Client) call(ctx context.Context, action string, query, form map[string]string, into any) error {
	query = maps.Clone(query)
	if query == nil {
		query = map[string]string{}
	}
	query["RegionId"] = c.region
	delays := backoff.NewExponentialBackOff()
	delays.InitialInterval, delays.Multiplier = c.firstDelay, 2
	response, err := backoff.Retry(ctx, func() (acs.Response, error) {
		response, err := c.acs.Do(ctx, acs.Call{Action: action, Query: query, Form: form})
		var failed *acs.Error
		if err != nil && (!errors.As(err, &failed) || !failed.Temporary()) {
			err = backoff.Permanent(err)
		}
		return response, err
	}, backoff.WithBackOff(delays), backoff.WithMaxTries(maxTries))
	// These two have their own errors because callers go on after them.
	switch {
	case acs.HasCode(err, "StackNotFound"):
		return ErrNotFound
	// ROS says: "Update the completely same stack is not supported."
	case acs.HasCode(err, "NotSupported") && strings.Contains(err.Error(), "completely same"):
		return ErrUnchanged
	case err != nil:
		return err
	}
	if err := json.Unmarshal(response.Body, into); err != nil {
		return fmt.Errorf("reading the response of %s: %w", action, err)
	}
	return nil
}

// Parameters are values by name.
type Parameters map[string]string

// addTo adds the parameters to a form, numbered as ROS wants them.
func (p Parameters) addTo(form map[string]string) {
	for i, name := range slices.Sorted(maps.Keys(p)) {
		form["Parameters."+strconv.Itoa(i+1)+".ParameterKey"] = name
		form["Parameters."+strconv.Itoa(i+1)+".ParameterValue"] = p[name]
	}
}
