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

// apply creates or updates the stack and waits for it.
func (d *deployment) apply(ctx context.Context, stack ros.Stack, spec ros.Spec) (ros.Stack, error) {
	var err error
	if stack.ID == "" {
		if stack.ID, err = d.ros.Create(ctx, spec); err != nil {
			return stack, fmt.Errorf("creating stack %q: %w", d.stack, err)
		}
		fmt.Fprintf(d.out, "creating stack %q, id %s\n", d.stack, stack.ID)
		stack.Status = "CREATE_IN_PROGRESS"
		return d.watch(ctx, stack, d.ros.Trail(stack.ID))
	}
	trail := d.ros.Trail(stack.ID)
	if _, err := trail.Next(ctx); err != nil { // those of the past
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
	return d.watch(ctx, stack, trail)
}

// failedError is a stack that did not come to what was asked.
type failedError struct{ error }

// grace is how many looks may find nothing under way before that is believed.
const grace = 5

// watch prints the events of a stack until ROS is done with it. It ends with
// an error if that did not go well, if ctx ends, or after the time-out; the
// latter two leave ROS at work.
func (d *deployment) watch(parent context.Context, stack ros.Stack, trail *ros.Trail) (ros.Stack, error) {
	ctx, cancel := context.WithTimeout(parent, d.timeout)
	defer cancel()
	var failures []ros.Event
	began := false
	for look := 1; ; look++ {
		now, events, err := d.look(ctx, stack.ID, trail)
		if err == nil {
			stack = now
		}
		switch {
		case parent.Err() != nil:
			return stack, parent.Err()
		case ctx.Err() != nil:
			return stack, fmt.Errorf("stack %q is still %s after %s; ROS goes on: run this again to watch it, or with a longer -timeout", d.stack, stack.Status, d.timeout)
		case err != nil:
			return stack, err
		}
		for _, e := range events {
			fmt.Fprintf(d.out, "  %s  %-22s %s (%s) %s\n", clock(e.Time), e.Status, e.Resource, e.Type, e.Reason)
			if strings.HasSuffix(string(e.Status), "_FAILED") {
				failures = append(failures, e)
			}
		}
		began = began || len(events) > 0 || stack.Status.InProgress()
		if !stack.Status.InProgress() && (began || look >= grace) {
			return stack, d.verdict(stack, failures)
		}
		pause(ctx, d.poll)
	}
}

// look reads the status first, so that the events tell all that led to it.
func (d *deployment) look(ctx context.Context, id string, trail *ros.Trail) (ros.Stack, []ros.Event, error) {
	stack, err := d.ros.Get(ctx, id)
	if err != nil {
		return stack, nil, err
	}
	events, err := trail.Next(ctx)
	if errors.Is(err, ros.ErrNotFound) {
		err = nil // deleted stacks lose theirs
	}
	return stack, events, err
}

func (d *deployment) verdict(stack ros.Stack, failures []ros.Event) error {
	if !stack.Status.Failed() {
		return nil
	}
	lines := []string{fmt.Sprintf("stack %q is %s: %s", d.stack, stack.Status, stack.Reason)}
	for _, e := range failures {
		lines = append(lines, fmt.Sprintf("  %s %s (%s): %s", e.Status, e.Resource, e.Type, e.Reason))
	}
	return &failedError{errors.New(strings.Join(lines, "\n"))}
}

// outputs prints what the stack says of itself.
func (d *deployment) outputs(stack ros.Stack) {
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, o := range stack.Outputs {
		fmt.Fprintf(table, "%s\t%v\t%s\n", o.Name, o.Value, o.Description)
	}
	table.Flush()
}

// clock is the time of day of an event.
func clock(stamp string) string {
	if _, day, ok := strings.Cut(stamp, "T"); ok {
		return strings.TrimSuffix(day, "Z")
	}
	return stamp
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
