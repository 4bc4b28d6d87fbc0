package main

import (
	"context"
	"errors"
	"fmt"

	"community-images/scripts/cloudstore"
	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
	"community-images/shared/archive"
	"community-images/shared/ossbucket"
)

// bucketType is the type of the resource that outlives its stack.
const bucketType = "ALIYUN::OSS::Bucket"

// destroy deletes the stack and waits for it. Data is deleted only if its bucket
// was named: -yes alone is not enough. ROS never deletes the bucket with the
// snapshots: with -delete-data it is deleted afterwards.
func (d *deployment) destroy(ctx context.Context) error {
	stack, err := d.ros.Find(ctx, d.stack)
	if errors.Is(err, ros.ErrNotFound) {
		return d.deleteLeftBucket(ctx)
	}
	if err != nil {
		return err
	}
	// The stack itself says which bucket is its own: -bucket could be wrong.
	bucket := stack.Parameters["BucketName"]
	question, err := d.checkDestroy(ctx, stack, bucket)
	if err != nil {
		return err
	}
	// Nothing has been changed so far.
	if err := d.confirm(ctx, question); err != nil {
		return err
	}
	if err := d.deleteStack(ctx, stack); err != nil {
		return err
	}
	if d.mode.deleteData == "" {
		fmt.Fprintf(d.out, "bucket %q was kept\n", bucket)
		return nil
	}
	// The bucket is listed only now: until the stack is gone, the functions may
	// write to it.
	data, keys, err := d.listBucket(ctx)
	if err != nil {
		return err
	}
	return d.deleteBucket(ctx, data, keys)
}

// checkDestroy returns the question to confirm, or an error if the stack is not ours
// or its bucket, that of -delete-data, must not be deleted.
func (d *deployment) checkDestroy(ctx context.Context, stack ros.Stack, bucket string) (question string, err error) {
	switch {
	case bucket == "":
		return "", newForeignStackError(d.stack)
	case d.mode.deleteData == "":
		return fmt.Sprintf("delete stack %q in %s, keeping bucket %q?", d.stack, d.region, bucket), nil
	case d.mode.deleteData != bucket:
		return "", &command.UsageError{Err: fmt.Errorf("-delete-data %q is not the bucket of stack %q, which is %q",
			d.mode.deleteData, d.stack, bucket)}
	}
	question = fmt.Sprintf("delete stack %q in %s, and bucket %q with all that is in it?",
		d.stack, d.region, d.mode.deleteData)
	return question, d.checkUnused(ctx, stack.ID)
}

// deleteLeftBucket deletes the bucket that a deleted stack has left. The name
// of the stack may be misspelt. So no stack may use the bucket, and all objects
// in it must be ours.
func (d *deployment) deleteLeftBucket(ctx context.Context) error {
	// Without -delete-data there is nothing left to do, which is no error: a second
	// -destroy succeeds.
	none := fmt.Sprintf("there is no stack %q in %s", d.stack, d.region)
	if d.mode.deleteData == "" {
		fmt.Fprintln(d.out, none)
		return nil
	}
	if err := d.checkUnused(ctx, ""); err != nil {
		return fmt.Errorf("%s: %w", none, err)
	}
	// One foreign object is enough to refuse: then the bucket is not ours.
	data, keys, err := d.listBucket(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !isArchiveObject(key) {
			err := fmt.Errorf("%s, and bucket %q holds %q, which is no object of the snapshots; nothing was deleted",
				none, d.mode.deleteData, key)
			return &command.UsageError{Err: err}
		}
	}
	question := fmt.Sprintf("%s; delete bucket %q and the %d objects of snapshots that are in it?",
		none, d.mode.deleteData, len(keys))
	if err := d.confirm(ctx, question); err != nil {
		return err
	}
	return d.deleteBucket(ctx, data, keys)
}

// checkUnused returns an error if a stack uses the bucket of -delete-data. The
// stack with the id deletedID may use it for its snapshots.
func (d *deployment) checkUnused(ctx context.Context, deletedID string) error {
	stacks, err := d.ros.All(ctx)
	if err != nil {
		return fmt.Errorf("looking for stacks that use bucket %q: %w", d.mode.deleteData, err)
	}
	// Any stack of the region counts, whatever its template: these two parameters
	// are ours, but others may have copied the template.
	for _, s := range stacks {
		use := ""
		switch {
		case d.mode.deleteData == s.Parameters["CodeBucket"]:
			use = "the code bucket"
		case d.mode.deleteData == s.Parameters["BucketName"] && s.ID != deletedID:
			use = "the bucket of the snapshots"
		}
		if use != "" {
			return &command.UsageError{Err: fmt.Errorf("bucket %q is %s of stack %q; nothing was deleted",
				d.mode.deleteData, use, s.Name)}
		}
	}
	return nil
}

// isArchiveObject reports whether an object is one of the snapshots, below whichever
// prefix.
func isArchiveObject(key string) bool {
	// The prefix is not known any more. Each directory of the key may be its
	// end.
	for i := range len(key) {
		if i > 0 && key[i] != '/' {
			continue
		}
		keys, err := archive.NewKeys(key[:i])
		if err == nil {
			_, err = keys.Parse(key)
		}
		if err == nil {
			return true
		}
	}
	return false
}

// deleteStack deletes the stack, except its buckets, and waits for it. A stack
// that is gone meanwhile counts as deleted.
func (d *deployment) deleteStack(ctx context.Context, stack ros.Stack) error {
	// ROS must be told which resources to keep, by their names in the template.
	resources, err := d.ros.Resources(ctx, stack.ID)
	if err != nil {
		return err
	}
	events := d.ros.Events(stack.ID)
	if _, err := events.Next(ctx); err != nil { // skips the events of earlier actions
		return err
	}
	// An earlier run may have begun the deletion. Then this one only watches.
	if stack.Status != "DELETE_IN_PROGRESS" {
		if err := d.ros.Delete(ctx, stack.ID, resources[bucketType]); err != nil {
			return fmt.Errorf("deleting stack %q: %w", d.stack, err)
		}
	}
	if _, err := d.watchStack(ctx, stack, events); err != nil && !errors.Is(err, ros.ErrNotFound) {
		return err
	}
	fmt.Fprintf(d.out, "stack %q is deleted\n", d.stack)
	return nil
}

// listBucket opens the bucket of -delete-data and lists its objects. It returns
// an error if the bucket does not exist.
func (d *deployment) listBucket(ctx context.Context) (*ossbucket.Bucket, []string, error) {
	bucket, err := d.openBucket(d.mode.deleteData)
	if err != nil {
		return nil, nil, fmt.Errorf("opening bucket %q: %w", d.mode.deleteData, err)
	}
	keys, err := bucket.List(ctx, "")
	if err != nil {
		return nil, nil, fmt.Errorf("deleting bucket %q: %w", d.mode.deleteData, err)
	}
	return bucket, keys, nil
}

// deleteBucket deletes the objects and then the bucket. OSS refuses to delete
// the bucket if it got new objects meanwhile.
func (d *deployment) deleteBucket(ctx context.Context, bucket *ossbucket.Bucket, keys []string) error {
	// OSS deletes empty buckets only. A deletion that is repeated does no harm, so
	// an interrupted run can be started again.
	if err := cloudstore.DeleteObjects(ctx, bucket, keys); err != nil {
		return fmt.Errorf("emptying bucket %q: %w", d.mode.deleteData, err)
	}
	if err := bucket.Remove(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "bucket %q and %d objects are deleted\n", d.mode.deleteData, len(keys))
	return nil
}
