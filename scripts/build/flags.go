package main

import (
	"flag"
	"fmt"
	"io"

	"community-images/scripts/build/bundle"
)

// options are the flags.
type options struct {
	out     string
	version string
}

const usage = `Usage: go run ./scripts/build [flags]

Builds the code packages of both functions. The same commit and Go release
give the same bytes.

`

// parse reads the flags and says on faults what is wrong with them.
func parse(args []string, faults io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("build", flag.ContinueOnError)
	set.SetOutput(faults)
	set.Usage = func() { fmt.Fprint(faults, usage); set.PrintDefaults() }
	set.StringVar(&o.out, "out", "", "`directory` to write to; made if missing (default .build in the checkout)")
	set.StringVar(&o.version, "version", "", "`version` that the binaries report (default the commit)")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	err := error(nil)
	switch {
	case set.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: everything is a flag, see -h", set.Arg(0))
	case o.version != "":
		err = bundle.CheckVersion(o.version)
	}
	if err != nil {
		fmt.Fprintln(faults, "build:", err)
	}
	return o, err
}
