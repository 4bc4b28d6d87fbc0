package fsck

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"community-images/shared/archive"

	"community-images/shared/archive/format"
)

// appendMissing appends to the object to what it lacks of the object from. It returns
// *format.DamagedError if to has other bytes. A missing object is an empty one.
func (w *Rewriter) appendMissing(ctx context.Context, from, to string) error {
	for at := int64(0); ; {
		want, err := w.readPiece(ctx, from, at)
		if err != nil || len(want) == 0 {
			return err
		}
		have, err := w.readPiece(ctx, to, at)
		if err != nil {
			return err
		}
		have = have[:min(len(have), len(want))]
		ok := bytes.HasPrefix(want, have)
		if ok && len(have) < len(want) {
			ok, err = w.writer.AppendBytes(ctx, to, at+int64(len(have)), want[len(have):])
		}
		if err != nil || !ok {
			return cmp.Or(err, differenceError(to, from))
		}
		at += int64(len(want))
	}
}

// compare compares two objects: it returns -1 if a is the beginning of b, 0 if they are
// equal, 1 if b is the beginning of a, and otherwise *format.DamagedError. A missing object is
// an empty one.
func (w *Rewriter) compare(ctx context.Context, a, b string) (order int, err error) {
	for at := int64(0); ; {
		x, err := w.readPiece(ctx, a, at)
		if err != nil {
			return 0, err
		}
		y, err := w.readPiece(ctx, b, at)
		if err != nil {
			return 0, err
		}
		n := min(len(x), len(y))
		if !bytes.Equal(x[:n], y[:n]) {
			return 0, differenceError(a, b)
		}
		if n == 0 || len(x) != len(y) {
			return cmp.Compare(len(x), len(y)), nil
		}
		at += int64(n)
	}
}

// readPiece reads the next bytes of an object. A missing object is an empty one.
func (w *Rewriter) readPiece(ctx context.Context, key string, at int64) ([]byte, error) {
	data, err := w.bucket.GetFrom(ctx, key, at, w.writer.PieceSize())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", key, err)
	}
	return data, nil
}

// differenceError says that a log and its copy contradict each other.
func differenceError(key, other string) error {
	return &format.DamagedError{Key: key, Reason: fmt.Sprintf(
		"it does not begin with the same bytes as %q; find out which of the two holds the history, and remove the other",
		other)}
}

// isNotAppendable reports whether an append was refused because of the object's type.
func isNotAppendable(err error) bool {
	var refused *archive.NotAppendableError
	return errors.As(err, &refused)
}
