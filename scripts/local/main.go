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
	"io"
	"os"

	"community-images/scripts/command"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], process{
		environ: os.Environ(), dir: ".", stdout: os.Stdout, stderr: os.Stderr, build: build,
	}))
}

// process is what a run gets from its process.
type process struct {
	// environ is the environment, in the form of os.Environ.
	environ []string
	// dir is the working directory, any directory of the checkout.
	dir string
	// stdout gets what a run shows, stderr its errors.
	stdout, stderr io.Writer
	// build compiles the functions.
	build builder
}

// run runs the command. The exit code is 0 after Ctrl-C, unless -once was not done
// then.
func run(ctx context.Context, args []string, p process) int {
	var o options
	return o.command().Run(args, p.stderr, func() error {
		err := runProduct(ctx, o, p)
		if !o.once && ctx.Err() != nil {
			return nil
		}
		return err
	})
}
