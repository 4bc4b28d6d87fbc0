package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"community-images/scripts/command"
	"community-images/scripts/deploy/ros"
	"community-images/shared/archive"
	"community-images/shared/ossbucket"
)

const bucketType = "ALIYUN::OSS::Bucket"

// remove deletes the stack, never through ROS the bucket with the snapshots,
// and that bucket afterwards if its name was given.
func (d *deployment) remove(ctx context.Context) error {
	stack, err := d.ros.Find(ctx, d.stack)
	if errors.Is(err, ros.ErrNotFound) {
		return d.removeLeft(ctx)
	}
	if err != nil {
		return err
	}
	bucket := stack.Parameters["BucketName"]
	question := fmt.Sprintf("delete stack %q in %s, keeping bucket %q?", d.stack, d.region, bucket)
	switch {
	case bucket == "":
		return foreign(d.stack)
	case d.deleteData == "":
	case d.deleteData != bucket:
		return &command.UsageError{Err: fmt.Errorf("-delete-data %q is not the bucket of stack %q, which is %q", d.deleteData, d.stack, bucket)}
	default:
		if err := d.unused(ctx, stack.ID); err != nil {
			return err
		}
		question = fmt.Sprintf("delete stack %q in %s, and bucket %q with all that is in it?", d.stack, d.region, d.deleteData)
	}
	if err := d.confirm(ctx, question); err != nil {
		return err
	}
	if err := d.removeStack(ctx, stack); err != nil {
		return err
	}
	if d.deleteData == "" {
		fmt.Fprintf(d.out, "bucket %q was kept\n", bucket)
		return nil
	}
	data, keys, err := d.contents(ctx)
	if err != nil {
		return err
	}
	return d.removeBucket(ctx, data, keys)
}

// removeLeft deletes the bucket that a stack has left behind. No stack says any
// more which it was, and the name of the stack may be misspelt: so no stack may
// have the bucket, and it must hold snapshots and nothing else.
func (d *deployment) removeLeft(ctx context.Context) error {
	none := fmt.Sprintf("there is no stack %q in %s", d.stack, d.region)
	if d.deleteData == "" {
		fmt.Fprintln(d.out, none)
		return nil
	}
	if err := d.unused(ctx, ""); err != nil {
		return fmt.Errorf("%s: %w", none, err)
	}
	data, keys, err := d.contents(ctx)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if !ofArchive(key) {
			return &command.UsageError{Err: fmt.Errorf("%s, and bucket %q holds %q, which is no object of the snapshots; nothing was deleted", none, d.deleteData, key)}
		}
	}
	if err := d.confirm(ctx, fmt.Sprintf("%s; delete bucket %q and the %d objects of snapshots that are in it?", none, d.deleteData, len(keys))); err != nil {
		return err
	}
	return d.removeBucket(ctx, data, keys)
}

// unused refuses to delete a bucket that a stack has, other than for the
// snapshots of the stack that is deleted.
func (d *deployment) unused(ctx context.Context, deleted string) error {
	stacks, err := d.ros.All(ctx)
	if err != nil {
		return fmt.Errorf("looking for stacks that use bucket %q: %w", d.deleteData, err)
	}
	for _, s := range stacks {
		as := ""
		switch d.deleteData {
		case s.Parameters["CodeBucket"]:
			as = "the code bucket"
		case s.Parameters["BucketName"]:
			as = "the bucket of the snapshots"
		}
		if as != "" && (s.ID != deleted || as == "the code bucket") {
			return &command.UsageError{Err: fmt.Errorf("bucket %q is %s of stack %q; nothing was deleted", d.deleteData, as, s.Name)}
		}
	}
	return nil
}

// ofArchive says whether an object is one of the snapshots, below whichever
// prefix.
func ofArchive(key string) bool {
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

// contents opens the bucket of -delete-data and lists all that is in it.
func (d *deployment) contents(ctx context.Context) (*ossbucket.Bucket, []string, error) {
	bucket, err := d.open(d.deleteData)
	if err != nil {
		return nil, nil, fmt.Errorf("opening bucket %q: %w", d.deleteData, err)
	}
	keys, err := bucket.List(ctx, "")
	if err != nil {
		return nil, nil, fmt.Errorf("deleting bucket %q: %w", d.deleteData, err)
	}
	return bucket, keys, nil
}

// removeBucket deletes the objects and then the bucket, which OSS refuses if
// others have come meanwhile.
func (d *deployment) removeBucket(ctx context.Context, bucket *ossbucket.Bucket, keys []string) error {
	deletions, within := errgroup.WithContext(ctx)
	deletions.SetLimit(16)
	for _, key := range keys {
		deletions.Go(func() error { return bucket.Delete(within, key) })
	}
	if err := deletions.Wait(); err != nil {
		return fmt.Errorf("emptying bucket %q: %w", d.deleteData, err)
	}
	if err := bucket.Remove(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "bucket %q and %d objects are deleted\n", d.deleteData, len(keys))
	return nil
}
