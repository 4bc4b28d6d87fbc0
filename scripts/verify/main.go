// Command verify proves what is stored: that the log keeps the law of history,
// that everything it refers to is there and is what it should be, and that
// the head is the replayed log. It can also rebuild a head or an index and
// collect what retention no longer wants.
//
//	go run ./scripts/verify
//	go run ./scripts/verify -cloud -region cn-hangzhou
//	go run ./scripts/verify -aliases aliases.json
//	go run ./scripts/verify -h
package main

import (
	"context"
	"io"
	"os"
	"time"

	"community-images/scripts/command"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	p := process{environ: os.Environ(), out: os.Stdout, stderr: os.Stderr, now: time.Now}
	os.Exit(p.run(ctx, os.Args[1:]))
}

// process is what the command uses of its process.
type process struct {
	// environ has the settings of the functions, as os.Environ returns them.
	environ []string
	// out gets what was found.
	out io.Writer
	// stderr gets errors and the usage.
	stderr io.Writer
	// now is the clock, for the age of objects.
	now func() time.Time
}

// run runs the command. The exit code is 1 if a fault is left or something could
// not be read.
func (p process) run(ctx context.Context, args []string) int {
	var o options
	return o.command().Run(args, p.stderr, func() error { return p.verify(ctx, o) })
}
