package archive

import (
	"context"
	"time"
)

// Reader is the reading half of a bucket. Implementations are safe for
// concurrent use and honour ctx on every call. They translate the store's
// errors: fs.ErrNotExist for a missing key, fs.ErrPermission for a refusal. Any
// other error means that the answer is not known. Reads are strongly consistent:
// the next read returns what a successful write stored. Returned bytes belong to
// the caller.
//
// A Reader may repeat a failed read within ctx; callers do not.
type Reader interface {
	// Get reads a whole object and its entity tag. If etag is not empty and
	// still names the object's content, data is nil and current equals etag.
	// Otherwise data is not nil, even if the object is empty.
	Get(ctx context.Context, key, etag string) (data []byte, current string, err error)

	// GetFrom reads limit bytes from offset on, fewer only if the object ends
	// before. At or beyond the end it returns no bytes and no error.
	GetFrom(ctx context.Context, key string, offset, limit int64) ([]byte, error)

	// List returns the keys that begin with prefix, in byte order, all pages.
	List(ctx context.Context, prefix string) ([]string, error)

	// IsAppendable reports whether Append has stored the object, so that Append can
	// extend it. Put and Create store objects of another type, which never changes.
	IsAppendable(ctx context.Context, key string) (bool, error)
}

// Bucket is what the archive needs of an object store. Writes are atomic: a
// reader sees the object as it was before or as it is after, never between. A
// write that returned nil is durable.
//
// A write that returned an error may have been applied. An implementation may
// repeat Put and Create, but must not repeat Append.
type Bucket interface {
	Reader

	// Put stores an object and replaces what was there.
	Put(ctx context.Context, key string, data []byte) error

	// Create stores an object. It returns fs.ErrExist if the key is taken. OSS
	// does not document which of two first writers wins, and ignores the
	// condition if versioning was ever enabled. So nothing may depend on Create
	// alone.
	Create(ctx context.Context, key string, data []byte) error

	// Append adds data to the appendable object at key if position is its
	// current length, and returns the new length. Position 0 creates the object.
	// Among any number of callers with one position exactly one succeeds; the
	// others get fs.ErrExist and nothing of theirs is stored. A missing object
	// has length 0, so a position above 0 gets fs.ErrExist too. Any position of an
	// object that Put or Create has stored gets errors.ErrUnsupported.
	Append(ctx context.Context, key string, position int64, data []byte) (length int64, err error)
}

// Sweeper is a Bucket from which retention can remove objects.
type Sweeper interface {
	Bucket

	// Delete removes an object. A missing object is a success. A Delete that
	// returned an error may have been applied. It may be repeated.
	Delete(ctx context.Context, key string) error

	// Entries is List with what the store knows of each object. It calls each
	// with the key, the size in bytes and the time of the last write. That time
	// is by the store's clock and may be rounded down to a second. On an error
	// each may have been called for some objects.
	Entries(ctx context.Context, prefix string, each func(key string, size int64, modified time.Time)) error
}
