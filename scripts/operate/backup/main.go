// Command backup copies everything that is stored to a directory, and back
// into an empty bucket.
//
//	go run ./scripts/operate/backup DIR            # copy what is new
//	go run ./scripts/operate/backup -restore DIR   # into OSS_BUCKET, below OSS_PREFIX
//
// Other tools that copy objects restore the log as normal objects, to which no run can
// append. After such a copy scripts/verify -repair is needed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"community-images/scripts/command"

	"github.com/dustin/go-humanize"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// usage is what -h prints above the flags.
const usage = `Usage: go run ./scripts/operate/backup [-restore] DIR

Copies all regions from the bucket to DIR, one file for each object, or back.
After a restore it verifies everything, and exits 1 if a file of DIR is damaged.
The bucket is the one that the functions' settings in the environment name:
OSS_BUCKET, OSS_PREFIX, OSS_ENDPOINT, FC_REGION or EHPC_REGIONS, and
ALIBABA_CLOUD_ACCESS_KEY_ID, _SECRET, ALIBABA_CLOUD_SECURITY_TOKEN.

`

// run runs the command. The exit code is 1 if something could not be copied, or if a
// restored backup is damaged.
func run(ctx context.Context, args, environ []string, out, stderr io.Writer) int {
	var restore bool
	var dir string
	c := command.Command{
		Name: "backup", Usage: usage,
		Define: func(flags *flag.FlagSet) {
			flags.BoolVar(&restore, "restore", false,
				"copy from DIR into the bucket, which must have nothing below the prefix yet")
		},
		Check: func(flags *flag.FlagSet) error {
			if flags.NArg() != 1 {
				return errors.New("name one directory")
			}
			dir = flags.Arg(0)
			return nil
		},
	}
	return c.Run(args, stderr, func() error {
		bucket, err := openBucket(environ)
		if err != nil {
			return err
		}
		copy := bucket.backUp
		if restore {
			copy = bucket.restore
		}
		stats, err := copy(ctx, dir)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%d objects copied, %s; %d were there already\n",
			stats.copied, humanize.Bytes(uint64(stats.bytes)), stats.skipped)
		if restore {
			return bucket.checkRestored(ctx, dir, out)
		}
		return nil
	})
}
