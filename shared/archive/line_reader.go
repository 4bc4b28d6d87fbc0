package archive

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
	// defaultPieceSize keeps a reader's memory small and the requests for a month few. The
	// first piece has firstPieceSize, and each further one pieceGrowth times as much.
	defaultPieceSize, firstPieceSize, pieceGrowth = 4 << 20, 256 << 10, 4
	// defaultMaxLine is far more than a commit of the largest fleet. Without a limit a
	// broken file without line ends would fill the memory.
	defaultMaxLine = 256 << 20
)

// lineReader reads the lines of a log file from an offset on. It holds no more
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
type lineReader struct {
	// ctx bounds all reads of the file.
	ctx context.Context
	// bucket has the file.
	bucket Reader
	// key names the file, also for errors.
	key string
	// maxLine is the length of the longest allowed line, in bytes.
	maxLine int

	// piece is what has been read of the file and not been returned yet.
	piece []byte
	// offset is where the next piece begins in the file.
	offset int64
	// pieceSize is how many bytes are read next.
	pieceSize int64
	// maxPieceSize is how many bytes are read at most. Each piece is pieceGrowth times as
	// large as the one before, because many readers want the first lines only.
	maxPieceSize int64
	// end is where reading ends. It is 0 if that is the end of the file.
	end int64
	// atEnd is true if the reading ends with the piece.
	atEnd bool

	// countsReplay is true if the deadline counts the time between pieces.
	countsReplay bool
	// readAt is when the piece arrived. It is zero before the first one.
	readAt time.Time
	// replayTime is the time between pieces so far. It stays 0 if countsReplay is
	// true.
	replayTime time.Duration
}

// openLines reads the first piece of a file from an offset on.
func (a *Archive) openLines(ctx context.Context, key string, offset int64) (*lineReader, error) {
	return a.openRange(ctx, key, offset, 0)
}

// openRange is openLines for the lines up to an end. If that is 0, it is the end of the
// file.
func (a *Archive) openRange(ctx context.Context, key string, offset, end int64) (*lineReader, error) {
	size := int64(firstPieceSize)
	if end > 0 {
		size = end - offset
	}
	l := &lineReader{
		end: end,
		ctx: ctx, bucket: a.bucket, key: key, maxLine: a.maxLine,
		offset: offset, pieceSize: min(size, a.pieceSize), maxPieceSize: a.pieceSize, countsReplay: a.deadlineCountsReplay,
	}
	if err := l.readPiece(); err != nil {
		return nil, err
	}
	return l, nil
}

// openLog opens the log of a month at its beginning.
func (a *Archive) openLog(ctx context.Context, region, month string) (*lineReader, error) {
	key, err := a.keys.Log(region, month)
	if err != nil {
		return nil, err
	}
	return a.openLines(ctx, key, 0)
}

// openTail opens a file beyond the length that has been read. It reads the byte
// before too: then the range is never empty, and a file that has become shorter
// shows.
func (a *Archive) openTail(ctx context.Context, key string, length int64) (*lineReader, error) {
	from := max(0, length-1)
	l, err := a.openLines(ctx, key, from)
	switch {
	case err != nil && length > 0:
		return nil, missingLogError(key, err)
	case err != nil:
		return nil, err
	case int64(len(l.piece)) < length-from:
		reason := fmt.Sprintf("the log is shorter than the %d bytes that the head names", length)
		return nil, &format.DamagedError{Key: key, Reason: reason}
	}
	l.piece = l.piece[length-from:]
	return l, nil
}

// missingLogError returns a *format.DamagedError if err says that a file is missing
// that the head names; otherwise err.
func missingLogError(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &format.DamagedError{Key: key, Reason: "the log file that the head names is gone"}
	}
	return err
}

// readPiece replaces the piece with the next one.
func (l *lineReader) readPiece() (err error) {
	if !l.countsReplay && !l.readAt.IsZero() {
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
	l.pieceSize = min(pieceGrowth*l.pieceSize, l.maxPieceSize)
	return nil
}

// extendDeadline returns the reader's context with its deadline later by the
// time that replaying has taken. It still ends when the reader's context is
// cancelled.
func (l *lineReader) extendDeadline() (context.Context, context.CancelFunc) {
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

// isEmpty reports whether the file has nothing from the offset on. It must be
// called before next.
func (l *lineReader) isEmpty() bool { return l.atEnd && len(l.piece) == 0 }

// next returns the next line with its line end, which only the last line of a
// file may lack. After that it returns io.EOF. The bytes are valid until the
// next call.
func (l *lineReader) next() ([]byte, error) {
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
		case len(line) > l.maxLine:
			return nil, &format.DamagedError{Key: l.key, Reason: fmt.Sprintf("it has a line of more than %d bytes", l.maxLine)}
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
