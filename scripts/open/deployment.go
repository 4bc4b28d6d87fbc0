package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"community-images/scripts/deploy/acs"
	"community-images/scripts/deploy/ros"
)

// findDeployment returns the URL of the deployment, from the flags or from the
// outputs of its stack.
func findDeployment(ctx context.Context, o options, p process) (*url.URL, error) {
	if o.target != nil {
		return o.target, nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.total)
	defer cancel()
	client, err := ros.New(o.rosEndpoint, o.region, o.credentials, p.retryDelay)
	if err != nil {
		return nil, err
	}
	stack, err := client.Find(ctx, o.stack)
	if err != nil {
		return nil, explainROS(err, o)
	}
	outputs := map[string]string{}
	for _, output := range stack.Outputs {
		outputs[output.Name], _ = output.Value.(string)
	}
	address := outputs["Url"]
	if stack.Parameters["DefaultUrl"] == "false" && outputs["Domain"] != "" {
		address = "https://" + outputs["Domain"]
	}
	if address == "" {
		return nil, fmt.Errorf("stack %q is %s and has no output Url: deploy it first, or choose another with -stack",
			o.stack, stack.Status)
	}
	return parseTarget(address)
}

// explainROS says what to do about an error of ROS.
func explainROS(err error, o options) error {
	var refused *acs.Error
	switch {
	case errors.Is(err, ros.ErrNotFound):
		return fmt.Errorf("there is no stack %q in %s: name another with -stack and -region, or give -url",
			o.stack, o.region)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("ROS does not answer: check the network, or give -url")
	case errors.As(err, &refused) && refused.Err != nil:
		return fmt.Errorf("ROS cannot be reached, %w: check the network, or give -url", err)
	case errors.As(err, &refused) && refused.Status >= 400 && refused.Status < 500:
		// The message may repeat what was signed, so the code stands alone.
		return fmt.Errorf("ROS refuses the access key (%d %s): check that the key is right, has not expired and may do "+
			"ros:ListStacks and ros:GetStack, or give -url", refused.Status, refused.Code)
	}
	return fmt.Errorf("finding stack %q: %w", o.stack, err)
}

// limits bound what a request may take.
type limits struct {
	// header is how long the deployment may take to begin its answer, total how long
	// for all of it.
	header, total time.Duration
	// answer is the size of the largest answer in bytes.
	answer int64
}

// defaultLimits are those of Function Compute, with room: it allows 32 MB an
// answer.
var defaultLimits = limits{header: time.Minute, total: 2 * time.Minute, answer: 48 << 20}
