package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"community-images/scripts/build/bundle"
	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
)

// deployment is one run of the command.
type deployment struct {
	*options
	world
	out      io.Writer // veiled
	ros      *ros.Client
	template *template
	bundles  []bundle.Bundle
	version  string // of the bundles
}

// deploy does what the flags ask for.
func deploy(ctx context.Context, o *options, w world) error {
	root, err := bundle.Root(ctx, w.dir)
	if err != nil {
		return err
	}
	d := &deployment{options: o, world: w}
	if d.ros, err = ros.New(o.rosEndpoint, o.region, o.credentials, w.poll); err != nil {
		return &command.UsageError{Err: fmt.Errorf("-ros-endpoint: %w", err)}
	}
	if o.destroy {
		d.out = o.veiled(w.out)
		return d.remove(ctx)
	}
	if err := d.prepare(ctx, root); err != nil {
		return err
	}
	return d.bring(ctx)
}

// prepare reads the template and builds the code.
func (d *deployment) prepare(ctx context.Context, root string) (err error) {
	path := d.options.template
	switch {
	case path == "":
		path = filepath.Join(root, "template.yaml")
	case !filepath.IsAbs(path):
		path = filepath.Join(d.dir, path)
	}
	if d.template, err = readTemplate(path); err != nil {
		return err
	}
	if err := d.template.check(d.parameters); err != nil {
		return err
	}
	for name, value := range d.parameters {
		if d.template.secret(name) {
			d.secrets = append(d.secrets, value)
		}
	}
	d.out = d.veiled(d.world.out)
	if d.version = d.options.version; d.version == "" {
		if d.version, err = bundle.Version(ctx, root); err != nil {
			return err
		}
	}
	if err := bundle.CheckVersion(d.version); err != nil {
		return &command.UsageError{Err: err}
	}
	fmt.Fprintf(d.out, "building version %s\n", d.version)
	d.bundles, err = d.make(ctx, bundle.Options{Root: root, Version: d.version})
	return err
}

// spec is the stack as it should be.
func (d *deployment) spec() ros.Spec {
	parameters := maps.Clone(d.parameters)
	parameters["BucketName"], parameters["CodeBucket"] = d.bucket, d.codeBucket
	if d.regions != "" {
		parameters["Regions"] = d.regions
	}
	for _, b := range d.bundles {
		name := map[string]string{"snapshot": "SnapshotCode", "query": "QueryCode"}[b.Function]
		parameters[name] = b.Name
	}
	return ros.Spec{Name: d.stack, Template: d.template.body, Parameters: parameters, Timeout: d.timeout, Token: rand.Text()}
}

// createBucket is the template's parameter that tells whether the stack makes
// the bucket.
const createBucket = "CreateBucket"

// adopt lets a new stack use the bucket that an earlier one has left behind.
func (d *deployment) adopt(ctx context.Context, spec ros.Spec) error {
	_, has := d.template.Parameters[createBucket]
	if _, given := d.parameters[createBucket]; given || !has {
		return nil
	}
	bucket, err := d.open(d.bucket)
	if err != nil {
		return fmt.Errorf("opening the bucket: %w", err)
	}
	switch exists, err := bucket.Exists(ctx); {
	case err != nil:
		return fmt.Errorf("looking for bucket %q, which may belong to somebody else: %w", d.bucket, err)
	case exists:
		fmt.Fprintf(d.out, "bucket %q is there already; the stack uses it as it is\n", d.bucket)
		spec.Parameters[createBucket] = "false"
	}
	return nil
}

// bring brings the stack to what it should be.
func (d *deployment) bring(ctx context.Context) error {
	stack, err := d.settled(ctx)
	if err != nil {
		return err
	}
	spec := d.spec()
	if stack.ID == "" {
		if err := d.adopt(ctx, spec); err != nil {
			return err
		}
	}
	if err := d.settings(stack, spec); err != nil {
		return err
	}
	changes, err := d.ros.Preview(ctx, stack.ID, spec)
	if err != nil {
		return fmt.Errorf("previewing stack %q: %w", d.stack, err)
	}
	changed := d.show(stack, spec, changes)
	if d.plan {
		fmt.Fprintln(d.out, "nothing was changed or uploaded: -plan")
		return nil
	}
	if changed {
		if err := d.confirm(ctx, fmt.Sprintf("deploy to stack %q in %s?", d.stack, d.region)); err != nil {
			return err
		}
	}
	if err := d.upload(ctx); err != nil {
		return err
	}
	if stack, err = d.apply(ctx, stack, spec); err != nil {
		return err
	}
	d.outputs(stack)
	return d.smoke(ctx, stack)
}

// settled returns the stack when ROS is not at work on it; its ID is empty if
// there is none.
func (d *deployment) settled(ctx context.Context) (ros.Stack, error) {
	stack, err := d.ros.Find(ctx, d.stack)
	if errors.Is(err, ros.ErrNotFound) {
		return ros.Stack{}, nil
	}
	if err == nil && stack.Status.InProgress() {
		fmt.Fprintf(d.out, "stack %q is %s; waiting for that to end\n", d.stack, stack.Status)
		stack, err = d.watch(ctx, stack, d.ros.Trail(stack.ID))
		if errors.Is(err, ros.ErrNotFound) || stack.Status == "DELETE_COMPLETE" {
			return ros.Stack{}, nil
		}
		var failed *failedError
		if errors.As(err, &failed) { // what went wrong before may go well now
			err = nil
		}
	}
	switch {
	case err != nil:
		return stack, err
	case stack.Parameters["BucketName"] == "":
		return stack, foreign(d.stack)
	case !stack.Status.Updatable():
		return stack, fmt.Errorf("stack %q is %s and cannot be updated: %s; delete it with -destroy and deploy again", d.stack, stack.Status, stack.Reason)
	case stack.Parameters["BucketName"] != d.bucket:
		return stack, &command.UsageError{Err: fmt.Errorf("stack %q keeps its snapshots in bucket %q, not in -bucket %q; another bucket needs another -stack", d.stack, stack.Parameters["BucketName"], d.bucket)}
	}
	return stack, nil
}

// foreign is the refusal to touch a stack that is none of ours.
func foreign(name string) error {
	return &command.UsageError{Err: fmt.Errorf("stack %q is not one of community-images, for it has no parameter BucketName; choose another name with -stack", name)}
}

// show prints what would change and says whether anything would.
func (d *deployment) show(stack ros.Stack, spec ros.Spec, changes []ros.Change) bool {
	if stack.ID == "" {
		fmt.Fprintf(d.out, "stack %q does not exist in %s; it will be made\n", d.stack, d.region)
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Parameters)) {
		from, to := stack.Parameters[name], spec.Parameters[name]
		switch {
		case d.template.secret(name):
			fmt.Fprintf(d.out, "  parameter %s: not shown\n", name)
		case stack.ID == "":
			fmt.Fprintf(d.out, "  parameter %s: %q\n", name, to)
		case from != to:
			fmt.Fprintf(d.out, "  parameter %s: %q -> %q\n", name, from, to)
		}
	}
	for _, c := range changes {
		note := ""
		if c.Action == "Modify" && c.Replacement != "False" && c.Replacement != "" {
			note = ", replaced: " + strings.ToLower(c.Replacement)
		}
		fmt.Fprintf(d.out, "  %-6s %s (%s)%s\n", strings.ToLower(c.Action), c.Resource, c.Type, note)
	}
	if len(changes) == 0 && stack.ID != "" {
		fmt.Fprintln(d.out, "no resource would change")
	}
	return len(changes) > 0 || stack.ID == ""
}

// errNotBegun is the end of a run that was interrupted before it did anything.
var errNotBegun = errors.New("interrupted, nothing was changed")

// confirm asks, unless -yes is given. Who is asked may be away, or interrupt.
func (d *deployment) confirm(ctx context.Context, question string) error {
	if d.yes {
		return nil
	}
	fmt.Fprintf(d.out, "%s Type yes: ", question)
	type line struct {
		text string
		err  error
	}
	answered := make(chan line, 1)
	go func() { // which a terminal that nobody types at outlives
		text, err := bufio.NewReader(d.in).ReadString('\n')
		answered <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(d.out)
		return errNotBegun
	case answer := <-answered:
		if strings.TrimSpace(answer.text) == "yes" {
			return nil
		}
		if answer.err != nil {
			fmt.Fprintln(d.out)
		}
		return &command.UsageError{Err: errors.New("not confirmed, nothing was changed; -yes confirms beforehand")}
	}
}
