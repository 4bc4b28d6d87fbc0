package main

import (
	"errors"
	"flag"

	"community-images/scripts/command"
	"community-images/scripts/datadir"
	"community-images/shared/catalog"
)

// options are the flags.
type options struct {
	// data is the directory of a local run. It is empty with cloud.
	data string
	// cloud verifies the functions' bucket on OSS instead of a directory.
	cloud bool
	// region is empty for all regions that are stored.
	region string
	// repair rebuilds what is derived and damaged.
	repair bool
	// gc removes what retention no longer keeps.
	gc bool
	// aliases is a file of this machine to check, and nothing else. It is empty otherwise.
	aliases string
	// dryRun only prints what gc would remove.
	dryRun bool
}

// command returns the command line, which sets o.
func (o *options) command() command.Command {
	return command.Command{Name: "verify", Define: o.define, Check: o.check, Usage: `Usage: go run ./scripts/verify [flags]

Verifies everything that is stored: one line for each fault, note and orphan, one
summary for each region. A note is harmless. The exit code is 1 if there is a fault.

`}
}

// define defines the flags, with the texts that -h prints.
func (o *options) define(flags *flag.FlagSet) {
	flags.StringVar(&o.data, "data", "", "`directory` of a local run (default the one that scripts/local uses)")
	flags.BoolVar(&o.cloud, "cloud", false, "verify the bucket on OSS that the functions' settings in the environment "+
		"name: OSS_BUCKET, EHPC_REGIONS or FC_REGION, and ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET, "+
		"ALIBABA_CLOUD_SECURITY_TOKEN")
	flags.StringVar(&o.aliases, "aliases", "",
		"check this `file` with aliases alone, before you put it into the bucket")
	flags.StringVar(&o.region, "region", "", "verify this `region` alone (default all that are stored)")
	flags.BoolVar(&o.repair, "repair", false,
		"rebuild a head or index (index.ndjson) that is damaged, missing or behind from the log; "+
			"rewrite a log to which no run can append")
	flags.BoolVar(&o.dryRun, "gc-dry-run", false, "say what retention (SNAPSHOT_RETENTION) would remove, and why")
	flags.BoolVar(&o.gc, "gc", false, "remove it; nothing that was written, or was wanted, within two days")
}

// check checks the flags and fills in the default directory.
func (o *options) check(flags *flag.FlagSet) error {
	if err := command.NoArguments(flags); err != nil {
		return err
	}
	switch {
	case o.gc && o.dryRun:
		return errors.New("-gc and -gc-dry-run exclude each other")
	case o.aliases != "" && flags.NFlag() > 1:
		return errors.New("-aliases excludes all other flags")
	case o.cloud && o.data != "":
		return errors.New("-cloud and -data exclude each other")
	}
	if o.region != "" {
		if err := catalog.ValidateName("-region", o.region); err != nil {
			return err
		}
	}
	// Nothing names the archive, so it is that of scripts/local.
	if o.cloud || o.data != "" {
		return nil
	}
	var err error
	o.data, err = datadir.DefaultPath("local")
	return err
}
