package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"community-images/shared/archive"
	"community-images/shared/archive/fsck"
)

// checkRestored verifies everything that was restored. It returns an error that names each
// damaged file of dir. A head or an index that is only behind the log is no damage, because
// runs may have committed while the backup was made: then it prints how to repair it.
func (b *bucketRoot) checkRestored(ctx context.Context, dir string, out io.Writer) error {
	reader := archive.New(b.bucket, b.keys)
	regions, err := reader.Regions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	behind := false
	for _, region := range regions {
		audit, err := fsck.Verify(ctx, reader, region)
		if err != nil {
			return fmt.Errorf("verifying region %q: %w", region, err)
		}
		for _, f := range audit.Findings {
			if behind = behind || f.IsBehind; !f.IsBehind {
				errs = append(errs, b.damageError(dir, f))
			}
		}
	}
	if behind {
		fmt.Fprintln(out, "a run committed while the backup was made: run go run ./scripts/verify -cloud -repair")
	}
	return errors.Join(errs...)
}

// damageError returns an error that names the file of a damaged object.
func (b *bucketRoot) damageError(dir string, f fsck.Finding) error {
	path, err := b.filePath(dir, f.Key)
	if err != nil {
		return err
	}
	return fmt.Errorf("the backup is damaged: file %q: %s", path, f.Reason)
}
