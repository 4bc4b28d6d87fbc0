package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
)

// applyStack creates or updates the stack, and tests it. With -plan it only
// prints what would change. A stack that is as it should be is tested, too.
func (d *deployment) applyStack(ctx context.Context) error {
	stack, err := d.findIdleStack(ctx)
	if err != nil {
		return err
	}
	spec, err := d.prepareSpec(ctx, stack)
	if err != nil {
		return err
	}
	// ROS checks the template and the parameters here, before anything changes.
	changes, err := d.ros.Preview(ctx, stack.ID, spec)
	if err != nil {
		return fmt.Errorf("previewing stack %q: %w", d.stack, err)
	}
	d.printChanges(stack, spec, changes)
	// A plan ends here. Everything before this line only reads.
	if d.mode.plan {
		fmt.Fprintln(d.out, "nothing was changed or uploaded: -plan")
		return nil
	}
	// Without a change there is nothing to confirm: the run only tests the
	// functions.
	if len(changes) > 0 || stack.ID == "" {
		if err := d.confirm(ctx, fmt.Sprintf("deploy to stack %q in %s?", d.stack, d.region)); err != nil {
			return err
		}
	}
	// The code must be there before ROS creates the functions.
	if err := d.uploadCode(ctx); err != nil {
		return err
	}
	if stack, err = d.createOrUpdate(ctx, stack, spec); err != nil {
		return err
	}
	d.printOutputs(stack)
	return d.testFunctions(ctx, stack)
}

// prepareSpec returns what the stack is to become, once the functions accept its
// settings.
func (d *deployment) prepareSpec(ctx context.Context, stack ros.Stack) (ros.Spec, error) {
	spec := d.newSpec()
	// A new stack can create the bucket or use one; an existing stack keeps what it
	// does.
	if stack.ID == "" {
		if err := d.useExistingBucket(ctx, spec); err != nil {
			return spec, err
		}
	}
	return spec, d.checkSettings(stack, spec)
}

// findIdleStack returns the stack once ROS has no action on it. The ID is empty
// if there is no such stack. It returns an error if the stack cannot be
// updated.
func (d *deployment) findIdleStack(ctx context.Context) (ros.Stack, error) {
	// Somebody else, or an earlier run, may have begun an action: ROS refuses a second
	// one.
	stack, err := d.ros.Find(ctx, d.stack)
	if errors.Is(err, ros.ErrNotFound) {
		return ros.Stack{}, nil
	}
	if err == nil && stack.Status.InProgress() {
		fmt.Fprintf(d.out, "stack %q is %s; waiting for that to end\n", d.stack, stack.Status)
		stack, err = d.watchStack(ctx, stack, d.ros.Events(stack.ID))
		if errors.Is(err, ros.ErrNotFound) || stack.Status == "DELETE_COMPLETE" {
			return ros.Stack{}, nil
		}
		var failed *failedError
		if errors.As(err, &failed) { // what failed before may succeed now
			err = nil
		}
	}
	if err != nil {
		return stack, err
	}
	// A stack without the parameter was made from another template. Another bucket
	// would leave the history behind, so it needs another stack.
	bucket := stack.Parameters["BucketName"]
	switch {
	case bucket == "":
		return stack, newForeignStackError(d.stack)
	case !stack.Status.Updatable():
		return stack, fmt.Errorf("stack %q is %s and cannot be updated: %s; delete it with -destroy and deploy again",
			d.stack, stack.Status, stack.Reason)
	case bucket != d.bucket:
		err := fmt.Errorf("stack %q keeps its snapshots in bucket %q, not in -bucket %q; another bucket needs another -stack",
			d.stack, bucket, d.bucket)
		return stack, &command.UsageError{Err: err}
	}
	return stack, nil
}

// newForeignStackError returns the error for a stack that is not one of ours.
// We must not change it.
func newForeignStackError(name string) error {
	return &command.UsageError{Err: fmt.Errorf("stack %q is not one of community-images: it has no parameter BucketName; "+
		"choose another name with -stack", name)}
}

// printChanges prints how parameters and resources would change. It shows no
// secret, and no parameter that keeps its value.
func (d *deployment) printChanges(stack ros.Stack, spec ros.Spec, changes []ros.Change) {
	if stack.ID == "" {
		fmt.Fprintf(d.out, "stack %q does not exist in %s; it will be created\n", d.stack, d.region)
	}
	// Parameters that are not given are not in spec: they keep their values.
	for _, name := range slices.Sorted(maps.Keys(spec.Parameters)) {
		from, to := stack.Parameters[name], spec.Parameters[name]
		switch {
		case d.template.IsSecret(name):
			fmt.Fprintf(d.out, "  parameter %s: not shown\n", name)
		case stack.ID == "": // a new stack: there is no old value
			fmt.Fprintf(d.out, "  parameter %s: %q\n", name, to)
		case from != to:
			fmt.Fprintf(d.out, "  parameter %s: %q -> %q\n", name, from, to)
		}
	}
	for _, c := range changes {
		// A replaced resource is made anew: its URL or id changes.
		note := ""
		if c.Action == "Modify" && c.Replacement != "False" && c.Replacement != "" {
			note = ", replaced: " + strings.ToLower(c.Replacement)
		}
		fmt.Fprintf(d.out, "  %-6s %s (%s)%s\n", strings.ToLower(c.Action), c.Resource, c.Type, note)
	}
	if len(changes) == 0 && stack.ID != "" {
		fmt.Fprintln(d.out, "no resource would change")
	}
}

// errNothingChanged says that a run was interrupted before it changed anything.
var errNothingChanged = errors.New("interrupted, nothing was changed")

// confirm asks the question and returns an error unless the answer is yes. With
// -yes it does not ask.
func (d *deployment) confirm(ctx context.Context, question string) error {
	if d.mode.yes {
		return nil
	}
	fmt.Fprintf(d.out, "%s Type yes: ", question)
	// A read of standard input cannot be interrupted, so another goroutine does it.
	type line struct {
		text string
		err  error
	}
	answers := make(chan line, 1)
	go func() { // stays until something is typed, even after an interrupt
		text, err := bufio.NewReader(d.stdin).ReadString('\n')
		answers <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(d.out)
		return errNothingChanged
	case answer := <-answers:
		if strings.TrimSpace(answer.text) == "yes" {
			return nil
		}
		if answer.err != nil {
			fmt.Fprintln(d.out)
		}
		return &command.UsageError{Err: errors.New("not confirmed, nothing was changed; -yes confirms beforehand")}
	}
}
