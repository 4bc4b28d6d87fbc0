package archive

import (
	"context"

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
