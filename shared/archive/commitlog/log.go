// Package commitlog reads the log of a region across its months: commits from a number or
// of an image, and the states that they led to.
//
// Each month of the log is a file, and most have an index that says where commits, images
// and checkpoints are in it: month_index.go has the stored document, and
// read_month_index.go completes it from the log. commits.go and image_commits.go find
// commits by the indexes. past.go replays from the last checkpoint before a moment. Package logfile
// reads the lines of one file, and package format has the rules of what follows what.
//
// It never writes, and its callers give it the present state of the region. It promises
// that no commit is left out in between: a log that is cut off, altered or has lost a month
// in the middle is an error.
package commitlog

import (
	"context"

	"community-images/shared/archive/logfile"
)

// maxParallel is how many objects are read at a time.
const maxParallel = 16

// Bucket is what reading a log needs of an object store. archive.Reader has the contract.
type Bucket interface {
	// Get reads a whole object and its entity tag.
	Get(ctx context.Context, key, etag string) (data []byte, current string, err error)
	// GetFrom reads limit bytes from offset on, fewer only if the object ends before.
	GetFrom(ctx context.Context, key string, offset, limit int64) ([]byte, error)
}

// Keys builds the keys of a log. archive.Keys has the rules.
type Keys interface {
	// Log returns the key of the file of a month.
	Log(region, month string) (string, error)
	// MonthIndex returns the key of the index of a month.
	MonthIndex(region, month string) (string, error)
}

// Options say how a log is read.
type Options struct {
	logfile.Options
	// Window is how many bytes of a month with an index are read first. Each further window
	// is windowGrowth times as large, up to maxWindow: most readers want a page.
	Window int
}

const windowGrowth, maxWindow = 4, 1 << 20

// Log reads the logs of all regions below one prefix of a bucket. It keeps the indexes of
// months that it has read. It is safe for concurrent use.
type Log struct {
	// Options must not be changed once the log has been read.
	Options
	bucket Bucket
	keys   Keys
	months monthCache
}

// New returns the log below the keys' prefix, with the default options.
func New(bucket Bucket, keys Keys) *Log {
	return &Log{bucket: bucket, keys: keys, Options: Options{
		Options: logfile.Options{PieceSize: logfile.DefaultPieceSize, MaxLine: logfile.DefaultMaxLine},
		Window:  64 << 10,
	}}
}

// Open opens the log of a month at its beginning.
func (l *Log) Open(ctx context.Context, region, month string) (*logfile.Reader, error) {
	key, err := l.keys.Log(region, month)
	if err != nil {
		return nil, err
	}
	return l.openAt(ctx, key, 0)
}

// openAt reads the first piece of a file of the log from an offset on.
func (l *Log) openAt(ctx context.Context, key string, offset int64) (*logfile.Reader, error) {
	return logfile.Open(ctx, l.bucket, key, offset, 0, l.Options.Options)
}
