package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"community-images/scripts/datadir"
	"community-images/shared/catalog"
)

// options are the flags.
type options struct {
	data   string
	cloud  bool
	region string
	repair bool
	gc     bool
	dryRun bool
}

const usage = `Usage: go run ./scripts/verify [flags]

Proves everything that is stored: one line for each fault and each orphan, one
summary for each region. The exit code is 1 if there is a fault.

`

// parse reads the flags and says on faults what is wrong with them.
func parse(args []string, faults io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	set.SetOutput(faults)
	set.Usage = func() { fmt.Fprint(faults, usage); set.PrintDefaults() }
	set.StringVar(&o.data, "data", "", "`directory` of a local run (default the one that scripts/local uses)")
	set.BoolVar(&o.cloud, "cloud", false, "verify the bucket on OSS that the functions' settings in the environment "+
		"name: OSS_BUCKET, EHPC_REGIONS or FC_REGION, and ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET, "+
		"ALIBABA_CLOUD_SECURITY_TOKEN")
	set.StringVar(&o.region, "region", "", "verify this `region` alone (default all that are stored)")
	set.BoolVar(&o.repair, "repair", false,
		"rebuild a head or index (catalogue.ndjson) that is damaged, missing or behind from the log")
	set.BoolVar(&o.dryRun, "gc-dry-run", false, "say what retention (SNAPSHOT_RETENTION) would remove, and why")
	set.BoolVar(&o.gc, "gc", false, "remove it; nothing that was written, or was wanted, within two days")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	err := o.check(set)
	if err != nil {
		fmt.Fprintln(faults, "verify:", err)
	}
	return o, err
}

func (o *options) check(set *flag.FlagSet) error {
	switch {
	case set.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: everything is a flag, see -h", set.Arg(0))
	case o.gc && o.dryRun:
		return errors.New("-gc and -gc-dry-run exclude each other")
	case o.cloud && o.data != "":
		return errors.New("-cloud and -data exclude each other")
	}
	if o.region != "" {
		if err := catalog.ValidateName("-region", o.region); err != nil {
			return err
		}
	}
	if o.cloud || o.data != "" {
		return nil
	}
	var err error
	o.data, err = datadir.DefaultPath("local")
	return err
}
