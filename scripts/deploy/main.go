// Command deploy deploys both functions, and everything that they need, to an
// Alibaba Cloud account. It builds and uploads the code, creates or updates the
// stack of template.yaml, waits for it and tests the result.
//
//	go run ./scripts/deploy -region cn-hangzhou -bucket NAME -code-bucket NAME
//	go run ./scripts/deploy -h
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"community-images/scripts/build/bundle"
	"community-images/scripts/command"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], process{
		environ: os.Environ(), dir: ".", stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		pollInterval: 3 * time.Second, retryTime: 2 * time.Minute, build: bundle.Make,
	}))
}

// process is what a run gets from its process and its environment.
type process struct {
	// environ is the environment, in the form of os.Environ.
	environ []string
	// dir is the working directory, any directory of the checkout.
	dir string
	// stdin has the answer to the question for confirmation.
	stdin io.Reader
	// stdout gets what a run does, stderr its errors.
	stdout, stderr io.Writer
	// pollInterval is the time between two requests for the state of something.
	pollInterval time.Duration
	// retryTime is how long a function may fail after a deployment.
	retryTime time.Duration
	// build makes the code packages.
	build func(context.Context, bundle.Options) ([]bundle.Bundle, error)
}

// run runs the command. The exit code is 1 if the deployment failed or does not
// work, 2 for wrong or missing flags and settings.
func run(ctx context.Context, args []string, p process) int {
	var o options
	return o.command(ctx, args, p).Run(args, p.stderr, func() error {
		secrets := &redactor{}
		secrets.add(o.credentials.AccessKeySecret)
		secrets.add(o.credentials.SecurityToken)
		err := deploy(ctx, o, p, secrets)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil && !errors.Is(err, errNothingChanged) {
			err = errors.New("interrupted; what ROS has begun goes on: run this again to watch it")
		}
		redacted := errors.New(secrets.redact(err.Error()))
		var usage *command.UsageError
		if errors.As(err, &usage) {
			return &command.UsageError{Err: redacted}
		}
		return redacted
	})
}
