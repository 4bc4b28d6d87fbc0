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
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, time.Now))
}

// run is main with everything injected. The exit code is 1 for any fault that
// is left and for everything that could not be read, 2 for bad flags.
func run(ctx context.Context, args, environ []string, out, faults io.Writer, now func() time.Time) int {
	o, err := parse(args, faults)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // parse has said why
	}
	if err := verify(ctx, o, environ, out, now); err != nil {
		fmt.Fprintln(faults, "verify:", err)
		return 1
	}
	return 0
}
