package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"slices"

	"community-images/scripts/build/bundle"
	"community-images/scripts/check/rostemplate"
	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
)

// deployment is one run of the command.
type deployment struct {
	options
	process
	// out is standard output without the secrets.
	out io.Writer
	// secrets are the values that must not be shown. useTemplate adds those of the
	// flags.
	secrets *redactor
	// ros calls ROS in the region of the stack.
	ros *ros.Client
	// template is the parsed template, and body its text, which ROS gets.
	template *rostemplate.Template
	body     string
	// bundles are the code packages of both functions, all of one version.
	bundles []bundle.Bundle
	// version is what the functions must report after the deployment.
	version string
}

// deploy does what the flags ask for. It adds the secrets that it finds.
func deploy(ctx context.Context, o options, p process, secrets *redactor) error {
	root, err := bundle.Root(ctx, p.dir)
	if err != nil {
		return err
	}
	d := &deployment{options: o, process: p, out: redactingWriter{p.stdout, secrets}, secrets: secrets}
	if d.ros, err = ros.New(o.endpoints.ros, o.region, o.credentials, p.pollInterval); err != nil {
		return &command.UsageError{Err: fmt.Errorf("-ros-endpoint: %w", err)}
	}
	if o.mode.destroy {
		return d.destroy(ctx)
	}
	if err := d.useTemplate(); err != nil {
		return err
	}
	if err := d.buildCode(ctx, root); err != nil {
		return err
	}
	return d.applyStack(ctx)
}

// buildCode builds the code packages and sets their version. Without -version it
// is the commit, with +dirty if files were changed.
func (d *deployment) buildCode(ctx context.Context, root string) (err error) {
	if d.version = d.source.version; d.version == "" {
		// Fails outside of a git checkout. Then -version is needed.
		if d.version, err = bundle.Version(ctx, root); err != nil {
			return err
		}
	}
	if err := bundle.CheckVersion(d.version); err != nil {
		return &command.UsageError{Err: err}
	}
	fmt.Fprintf(d.out, "building version %s\n", d.version)
	d.bundles, err = d.build(ctx, bundle.Options{Root: root, Version: d.version})
	return err
}

// newSpec returns what the stack is to become. Each call has a new token, so a
// run that is repeated by hand is a call of its own for ROS.
func (d *deployment) newSpec() ros.Spec {
	// Flags and -param cannot collide: parameterFlags refuses the names of flags.
	parameters := ros.Parameters{"BucketName": d.bucket, "CodeBucket": d.codeBucket}
	maps.Copy(parameters, d.parameters.values)
	if d.regions != "" {
		parameters["Regions"] = d.regions
	}
	// The object names contain the hash of the code. So ROS updates a function
	// exactly if its code has changed.
	for _, b := range d.bundles {
		name := map[string]string{"snapshot": "SnapshotCode", "query": "QueryCode"}[b.Function]
		parameters[name] = b.Name
	}
	return ros.Spec{
		Name: d.stack, Template: d.body, Parameters: parameters, Timeout: d.timeout, Token: rand.Text(),
	}
}

// createBucket is the template's parameter that says whether the stack creates
// the bucket.
const createBucket = "CreateBucket"

// useExistingBucket lets a new stack use the bucket that an earlier stack has
// left.
func (d *deployment) useExistingBucket(ctx context.Context, spec ros.Spec) error {
	// An explicit -param CreateBucket wins. Other templates may lack the parameter.
	_, given := d.parameters.values[createBucket]
	if given || !slices.Contains(d.template.Parameters(), createBucket) {
		return nil
	}
	bucket, err := d.openBucket(d.bucket)
	if err != nil {
		return fmt.Errorf("opening the bucket: %w", err)
	}
	exists, err := bucket.Exists(ctx)
	if err != nil {
		return fmt.Errorf("looking for bucket %q, which may belong to somebody else: %w", d.bucket, err)
	}
	if exists {
		fmt.Fprintf(d.out, "bucket %q is there already; the stack uses it as it is\n", d.bucket)
		spec.Parameters[createBucket] = "false"
	}
	return nil
}
