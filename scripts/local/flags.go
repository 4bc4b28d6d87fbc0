package main

import (
	"errors"
	"flag"
	"fmt"
	"time"

	"community-images/scripts/command"
	"community-images/scripts/datadir"
)

// options are the flags.
type options struct {
	// addr is where lookups are served, for example 127.0.0.1:8080.
	addr string
	// data is the directory of everything that is kept between two runs. check
	// sets a default if it is empty.
	data string
	// every is the time between two snapshots, at least a second.
	every time.Duration
	// once takes one snapshot and serves nothing.
	once bool
	// fresh starts without a seeded history.
	fresh bool
	// cloud works against the real E-HPC and OSS.
	cloud bool
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "local", Define: o.define, Check: o.check, Usage: `Usage: go run ./scripts/local [flags]

Runs both functions on this machine, fires the timer and serves lookups.

`}
}

// define defines the flags.
func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to serve lookups on")
	flags.StringVar(&o.data, "data", "", "`directory` of the bucket, the log and the binaries; made if missing "+
		"(default below the user's cache directory)")
	flags.DurationVar(&o.every, "every", 30*time.Second, "how often the timer fires")
	flags.BoolVar(&o.once, "once", false, "take one snapshot, print what was stored, and end")
	flags.BoolVar(&o.fresh, "fresh", false, "start without the simulated month that an empty directory is seeded with; "+
		"an error if the directory has data")
	flags.BoolVar(&o.cloud, "cloud", false, "use the real E-HPC and OSS: OSS_BUCKET, EHPC_REGIONS or FC_REGION, and "+
		"ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET, ALIBABA_CLOUD_SECURITY_TOKEN from the environment")
}

// check checks the flags and fills in the default directory.
func (o *options) check(flags *flag.FlagSet) error {
	if err := command.NoArguments(flags); err != nil {
		return err
	}
	if o.every < time.Second {
		return fmt.Errorf("-every %s is too short; allowed are 1s and longer", o.every)
	}
	if o.fresh && o.cloud {
		return errors.New("-fresh is for the simulation: with -cloud nothing is ever seeded; use one of both")
	}
	if o.data != "" {
		return nil
	}
	// Data of the simulation and of a real account must never share a directory.
	name := "local"
	if o.cloud {
		name = "cloud"
	}
	var err error
	o.data, err = datadir.DefaultPath(name)
	return err
}
