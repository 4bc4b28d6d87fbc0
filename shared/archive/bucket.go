package archive

import (
	"context"
	"time"
)

// Reader is the reading half of a bucket. Implementations are safe for
// concurrent use, honour ctx on every call and translate what they meet:
// fs.ErrNotExist for a key that is not there, fs.ErrPermission for a refusal.
// Any other error means that the answer is not known. Reads are strongly
// consistent: what a successful write stored is what the next read returns.
// Returned bytes belong to the caller.
//
// A Reader may repeat a failed read within ctx; callers do not.
type Reader interface {
	// Get reads a whole object and its entity tag. If etag is not empty and
	// still names the object's content, data is nil and current equals etag;
	// otherwise data is not nil, even of an empty object.
	Get(ctx context.Context, key, etag string) (data []byte, current string, err error)

	// GetFrom reads limit bytes from offset on, fewer only if the object ends
	// before. At or beyond the end it returns no bytes and no error.
	GetFrom(ctx context.Context, key string, offset, limit int64) ([]byte, error)

	// List returns the keys that begin with prefix, in byte order, all pages.
	List(ctx context.Context, prefix string) ([]string, error)
}

// Bucket is what the archive needs of an object store. Writes are atomic: a
// reader sees the object as it was before or as it is after, never between,
// and a write that returned nil is durable.
//
// A write that returned an error may have been applied. Put and Create may be
// repeated by the implementation, Append never is.
type Bucket interface {
	Reader

	// Put stores an object, replacing what was there.
	Put(ctx context.Context, key string, data []byte) error

	// Create stores an object unless the key is taken: fs.ErrExist. Which of
	// two first writers wins is not documented by OSS, so nothing may rest on
	// Create alone; and OSS ignores the condition where versioning was ever
	// enabled.
	Create(ctx context.Context, key string, data []byte) error

	// Append adds data to the appendable object at key if position is its
	// current length, 0 creating it, and returns the new length. Among any
	// number of callers with one position exactly one succeeds; the others
	// get fs.ErrExist and nothing of theirs is stored. A missing object is 0
	// long, so a position above 0 gets fs.ErrExist too, as does any position
	// of an object that Put or Create has stored.
	Append(ctx context.Context, key string, position int64, data []byte) (length int64, err error)
}

// Sweeper is a Bucket from which objects can be removed, as retention does.
type Sweeper interface {
	Bucket

	// Delete removes an object; that it is not there is success. A Delete that
	// returned an error may have been applied. It may be repeated.
	Delete(ctx context.Context, key string) error

	// Entries is List, with what the store knows of each object: each is
	// shown its key, its size in bytes, and when it was last written, by the
	// store's clock and perhaps rounded down to a second. On an error each may
	// have been shown some.
	Entries(ctx context.Context, prefix string, each func(key string, size int64, modified time.Time)) error
}
