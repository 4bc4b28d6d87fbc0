package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"community-images/scripts/deploy/ros"
)

const bucketType = "ALIYUN::OSS::Bucket"

// remove deletes the stack, never through ROS the bucket with the snapshots,
// and that bucket afterwards if its name was given.
func (d *deployment) remove(ctx context.Context) error {
	stack, err := d.ros.Find(ctx, d.stack)
	gone := errors.Is(err, ros.ErrNotFound)
	if err != nil && !gone {
		return err
	}
	bucket := stack.Parameters["BucketName"]
	if !gone && bucket == "" {
		return foreign(d.stack)
	}
	if !gone && d.deleteData != "" && d.deleteData != bucket {
		return &usageError{fmt.Errorf("-delete-data %q is not the bucket of stack %q, which is %q", d.deleteData, d.stack, bucket)}
	}
	if gone {
		fmt.Fprintf(d.out, "there is no stack %q in %s\n", d.stack, d.region)
		if d.deleteData == "" {
			return nil
		}
	}
	question := fmt.Sprintf("delete stack %q in %s, keeping bucket %q?", d.stack, d.region, bucket)
	if d.deleteData != "" {
		question = fmt.Sprintf("delete stack %q in %s, and bucket %q with all that is in it?", d.stack, d.region, d.deleteData)
	}
	if err := d.confirm(question); err != nil {
		return err
	}
	if !gone {
		if err := d.removeStack(ctx, stack); err != nil {
			return err
		}
		if d.deleteData == "" {
			fmt.Fprintf(d.out, "bucket %q was kept\n", bucket)
			return nil
		}
	}
	return d.removeBucket(ctx, d.deleteData)
}

func (d *deployment) removeStack(ctx context.Context, stack ros.Stack) error {
	resources, err := d.ros.Resources(ctx, stack.ID)
	if err != nil {
		return err
	}
	trail := d.ros.Trail(stack.ID)
	if _, err := trail.Next(ctx); err != nil { // those of the past
		return err
	}
	if stack.Status != "DELETE_IN_PROGRESS" {
		if err := d.ros.Delete(ctx, stack.ID, resources[bucketType]); err != nil {
			return fmt.Errorf("deleting stack %q: %w", d.stack, err)
		}
	}
	if _, err := d.watch(ctx, stack, trail); err != nil && !errors.Is(err, ros.ErrNotFound) {
		return err
	}
	fmt.Fprintf(d.out, "stack %q is deleted\n", d.stack)
	return nil
}

// removeBucket empties and removes a bucket.
func (d *deployment) removeBucket(ctx context.Context, name string) error {
	bucket, err := d.open(name)
	if err != nil {
		return fmt.Errorf("opening bucket %q: %w", name, err)
	}
	keys, err := bucket.List(ctx, "")
	if err != nil {
		return fmt.Errorf("deleting bucket %q: %w", name, err)
	}
	deletions, within := errgroup.WithContext(ctx)
	deletions.SetLimit(16)
	for _, key := range keys {
		deletions.Go(func() error { return bucket.Delete(within, key) })
	}
	if err := deletions.Wait(); err != nil {
		return fmt.Errorf("emptying bucket %q: %w", name, err)
	}
	if err := bucket.Remove(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "bucket %q and %d objects are deleted\n", name, len(keys))
	return nil
}
