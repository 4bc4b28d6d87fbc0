// Command backup copies everything that is stored to a directory, and back
// into an empty bucket.
//
//	go run ./scripts/operate/backup DIR            # copy what is new
//	go run ./scripts/operate/backup -restore DIR   # into OSS_BUCKET, below OSS_PREFIX
//
// Tools that copy objects cannot restore: the months of the log have to be
// appendable objects again, or no run can ever commit to them.
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

	"github.com/dustin/go-humanize"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

const usage = `Usage: go run ./scripts/operate/backup [-restore] DIR

Copies all regions from the bucket to DIR, one file for each object, or back.
The bucket is the one that the functions' settings in the environment name:
OSS_BUCKET, OSS_PREFIX, OSS_ENDPOINT, FC_REGION or EHPC_REGIONS, and
ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET, ALIBABA_CLOUD_SECURITY_TOKEN.

`

// run is main with everything injected. The exit code is 1 if something could
// not be copied, 2 for wrong flags.
func run(ctx context.Context, args, environ []string, out, faults io.Writer) int {
	flags := flag.NewFlagSet("backup", flag.ContinueOnError)
	flags.SetOutput(faults)
	flags.Usage = func() { fmt.Fprint(faults, usage); flags.PrintDefaults() }
	restore := flags.Bool("restore", false, "copy from DIR into the bucket, where nothing may be below the prefix yet")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2 // Parse has said why
	}
	if flags.NArg() != 1 {
		fmt.Fprintln(faults, "backup: name one directory, see -h")
		return 2
	}
	bucket, err := openBucket(environ)
	if err == nil {
		copy := bucket.backUp
		if *restore {
			copy = bucket.restore
		}
		var done copyStats
		if done, err = copy(ctx, flags.Arg(0)); err == nil {
			fmt.Fprintf(out, "%d objects copied, %s; %d were there already\n", done.copied,
				humanize.Bytes(uint64(done.bytes)), done.skipped)
		}
	}
	if err != nil {
		fmt.Fprintln(faults, "backup:", err)
		return 1
	}
	return 0
}
