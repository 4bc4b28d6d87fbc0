package main

import (
	"flag"

	"community-images/scripts/build/bundle"
	"community-images/scripts/command"
)

// options are the flags.
type options struct {
	// out is the directory to write to. Empty: .build in the checkout.
	out string
	// version is what the functions report. Empty: the commit.
	version string
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "build", Define: o.define, Check: o.check, Usage: `Usage: go run ./scripts/build [flags]

Builds the code packages of both functions. The same commit and Go release
give the same bytes.

`}
}

// define defines the flags. The defaults that depend on the checkout are set
// later, in build.
func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.out, "out", "", "`directory` to write to; made if missing (default .build in the checkout)")
	flags.StringVar(&o.version, "version", "", "`version` that the binaries report (default the commit)")
}

// check refuses arguments, and versions that would not survive a linker flag.
func (o *options) check(flags *flag.FlagSet) error {
	if err := command.NoArguments(flags); err != nil || o.version == "" {
		return err
	}
	return bundle.CheckVersion(o.version)
}
