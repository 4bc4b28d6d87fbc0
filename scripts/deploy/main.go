// Command deploy brings both functions, and everything around them, to an
// Alibaba Cloud account: it builds and uploads the code, creates or updates
// the stack of template.yaml, waits for it and tries the result out.
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
	"community-images/scripts/deploy/ros"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], world{
		environ: os.Environ(), dir: ".", in: os.Stdin, out: os.Stdout, faults: os.Stderr,
		poll: 3 * time.Second, patience: 2 * time.Minute, make: bundle.Make,
	}))
}

// world is what a run takes from outside.
type world struct {
	environ  []string
	dir      string // where it was started
	in       io.Reader
	out      io.Writer
	faults   io.Writer
	poll     time.Duration // between two looks at something that is under way
	patience time.Duration // with a function that does not answer as it should yet
	make     func(context.Context, bundle.Options) ([]bundle.Bundle, error)
}

// run runs the command. The exit code is 1 if the deployment failed or does not
// work, 2 for flags or settings that are wrong or missing.
func run(ctx context.Context, args []string, w world) int {
	o := options{parameters: ros.Parameters{}, environ: w.environ, argCount: len(args)}
	return o.command().Run(args, w.faults, func() error {
		err := deploy(ctx, &o, w)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil && !errors.Is(err, errNotBegun) {
			err = errors.New("interrupted; what ROS has begun goes on: run this again to watch it")
		}
		redacted := errors.New(o.redactor().Replace(err.Error()))
		var usage *command.UsageError
		if errors.As(err, &usage) {
			return &command.UsageError{Err: redacted}
		}
		return redacted
	})
}
