package cloudstore

import (
	"context"

	"golang.org/x/sync/errgroup"

	"community-images/shared/ossbucket"
)

// maxDeletions is how many objects are deleted at the same time.
const maxDeletions = 16

// DeleteObjects deletes objects. Missing ones are a success. It ends with the first
// error; the rest may or may not be deleted then.
func DeleteObjects(ctx context.Context, bucket *ossbucket.Bucket, keys []string) error {
	deletions, ctx := errgroup.WithContext(ctx)
	deletions.SetLimit(maxDeletions)
	for _, key := range keys {
		deletions.Go(func() error { return bucket.Delete(ctx, key) })
	}
	return deletions.Wait()
}
