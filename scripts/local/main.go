// Command local runs the whole product on this machine: it builds the two
// functions, drives them over Function Compute's runtime protocol against an
// embedded E-HPC and an embedded OSS on a directory, prints what was stored
// and serves lookups. With -cloud the same functions work against the real
// E-HPC and OSS.
//
//	go run ./scripts/local
//	go run ./scripts/local -once
//	go run ./scripts/local -h
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, build))
}

// run is main with everything injected. The exit code is 0 also after Ctrl-C,
// except if -once was not done then; 2 for bad flags, 1 for everything else.
func run(ctx context.Context, args, environ []string, out, faults io.Writer, build builder) int {
	o, err := parse(args, faults)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return 2 // parse has said why
	}
	err = runProduct(ctx, o, environ, out, build)
	if err == nil || !o.once && ctx.Err() != nil {
		return 0
	}
	fmt.Fprintln(faults, "local:", err)
	return 1
}
