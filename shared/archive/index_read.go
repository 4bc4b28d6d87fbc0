package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/archive/format"
)

// Index reads and verifies the index of a region. It returns *format.DamagedError if the
// index is missing or damaged.
func (a *Archive) Index(ctx context.Context, region string) (*format.Index, error) {
	key, err := a.keys.Index(region)
	if err != nil {
		return nil, err
	}
	data, err := a.readObject(ctx, "index", key, "it is missing")
	if err != nil {
		return nil, err
	}
	x, err := format.DecodeIndex(region, data, &a.images)
	if err != nil {
		return nil, &format.DamagedError{Key: key, Reason: err.Error()}
	}
	return x, nil
}

// IndexedIDs reads and verifies the ids of the images of the index that the head of r
// describes, which must have them. It returns *format.DamagedError if they are not there:
// the index may be missing, damaged, or that of another commit.
func (a *Archive) IndexedIDs(ctx context.Context, r *Region) (*format.IndexedIDs, error) {
	key, err := a.keys.Index(r.RegionID)
	if err != nil {
		return nil, err
	}
	line, err := a.bucket.GetFrom(ctx, key, 0, r.IndexImages.IDsLength)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &format.DamagedError{Key: key, Reason: "it is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading index %q: %w", key, err)
	}
	ids, err := format.DecodeIndexedIDs(line, r.IndexImages)
	if err != nil {
		return nil, &format.DamagedError{Key: key, Reason: err.Error()}
	}
	return ids, nil
}
