package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"community-images/scripts/build/bundle"
	"community-images/scripts/cloudstore"
	"community-images/scripts/deploy/ros"
	"community-images/scripts/prove/probeapi"
	"community-images/shared/ossbucket"
)

// probePackage is the import path of the probe.
const probePackage = "community-images/scripts/prove/probe"

// buildProbe builds the code packages of the probe: one with the handler of each
// function. zip packs a binary, as bundle.Zip does.
func buildProbe(
	ctx context.Context, root string, zip func(name string, binary []byte) ([]byte, error),
) ([]bundle.Bundle, error) {
	dir, err := os.MkdirTemp("", "community-images-probe-")
	if err != nil {
		return nil, fmt.Errorf("creating a directory for the probe: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := bundle.CompilePackages(ctx, root, dir, []string{probePackage}, bundle.Release("probe")...); err != nil {
		return nil, err
	}
	binary, err := os.ReadFile(filepath.Join(dir, "probe"))
	if err != nil {
		return nil, fmt.Errorf("reading the probe: %w", err)
	}
	var bundles []bundle.Bundle
	for _, function := range bundle.Functions {
		data, err := zip(function, binary)
		if err != nil {
			return nil, fmt.Errorf("packing the probe: %w", err)
		}
		bundles = append(bundles, bundle.Bundle{Function: function, Name: "probe-" + function + ".zip", Zip: data})
	}
	return bundles, nil
}

// uploadCode builds the code, makes the code bucket and uploads the code.
func (p *prover) uploadCode(ctx context.Context) (err error) {
	if p.code, err = p.build(ctx, p.root, p.report.Version); err != nil {
		return err
	}
	// From here on something is in the account.
	p.left = true
	if err := p.codeIn.Make(ctx); err != nil {
		return err
	}
	uploads, within := errgroup.WithContext(ctx)
	for _, b := range append(p.code.probe, p.code.functions...) {
		uploads.Go(func() error { return p.codeIn.Put(within, b.Name, b.Zip) })
	}
	return uploads.Wait()
}

// payload is that of the timer's events: the probe fails the first try of each.
const payload = `{"` + probeapi.FailOnce + `":true}`

// newSpec returns the stack with this code. more has parameters that differ from
// those at the beginning.
func (p *prover) newSpec(code []bundle.Bundle, more ros.Parameters) ros.Spec {
	// Logs and instances are kept to the least that the template allows.
	parameters := ros.Parameters{
		"Name": p.names.stack, "BucketName": p.names.data, "CodeBucket": p.names.code,
		"Schedule": "@every 1m", "Payload": payload, "LogDays": "1", "QueryInstances": "3",
		"ClusterEvents": "false", "HttpAuth": "function",
	}
	if p.eventWait > 0 {
		parameters["ClusterEvents"] = "true"
	}
	for _, b := range code {
		parameters[map[string]string{"snapshot": "SnapshotCode", "query": "QueryCode"}[b.Function]] = b.Name
	}
	maps.Copy(parameters, more)
	return ros.Spec{
		Name: p.names.stack, Template: p.template, Parameters: parameters, Timeout: p.timeout, Token: rand.Text(),
	}
}

// createStack creates the stack with the probe in place of the functions.
func (p *prover) createStack(ctx context.Context) (ros.Stack, error) {
	var err error
	if p.stackID, err = p.ros.Create(ctx, p.newSpec(p.code.probe, nil)); err != nil {
		return ros.Stack{}, err
	}
	stack, err := p.waitForStack(ctx)
	if err != nil {
		return stack, err
	}
	// Without this output the stack is of no use, and the claim is refuted.
	for _, o := range stack.Outputs {
		if text, ok := o.Value.(string); ok && o.Name == "Url" {
			p.url = strings.TrimSuffix(text, "/")
		}
	}
	p.auth = "function"
	return stack, nil
}

// updateStack updates the stack and waits for it.
func (p *prover) updateStack(ctx context.Context, spec ros.Spec) (ros.Stack, error) {
	if err := p.ros.Update(ctx, p.stackID, spec); err != nil {
		return ros.Stack{}, err
	}
	sleep(ctx, p.pollInterval) // ROS may show a new action late
	return p.waitForStack(ctx)
}

// waitForStack waits until ROS has finished its action. It returns an error, with
// the first failed step, if the action failed.
func (p *prover) waitForStack(ctx context.Context) (ros.Stack, error) {
	stack, err := p.waitForIdle(ctx)
	if err == nil && stack.Status.Failed() {
		err = fmt.Errorf("the stack is %s: %s%s", stack.Status, stack.Reason, p.firstFailure(ctx))
	}
	return stack, err
}

// waitForIdle waits until ROS has no action on the stack.
func (p *prover) waitForIdle(parent context.Context) (ros.Stack, error) {
	ctx, cancel := context.WithTimeout(parent, p.timeout)
	defer cancel()
	for {
		stack, err := p.ros.Get(ctx, p.stackID)
		switch {
		case err == nil && !stack.Status.InProgress(), errors.Is(err, ros.ErrNotFound):
			return stack, err
		case ctx.Err() != nil:
			return stack, fmt.Errorf("waiting for the stack: %w", ctx.Err())
		case err != nil:
			return stack, fmt.Errorf("waiting for the stack: %w", err)
		}
		sleep(ctx, p.pollInterval)
	}
}

// firstFailure returns the event of the first resource that failed, as the end of
// a sentence. It is empty if that is not known.
func (p *prover) firstFailure(ctx context.Context) string {
	events, err := p.ros.Events(p.stackID).Next(ctx)
	if err != nil {
		return ""
	}
	// The stack's own event repeats the reason of the resource.
	for _, e := range events {
		if strings.HasSuffix(string(e.Status), "_FAILED") && e.Type != "ALIYUN::ROS::Stack" {
			return fmt.Sprintf("; %s (%s): %s", e.Resource, e.Type, e.Reason)
		}
	}
	return ""
}

// bucketType is the type of the resource that outlives a stack.
const bucketType = "ALIYUN::OSS::Bucket"

// removeStack deletes the stack, except its bucket, and waits for that. It waits for
// an earlier action first. A stack that does not exist is a success.
func (p *prover) removeStack(ctx context.Context) error {
	if _, err := p.waitForIdle(ctx); err != nil {
		return ignoreNotFound(err)
	}
	resources, err := p.ros.Resources(ctx, p.stackID)
	if err != nil {
		return ignoreNotFound(err)
	}
	if err := p.ros.Delete(ctx, p.stackID, resources[bucketType]); err != nil {
		return ignoreNotFound(err)
	}
	sleep(ctx, p.pollInterval) // ROS may show a new action late
	stack, err := p.waitForIdle(ctx)
	if err == nil && stack.Status != "DELETE_COMPLETE" {
		err = fmt.Errorf("the stack is %s: %s%s", stack.Status, stack.Reason, p.firstFailure(ctx))
	}
	return ignoreNotFound(err)
}

// ignoreNotFound returns nil if err says that there is no such stack.
func ignoreNotFound(err error) error {
	if errors.Is(err, ros.ErrNotFound) {
		return nil
	}
	return err
}

// removeBucket deletes a bucket with all objects. One that does not exist is a
// success.
func (p *prover) removeBucket(ctx context.Context, bucket *ossbucket.Bucket) error {
	err := deleteObjects(ctx, bucket, "")
	if errors.Is(err, ossbucket.ErrNoBucket) {
		return nil
	}
	if err != nil {
		return err
	}
	return bucket.Remove(ctx)
}

// deleteObjects deletes all objects whose keys begin with prefix.
func deleteObjects(ctx context.Context, bucket *ossbucket.Bucket, prefix string) error {
	keys, err := bucket.List(ctx, prefix)
	if err != nil {
		return err
	}
	return cloudstore.DeleteObjects(ctx, bucket, keys)
}

// removeLeftovers removes what an earlier run has left: the stack and both buckets.
func (p *prover) removeLeftovers(ctx context.Context) error {
	if err := p.findStack(ctx); err != nil {
		return err
	}
	if p.stackID != "" {
		if err := p.removeStack(ctx); err != nil {
			return fmt.Errorf("removing stack %q: %w", p.names.stack, err)
		}
		fmt.Fprintf(p.stdout, "stack %q is removed\n", p.names.stack)
	}
	for name, bucket := range map[string]*ossbucket.Bucket{p.names.data: p.data, p.names.code: p.codeIn} {
		if err := p.removeBucket(ctx, bucket); err != nil {
			return fmt.Errorf("removing bucket %q: %w", name, err)
		}
		fmt.Fprintf(p.stdout, "bucket %q is removed\n", name)
	}
	return nil
}

// findStack looks for the stack by its name, unless its id is known.
func (p *prover) findStack(ctx context.Context) error {
	if p.stackID != "" {
		return nil
	}
	stack, err := p.ros.Find(ctx, p.names.stack)
	p.stackID = stack.ID
	return ignoreNotFound(err)
}

// sleep waits until the time has passed or ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
