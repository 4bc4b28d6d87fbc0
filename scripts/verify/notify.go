package main

import (
	"context"
	"fmt"

	"community-images/shared/notify"
	"community-images/shared/notify/subscription"
)

// verifyNotify checks the file with the subscriptions to messages, if the bucket has one, as a run
// would, and what runs have stored for them. It returns the number of faults.
func (v *verifier) verifyNotify(ctx context.Context) (int, error) {
	options := subscription.Options{AllowPrivate: v.target.allowPrivate}
	faults, notes, subscriptions, err := notify.Verify(ctx, v.target.bucket, v.target.keys, options)
	if err != nil {
		return 0, err
	}
	for _, f := range faults {
		fmt.Fprintf(v.out, "fault  %s\n", f)
	}
	for _, n := range notes {
		fmt.Fprintf(v.out, "note   %s\n", n)
	}
	if subscriptions >= 0 {
		fmt.Fprintf(v.out, "%s: %s, %s\n", v.target.keys.Notify(), formatCount(subscriptions, "subscription"),
			formatCount(len(faults), "fault"))
	}
	return len(faults), nil
}
