package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/catalog"

	"community-images/shared/archive/format"
)

// Snapshot reads and verifies one snapshot. It returns *format.DamagedError if the
// object is missing or is not what its key says.
func (a *Archive) Snapshot(ctx context.Context, scope catalog.Scope, digest string) (*catalog.Snapshot, error) {
	key, err := a.keys.Snapshot(scope, digest)
	if err != nil {
		return nil, err
	}
	data, err := a.readObject(ctx, "snapshot", key, "it is missing, and a commit refers to it")
	if err != nil {
		return nil, err
	}
	return a.decodeSnapshot(key, data, scope, digest)
}

// readObject reads an object that the head or a commit refers to. kind names it in errors.
// If it is missing, the error is *format.DamagedError with that reason.
func (a *Archive) readObject(ctx context.Context, kind, key, missing string) ([]byte, error) {
	data, _, err := a.bucket.Get(ctx, key, "")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &format.DamagedError{Key: key, Reason: missing}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s %q: %w", kind, key, err)
	}
	return data, nil
}

// decodeSnapshot decodes a stored snapshot. It returns *format.DamagedError unless the
// snapshot has the scope and the digest.
func (a *Archive) decodeSnapshot(
	key string, data []byte, scope catalog.Scope, digest string,
) (*catalog.Snapshot, error) {
	s, err := catalog.DecodeSnapshot(data, &a.images)
	if err != nil {
		return nil, &format.DamagedError{Key: key, Reason: err.Error()}
	}
	// DecodeSnapshot has proved that the digest is that of the images. It may still be
	// another snapshot than the one that was asked for.
	if s.Scope != scope || s.Digest != digest {
		return nil, &format.DamagedError{Key: key, Reason: fmt.Sprintf("it holds %s of %s", s.Digest, s.Scope)}
	}
	return s, nil
}
