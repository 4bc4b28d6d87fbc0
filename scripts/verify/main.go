// Command verify proves what is stored: that the log keeps the law of history,
// that everything it refers to is there and is what it should be, and that
// the head is the replayed log. It can also rebuild a head or an index and
// collect what retention no longer wants.
//
//	go run ./scripts/verify
//	go run ./scripts/verify -cloud -region cn-hangzhou
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
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, time.Now))
}

// run runs the command. The exit code is 1 if a fault is left or something could
// not be read.
func run(ctx context.Context, args, environ []string, out, stderr io.Writer, now func() time.Time) int {
	var o options
	return o.command().Run(args, stderr, func() error { return verify(ctx, o, environ, out, now) })
}
