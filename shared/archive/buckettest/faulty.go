package buckettest

import (
	"context"
	"errors"
	"sync"

	"community-images/shared/archive"
)

// Op is one call of a bucket.
type Op struct {
	N    int    // from 1, over all calls
	Verb string // get, getfrom, list, put, create, append
	Key  string
}

// Write says whether the call changes the bucket.
func (o Op) Write() bool { return o.Verb == "put" || o.Verb == "create" || o.Verb == "append" }

// Fault is what goes wrong with one call.
type Fault struct {
	Before  func()              // runs first; may block, to hold a run at this point
	Err     error               // the call returns it
	Applied bool                // with Err: the write took place all the same
	Change  func([]byte) []byte // the data of a read, as it arrives
}

// ErrInjected is a fault without a meaning of its own.
var ErrInjected = errors.New("injected fault")

// Faulty wraps a bucket and asks a hook about every call.
type Faulty struct {
	inner archive.Bucket
	mu    sync.Mutex
	hook  func(Op) *Fault
	n     int
}

// NewFaulty wraps inner. hook may return nil for a call that goes well; it is
// called for one call at a time.
func NewFaulty(inner archive.Bucket, hook func(Op) *Fault) *Faulty {
	return &Faulty{inner: inner, hook: hook}
}

// begin runs what comes before the call; done means that it does not take place.
func (f *Faulty) begin(verb, key string) (fault Fault, done bool) {
	f.mu.Lock()
	f.n++
	if hit := f.hook(Op{N: f.n, Verb: verb, Key: key}); hit != nil {
		fault = *hit
	}
	f.mu.Unlock()
	if fault.Before != nil {
		fault.Before()
	}
	return fault, fault.Err != nil && !fault.Applied
}

func (f Fault) read(data []byte, err error) ([]byte, error) {
	if f.Err != nil {
		return nil, f.Err
	}
	if err == nil && data != nil && f.Change != nil {
		data = f.Change(data)
	}
	return data, err
}

func (f Fault) wrote(err error) error {
	if f.Err != nil {
		return f.Err
	}
	return err
}

// Get implements archive.Reader.
func (f *Faulty) Get(ctx context.Context, key, etag string) ([]byte, string, error) {
	fault, done := f.begin("get", key)
	if done {
		return nil, "", fault.Err
	}
	data, tag, err := f.inner.Get(ctx, key, etag)
	data, err = fault.read(data, err)
	return data, tag, err
}

// GetFrom implements archive.Reader.
func (f *Faulty) GetFrom(ctx context.Context, key string, offset int64) ([]byte, error) {
	fault, done := f.begin("getfrom", key)
	if done {
		return nil, fault.Err
	}
	return fault.read(f.inner.GetFrom(ctx, key, offset))
}

// List implements archive.Reader.
func (f *Faulty) List(ctx context.Context, prefix string) ([]string, error) {
	fault, done := f.begin("list", prefix)
	if done {
		return nil, fault.Err
	}
	keys, err := f.inner.List(ctx, prefix)
	return keys, fault.wrote(err)
}

// Put implements archive.Bucket.
func (f *Faulty) Put(ctx context.Context, key string, data []byte) error {
	fault, done := f.begin("put", key)
	if done {
		return fault.Err
	}
	return fault.wrote(f.inner.Put(ctx, key, data))
}

// Create implements archive.Bucket.
func (f *Faulty) Create(ctx context.Context, key string, data []byte) error {
	fault, done := f.begin("create", key)
	if done {
		return fault.Err
	}
	return fault.wrote(f.inner.Create(ctx, key, data))
}

// Append implements archive.Bucket.
func (f *Faulty) Append(ctx context.Context, key string, position int64, data []byte) (int64, error) {
	fault, done := f.begin("append", key)
	if done {
		return 0, fault.Err
	}
	length, err := f.inner.Append(ctx, key, position, data)
	return length, fault.wrote(err)
}
