// Command notify checks the subscriptions to messages, and sends a sample to one of them.
//
//	go run ./scripts/notify -check notify.json
//	go run ./scripts/notify -test ops notify.json
//	go run ./scripts/notify -cloud -test ops
//	go run ./scripts/notify -h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"community-images/scripts/cloudstore"
	"community-images/scripts/command"
	"community-images/shared/catalog"
	"community-images/shared/config"
	"community-images/shared/notify/message"
	"community-images/shared/notify/receiver"
	"community-images/shared/notify/subscription"
)

func main() {
	ctx, stop := command.Context()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// usage is what -h prints above the flags.
const usage = `Usage: go run ./scripts/notify -check FILE
       go run ./scripts/notify -test NAME FILE

Checks a notify.json, or sends a sample to one of its subscriptions. With -cloud
the file is that in the bucket, and FILE is left out. The functions' settings in
the environment count: NOTIFY_PUBLIC_URL and NOTIFY_ALLOW_PRIVATE, and with
-cloud those of the bucket. The exit code is 1 for a fault, and if the receiver
does not take the sample.

`

// options are the flags and the argument.
type options struct {
	check bool
	test  string // the name of a subscription
	cloud bool
	file  string
}

// run runs the command.
func run(ctx context.Context, args, environ []string, out, stderr io.Writer) int {
	var o options
	c := command.Command{
		Name: "notify", Usage: usage,
		Define: func(flags *flag.FlagSet) {
			flags.BoolVar(&o.check, "check", false, "check the file")
			flags.StringVar(&o.test, "test", "", "send a sample to the subscription with this `name`")
			flags.BoolVar(&o.cloud, "cloud", false,
				"read the file in the bucket that the functions' settings in the environment name")
		},
		Check: o.checkFlags,
	}
	return c.Run(args, stderr, func() error { return o.run(ctx, environ, out) })
}

// checkFlags returns what is wrong with the flags and arguments.
func (o *options) checkFlags(flags *flag.FlagSet) error {
	o.file = flags.Arg(0)
	switch {
	case o.check == (o.test != ""):
		return errors.New("say either -check or -test NAME")
	case o.cloud && flags.NArg() > 0:
		return errors.New("-cloud reads the file in the bucket: name no other")
	case !o.cloud && flags.NArg() != 1:
		return errors.New("name one file, or say -cloud")
	}
	return nil
}

// run checks the file, and sends a sample if that is asked for.
func (o *options) run(ctx context.Context, environ []string, out io.Writer) error {
	settings, err := readSettings(environ)
	if err != nil {
		return err
	}
	data, err := o.readFile(ctx, environ)
	if err != nil {
		return err
	}
	list, err := subscription.Parse(data, subscription.Options{AllowPrivate: settings.NotifyAllowPrivate})
	if err != nil {
		return err
	}
	if o.check {
		fmt.Fprintf(out, "notify.json has %d subscriptions and no fault\n", len(list))
		return nil
	}
	i := slices.IndexFunc(list, func(s subscription.Subscription) bool { return s.Name == o.test })
	if i < 0 {
		var names []string
		for _, s := range list {
			names = append(names, s.Name)
		}
		return fmt.Errorf("there is no subscription %q; there are: %s", o.test, strings.Join(names, ", "))
	}
	return sendSample(ctx, &list[i], settings, out)
}

// sendSample sends a sample once.
func sendSample(ctx context.Context, s *subscription.Subscription, settings config.Snapshot, out io.Writer) error {
	client := receiver.New(receiver.Options{AllowPrivate: settings.NotifyAllowPrivate, Now: time.Now})
	m := message.NewTest(s.Name, settings.NotifyPublicURL, catalog.At(time.Now()))
	m.SetText(s.Language)
	if err := client.Send(ctx, s, m); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	fmt.Fprintf(out, "%s took the sample\n", s.Name)
	return nil
}

// readSettings reads the settings of messages. The others need not be there.
func readSettings(environ []string) (config.Snapshot, error) {
	needed := []string{"OSS_BUCKET=none", "OSS_ENDPOINT=http://127.0.0.1", "EHPC_REGIONS=none"}
	for _, variable := range environ {
		if strings.HasPrefix(variable, "NOTIFY_") {
			needed = append(needed, variable)
		}
	}
	return config.SnapshotFrom(needed)
}

// readFile reads notify.json.
func (o *options) readFile(ctx context.Context, environ []string) ([]byte, error) {
	if !o.cloud {
		return os.ReadFile(o.file)
	}
	store, err := cloudstore.Open(environ)
	if err != nil {
		return nil, err
	}
	data, _, err := store.Bucket.Get(ctx, store.Keys.Notify(), "")
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", store.Keys.Notify(), err)
	}
	return data, nil
}
