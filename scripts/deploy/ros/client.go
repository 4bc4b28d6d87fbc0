// Package ros is the part of Resource Orchestration Service (ROS, API version
// 2019-09-10) that a deployment needs: stacks, their events and previews.
//
// It promises that calls that change nothing, or carry a token that makes a
// repetition harmless, are tried again after a temporary fault, and that an
// unchanged stack and a missing one are errors of their own.
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

const version = "2019-09-10"

// MaxTemplate is the largest template body that ROS takes, in bytes.
const MaxTemplate = 524_288

// pageSize is the most entries of a list that ROS gives at once.
const pageSize = 50

var (
	// ErrNotFound says that there is no such stack.
	ErrNotFound = errors.New("there is no such stack")
	// ErrUnchanged says that the stack is already as it is asked to be.
	ErrUnchanged = errors.New("there is nothing to change")
)

// Client calls ROS for one region.
type Client struct {
	calls  *acs.Client
	region string
	pause  time.Duration // before a second try
}

// New returns a client. pause is the time before a call is tried again; it
// doubles from try to try.
func New(endpoint, region string, c cloud.Credentials, pause time.Duration) (*Client, error) {
	calls, err := acs.New(endpoint, version, c)
	if err != nil {
		return nil, err
	}
	return &Client{calls: calls, region: region, pause: pause}, nil
}

// tries is how often a call is made that may be repeated.
const tries = 5

// ask makes a call that may be repeated and decodes its answer.
func (c *Client) ask(ctx context.Context, action string, query, form map[string]string, into any) error {
	query = maps.Clone(query)
	if query == nil {
		query = map[string]string{}
	}
	query["RegionId"] = c.region
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier = c.pause, 2
	answer, err := backoff.Retry(ctx, func() (acs.Answer, error) {
		answer, err := c.calls.Do(ctx, acs.Call{Action: action, Query: query, Form: form})
		var refused *acs.Error
		if err != nil && (!errors.As(err, &refused) || !refused.Temporary()) {
			err = backoff.Permanent(err)
		}
		return answer, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(tries))
	switch {
	case acs.Is(err, "StackNotFound"):
		return ErrNotFound
	// ROS' words for it: "Update the completely same stack is not supported."
	case acs.Is(err, "NotSupported") && strings.Contains(err.Error(), "completely same"):
		return ErrUnchanged
	case err != nil:
		return err
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", action, err)
	}
	return nil
}

// Parameters are values by name.
type Parameters map[string]string

// add writes the parameters into a request as ROS numbers them.
func (p Parameters) add(form map[string]string) {
	for i, name := range slices.Sorted(maps.Keys(p)) {
		form["Parameters."+strconv.Itoa(i+1)+".ParameterKey"] = name
		form["Parameters."+strconv.Itoa(i+1)+".ParameterValue"] = p[name]
	}
}
