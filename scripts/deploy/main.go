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
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"community-images/scripts/build/bundle"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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

// run is main with everything injected. The exit code is 1 if the deployment
// failed or does not work, 2 for flags or settings that are wrong or missing.
func run(ctx context.Context, args []string, w world) int {
	o, err := parse(args, w.environ, w.faults)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // parse has said why
	}
	if err := deploy(ctx, &o, w); err != nil {
		var bad *usageError
		if ctx.Err() != nil && !errors.Is(err, errNotBegun) {
			err = errors.New("interrupted; what ROS has begun goes on: run this again to watch it")
		}
		if !errors.As(err, &bad) {
			fmt.Fprintln(o.veiled(w.faults), "deploy:", err)
			return 1
		}
		for line := range strings.Lines(err.Error()) { // each is a fault
			fmt.Fprintln(o.veiled(w.faults), "deploy:", strings.TrimSuffix(line, "\n"))
		}
		return 2
	}
	return 0
}
