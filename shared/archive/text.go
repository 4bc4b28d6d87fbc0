package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

const (
	pieceSize = 4 << 20
	maxLine   = 256 << 20
)

// text is a file of the log that is read from an offset on, a piece at a time:
// of a month no more is in memory than a piece and a line. Pieces are joined as
// if they had been read at once. That holds for a file that grows meanwhile, as
// nothing in it is ever altered; whatever else happens to it, the chain of its
// lines shows.
//
// A deadline bounds how long a lookup waits for the store. What goes by between
// two pieces, while their lines are replayed, does not count: on a slow core a
// long month takes longer than a store may that does not answer.
type text struct {
	ctx    context.Context
	bucket Reader
	key    string
	next   int64 // where the next piece begins
	size   int64 // of a piece
	most   int   // bytes of a line
	piece  []byte
	last   bool // the file ends with the piece
	came   time.Time
	busy   time.Duration // between pieces, unless strict
	strict bool
}

// open reads the first piece of a file from an offset on.
func (a *Archive) open(ctx context.Context, key string, offset int64) (*text, error) {
	t := &text{ctx: ctx, bucket: a.bucket, key: key, next: offset, size: a.piece, most: a.line, strict: a.strict}
	if err := t.read(); err != nil {
		return nil, err
	}
	return t, nil
}

// file opens the log of a month.
func (a *Archive) file(ctx context.Context, region, month string) (*text, error) {
	key, err := a.keys.Log(region, month)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, key, 0)
}

// tail reads the file beyond length. It reads the byte before as well: the
// range is then never empty, and a file that has become shorter shows.
func (a *Archive) tail(ctx context.Context, key string, length int64) (*text, error) {
	from := max(0, length-1)
	t, err := a.open(ctx, key, from)
	switch {
	case err != nil && length > 0:
		return nil, gone(key, err)
	case err != nil:
		return nil, err
	case int64(len(t.piece)) < length-from:
		return nil, &DamagedError{Key: key, Reason: fmt.Sprintf("the log is shorter than the %d bytes that the head names", length)}
	}
	t.piece = t.piece[length-from:]
	return t, nil
}

// gone says what it means that a file that the head names is not there.
func gone(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &DamagedError{Key: key, Reason: "the log file that the head names is gone"}
	}
	return err
}

// read reads the next piece in the place of the one that is there.
func (t *text) read() (err error) {
	if !t.strict && !t.came.IsZero() {
		t.busy += time.Since(t.came)
	}
	ctx, cancel := t.waiting()
	defer cancel()
	t.piece = nil // no two of them in memory
	if t.piece, err = t.bucket.GetFrom(ctx, t.key, t.next, t.size); err != nil {
		return fmt.Errorf("reading log %q: %w", t.key, err)
	}
	t.came = time.Now()
	t.next += int64(len(t.piece))
	t.last = int64(len(t.piece)) < t.size
	return nil
}

// waiting is the context of a read: that of the text with its deadline put off.
func (t *text) waiting() (context.Context, context.CancelFunc) {
	deadline, ok := t.ctx.Deadline()
	if !ok || t.busy == 0 {
		return t.ctx, func() {}
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(t.ctx), deadline.Add(t.busy))
	stop := context.AfterFunc(t.ctx, func() {
		if !errors.Is(t.ctx.Err(), context.DeadlineExceeded) {
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}

// empty says whether there is nothing from the offset on.
func (t *text) empty() bool { return t.last && len(t.piece) == 0 }

// line takes the next line, with its end: only the last one of a file may have
// none. After it comes io.EOF. The bytes are the caller's until the next call.
func (t *text) line() ([]byte, error) {
	var begun []byte // in earlier pieces
	for {
		at := bytes.IndexByte(t.piece, '\n') + 1
		if at == 0 {
			at = len(t.piece)
		}
		part := t.piece[:at]
		t.piece = t.piece[at:]
		ended := at > 0 && part[at-1] == '\n'
		if begun != nil || !ended && !t.last {
			part = append(begun, part...)
			begun = part
		}
		switch {
		case len(part) > t.most:
			return nil, &DamagedError{Key: t.key, Reason: fmt.Sprintf("it has a line of more than %d bytes", t.most)}
		case ended, t.last && len(part) > 0:
			return part, nil
		case t.last:
			return nil, io.EOF
		}
		if err := t.read(); err != nil {
			return nil, err
		}
	}
}
