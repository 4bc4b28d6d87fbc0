package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"community-images/scripts/deploy/ros"
)

// createOrUpdate creates or updates the stack and waits for it. A stack without
// an ID is created.
func (d *deployment) createOrUpdate(ctx context.Context, stack ros.Stack, spec ros.Spec) (ros.Stack, error) {
	// A new stack has no earlier events, so its tail may begin after the call.
	var err error
	if stack.ID == "" {
		if stack.ID, err = d.ros.Create(ctx, spec); err != nil {
			return stack, fmt.Errorf("creating stack %q: %w", d.stack, err)
		}
		fmt.Fprintf(d.out, "creating stack %q, id %s\n", d.stack, stack.ID)
		stack.Status = "CREATE_IN_PROGRESS"
		return d.watchStack(ctx, stack, d.ros.Events(stack.ID))
	}
	// The tail must be read before the update starts. Otherwise it would show the
	// events of earlier updates, and count their failures.
	events := d.ros.Events(stack.ID)
	if _, err := events.Next(ctx); err != nil { // skips the events of earlier actions
		return stack, err
	}
	switch err := d.ros.Update(ctx, stack.ID, spec); {
	case errors.Is(err, ros.ErrUnchanged):
		fmt.Fprintf(d.out, "nothing to change: stack %q is %s\n", d.stack, stack.Status)
		return stack, nil
	case err != nil:
		return stack, fmt.Errorf("updating stack %q: %w", d.stack, err)
	}
	fmt.Fprintf(d.out, "updating stack %q\n", d.stack)
	return d.watchStack(ctx, stack, events)
}

// failedError says that an action on a stack failed. The stack still exists, and
// a later action may succeed.
type failedError struct{ error }

// maxIdlePolls is how often a stack may look idle before we believe it. ROS may
// show a new action late.
const maxIdlePolls = 5

// watchStack prints the events of a stack until ROS has finished the action. It
// returns a *failedError if the action failed, and another error if ctx ends or
// the time-out passes: then ROS goes on.
func (d *deployment) watchStack(parent context.Context, stack ros.Stack, tail *ros.EventTail) (ros.Stack, error) {
	ctx, cancel := context.WithTimeout(parent, d.timeout)
	defer cancel()
	// failures are kept for the message at the end: on a terminal they have scrolled
	// away by then.
	var failures []ros.Event
	begun := false
	for poll := 1; ; poll++ {
		// After an error the last known status is kept for the message.
		now, events, err := d.pollStack(ctx, stack.ID, tail)
		if err == nil {
			stack = now
		}
		switch {
		case parent.Err() != nil: // Ctrl-C
			return stack, parent.Err()
		case ctx.Err() != nil:
			return stack, fmt.Errorf("stack %q is still %s after %s; ROS goes on: run this again to watch it, "+
				"or with a longer -timeout", d.stack, stack.Status, d.timeout)
		case err != nil:
			return stack, err
		}
		for _, e := range events {
			fmt.Fprintf(d.out, "  %s  %-22s %s (%s) %s\n", timeOfDay(e.Time), e.Status, e.Resource, e.Type, e.Reason)
			if strings.HasSuffix(string(e.Status), "_FAILED") {
				failures = append(failures, e)
			}
		}
		// Right after a call ROS may still show the status from before it.
		begun = begun || len(events) > 0 || stack.Status.InProgress()
		if !stack.Status.InProgress() && (begun || poll >= maxIdlePolls) {
			return stack, d.resultOf(stack, failures)
		}
		sleep(ctx, d.pollInterval)
	}
}

// pollStack returns the stack and its new events. It reads the stack first, so
// that no event before its status is missing.
func (d *deployment) pollStack(
	ctx context.Context, id string, tail *ros.EventTail,
) (ros.Stack, []ros.Event, error) {
	stack, err := d.ros.Get(ctx, id)
	if err != nil {
		return stack, nil, err
	}
	events, err := tail.Next(ctx)
	if errors.Is(err, ros.ErrNotFound) {
		err = nil // ROS drops the events of deleted stacks
	}
	return stack, events, err
}

// resultOf returns a *failedError, with the events that explain it, if the
// action on the stack failed.
func (d *deployment) resultOf(stack ros.Stack, failures []ros.Event) error {
	if !stack.Status.Failed() {
		return nil
	}
	// The stack's own reason often repeats only the first failure.
	lines := []string{fmt.Sprintf("stack %q is %s: %s", d.stack, stack.Status, stack.Reason)}
	for _, e := range failures {
		lines = append(lines, fmt.Sprintf("  %s %s (%s): %s", e.Status, e.Resource, e.Type, e.Reason))
	}
	return &failedError{errors.New(strings.Join(lines, "\n"))}
}

// printOutputs prints the outputs of the stack as a table: name, value and
// description. The URL of the lookups is among them.
func (d *deployment) printOutputs(stack ros.Stack) {
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	// Values may be of any JSON type.
	for _, o := range stack.Outputs {
		fmt.Fprintf(table, "%s\t%v\t%s\n", o.Name, o.Value, o.Description)
	}
	table.Flush()
}

// timeOfDay returns the time of day of an event's time, which has the form
// 2026-11-23T12:00:00. Any other text is returned as it is.
func timeOfDay(stamp string) string {
	if _, clock, ok := strings.Cut(stamp, "T"); ok {
		return strings.TrimSuffix(clock, "Z")
	}
	return stamp
}

// sleep waits until the time has passed or ctx ends. The caller must look at ctx
// afterwards.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
