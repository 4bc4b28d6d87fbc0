package buckettest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"community-images/shared/archive"
)

// innerSweeper returns the inner bucket, or an error if objects cannot be removed from it.
func (f *Faulty) innerSweeper() (archive.Sweeper, error) {
	if s, ok := f.inner.(archive.Sweeper); ok {
		return s, nil
	}
	return nil, fmt.Errorf("sweeping %T: %w", f.inner, errors.ErrUnsupported)
}

// Delete implements archive.Sweeper.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	inner, err := f.innerSweeper()
	if err != nil {
		return err
	}
	_, err = f.callInner(ctx, Op{Verb: "delete", Key: key}, func() error { return inner.Delete(ctx, key) })
	return err
}

// Entries implements archive.Sweeper.
func (f *Faulty) Entries(ctx context.Context, prefix string,
	each func(key string, size int64, modified time.Time)) error {
	inner, err := f.innerSweeper()
	if err != nil {
		return err
	}
	_, err = f.callInner(ctx, Op{Verb: "entries", Key: prefix}, func() error {
		return inner.Entries(ctx, prefix, each)
	})
	return err
}
