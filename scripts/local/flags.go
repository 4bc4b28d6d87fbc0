package main

import (
	"flag"
	"fmt"
	"io"
	"time"

	"community-images/scripts/datadir"
)

// options are the flags.
type options struct {
	addr  string
	data  string
	every time.Duration
	once  bool
	cloud bool
}

const usage = `Usage: go run ./scripts/local [flags]

Runs both functions on this machine, fires the timer and serves lookups.

`

// parse reads the flags and says on faults what is wrong with them.
func parse(args []string, faults io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("local", flag.ContinueOnError)
	set.SetOutput(faults)
	set.Usage = func() { fmt.Fprint(faults, usage); set.PrintDefaults() }
	set.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to serve lookups on")
	set.StringVar(&o.data, "data", "", "`directory` of the bucket, the log and the binaries; made if missing "+
		"(default below the user's cache directory)")
	set.DurationVar(&o.every, "every", 30*time.Second, "how often the timer fires")
	set.BoolVar(&o.once, "once", false, "take one snapshot, print what was stored, and end")
	set.BoolVar(&o.cloud, "cloud", false, "use the real E-HPC and OSS: OSS_BUCKET, EHPC_REGIONS or FC_REGION, and "+
		"ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET, ALIBABA_CLOUD_SECURITY_TOKEN from the environment")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	err := o.check(set)
	if err != nil {
		fmt.Fprintln(faults, "local:", err)
	}
	return o, err
}

func (o *options) check(set *flag.FlagSet) error {
	if set.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: everything is a flag, see -h", set.Arg(0))
	}
	if o.every < time.Second {
		return fmt.Errorf("-every %s is too short; allowed are 1s and longer", o.every)
	}
	if o.data != "" {
		return nil
	}
	name := "local"
	if o.cloud {
		name = "cloud"
	}
	var err error
	o.data, err = datadir.DefaultPath(name)
	return err
}
