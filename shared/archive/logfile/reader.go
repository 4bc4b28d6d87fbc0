package logfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"community-images/shared/archive/format"
)

const (
	// DefaultPieceSize keeps a reader's memory small and the requests for a month few. The
	// first piece has firstPieceSize, and each further one pieceGrowth times as much.
	DefaultPieceSize, firstPieceSize, pieceGrowth = 4 << 20, 256 << 10, 4
	// DefaultMaxLine is far more than a commit of the largest fleet. Without a limit a
	// broken file without line ends would fill the memory.
	DefaultMaxLine = 256 << 20
)

// Bucket is what reading a file needs of an object store. archive.Reader has the contract.
type Bucket interface {
	// GetFrom reads limit bytes from offset on, fewer only if the object ends before.
	GetFrom(ctx context.Context, key string, offset, limit int64) ([]byte, error)
}

// Options say how files are read.
type Options struct {
	// PieceSize is how many bytes are read at a time at most.
	PieceSize int64
	// MaxLine is the length of the longest allowed line, in bytes.
	MaxLine int
	// CountsReplay is true if a deadline counts the time between pieces, in which their
	// lines are replayed.
	CountsReplay bool
}

// Reader reads the lines of a log file from an offset on. It holds no more
// of the file in memory than a piece and a line. The pieces join as if they had
// been read at once, even if the file grows meanwhile, since nothing in it is
// ever altered. Anything else that happens to the file shows in the chain of its
// lines.
//
// A reader's deadline bounds how long it waits for the store. The time between
// two pieces, in which their lines are replayed, does not count. So a month of
// 70 MB or more is answered even at 0.5 vCPU, where replaying it takes longer
// than a caller may wait for a store that does not answer. A writer's deadline
// counts everything, because the run needs the rest of its time.
type Reader struct {
	// ctx bounds all reads of the file.
	ctx context.Context
	// bucket has the file.
	bucket Bucket
	// key names the file, also for errors.
	key string
	// options say how the file is read.
	options Options

	// piece is what has been read of the file and not been returned yet.
	piece []byte
	// offset is where the next piece begins in the file.
	offset int64
	// pieceSize is how many bytes are read next. Each piece is pieceGrowth times as large as
	// the one before, because many readers want the first lines only.
	pieceSize int64
	// end is where reading ends. It is 0 if that is the end of the file.
	end int64
	// atEnd is true if the reading ends with the piece.
	atEnd bool

	// readAt is when the piece arrived. It is zero before the first one.
	readAt time.Time
	// replayTime is the time between pieces so far. It stays 0 if
	// Options.CountsReplay is true.
	replayTime time.Duration
}

// Open reads the first piece of the file key from an offset on. end is where reading ends;
// 0 means the end of the file.
func Open(ctx context.Context, bucket Bucket, key string, offset, end int64, options Options) (*Reader, error) {
	size := int64(firstPieceSize)
	if end > 0 {
		size = end - offset
	}
	l := &Reader{
		ctx: ctx, bucket: bucket, key: key, options: options,
		offset: offset, pieceSize: min(size, options.PieceSize), end: end,
	}
	if err := l.readPiece(); err != nil {
		return nil, err
	}
	return l, nil
}

// OpenTail opens the file key beyond the length that has been read. It reads the byte
// before too: then the range is never empty, and a file that has become shorter
// shows.
func OpenTail(ctx context.Context, bucket Bucket, key string, length int64, options Options) (*Reader, error) {
	from := max(0, length-1)
	l, err := Open(ctx, bucket, key, from, 0, options)
	switch {
	case err != nil && length > 0:
		return nil, MissingError(key, err)
	case err != nil:
		return nil, err
	case int64(len(l.piece)) < length-from:
		reason := fmt.Sprintf("the log is shorter than the %d bytes that the head names", length)
		return nil, &format.DamagedError{Key: key, Reason: reason}
	}
	l.piece = l.piece[length-from:]
	return l, nil
}

// MissingError returns a *format.DamagedError if err says that the file key is missing
// that the head names; otherwise err.
func MissingError(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &format.DamagedError{Key: key, Reason: "the log file that the head names is gone"}
	}
	return err
}

// readPiece replaces the piece with the next one.
func (l *Reader) readPiece() (err error) {
	if !l.options.CountsReplay && !l.readAt.IsZero() {
		l.replayTime += time.Since(l.readAt)
	}
	ctx, cancel := l.extendDeadline()
	defer cancel()
	l.piece = nil // never two pieces in memory
	size := l.pieceSize
	if l.end > 0 {
		size = min(size, l.end-l.offset)
	}
	if l.piece, err = l.bucket.GetFrom(ctx, l.key, l.offset, size); err != nil {
		return fmt.Errorf("reading log %q: %w", l.key, err)
	}
	l.readAt = time.Now()
	l.offset += int64(len(l.piece))
	l.atEnd = int64(len(l.piece)) < size || l.offset == l.end
	l.pieceSize = min(pieceGrowth*l.pieceSize, l.options.PieceSize)
	return nil
}

// extendDeadline returns the reader's context with its deadline later by the
// time that replaying has taken. It still ends when the reader's context is
// cancelled.
func (l *Reader) extendDeadline() (context.Context, context.CancelFunc) {
	deadline, ok := l.ctx.Deadline()
	if !ok || l.replayTime == 0 {
		return l.ctx, func() {}
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(l.ctx), deadline.Add(l.replayTime))
	stop := context.AfterFunc(l.ctx, func() {
		if !errors.Is(l.ctx.Err(), context.DeadlineExceeded) {
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}

// Key names the file.
func (l *Reader) Key() string { return l.key }

// IsEmpty reports whether the file has nothing from the offset on. It must be
// called before Next.
func (l *Reader) IsEmpty() bool { return l.atEnd && len(l.piece) == 0 }

// Next returns the next line with its line end, which only the last line of a
// file may lack. After that it returns io.EOF. The bytes are valid until the
// next call.
func (l *Reader) Next() ([]byte, error) {
	var begun []byte // of this line, in earlier pieces
	for {
		end := bytes.IndexByte(l.piece, '\n') + 1
		ended := end > 0
		if !ended {
			end = len(l.piece)
		}
		line := l.piece[:end]
		l.piece = l.piece[end:]
		if begun != nil || !ended && !l.atEnd {
			line = append(begun, line...)
			begun = line
		}
		switch {
		case len(line) > l.options.MaxLine:
			reason := fmt.Sprintf("it has a line of more than %d bytes", l.options.MaxLine)
			return nil, &format.DamagedError{Key: l.key, Reason: reason}
		case ended, l.atEnd && len(line) > 0:
			return line, nil
		case l.atEnd:
			return nil, io.EOF
		}
		if err := l.readPiece(); err != nil {
			return nil, err
		}
	}
}
