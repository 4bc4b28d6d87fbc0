package buckettest

import (
	"bytes"
	"context"
	"errors"
	"sync"

	"community-images/shared/archive"
)

// Op is one call of a bucket.
type Op struct {
	N    int    // from 1, over all calls
	Verb string // get, getfrom, list, put, create, append, delete, entries
	Key  string // of list and entries: the prefix
	At   int64  // of getfrom: the offset; of append: the position
}

// IsWrite reports whether the call changes the bucket.
func (o Op) IsWrite() bool {
	return o.Verb == "put" || o.Verb == "create" || o.Verb == "append" || o.Verb == "delete"
}

// Fault is what goes wrong with one call.
type Fault struct {
	Before  func()              // runs first; may block, to hold a run at this point
	Hang    bool                // the call ends only with its context, whose error it returns
	Err     error               // the call returns it: ErrInjected, fs.ErrPermission, ...
	Applied bool                // with Err or Hang: the call took place all the same
	Change  func([]byte) []byte // the data of a read, as it arrives; see Cut and Flip
}

// ErrInjected is a fault without a meaning of its own.
var ErrInjected = errors.New("injected fault")

// FailCall is a hook that meets the k-th call, from 1, with one fault.
func FailCall(k int, fault Fault) func(Op) *Fault {
	return func(op Op) *Fault {
		if op.N != k {
			return nil
		}
		return &fault
	}
}

// Cut keeps the first n bytes of a read.
func Cut(n int) func([]byte) []byte {
	return func(data []byte) []byte { return data[:min(n, len(data))] }
}

// Flip inverts one bit of a read, in its n-th byte from 0.
func Flip(n int) func([]byte) []byte {
	return func(data []byte) []byte {
		data = bytes.Clone(data)
		if n < len(data) {
			data[n] ^= 1
		}
		return data
	}
}

// Gate holds a call until it is opened. Wait in Fault.Before; Reached is
// closed when the call has come there.
type Gate struct {
	Reached, opened chan struct{}
	reach, open     sync.Once
}

// NewGate returns a closed gate.
func NewGate() *Gate { return &Gate{Reached: make(chan struct{}), opened: make(chan struct{})} }

// Wait blocks until the gate is opened.
func (g *Gate) Wait() {
	g.reach.Do(func() { close(g.Reached) })
	<-g.opened
}

// Open lets all calls through, those to come too.
func (g *Gate) Open() { g.open.Do(func() { close(g.opened) }) }

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

// callInner runs one call of the inner bucket with its fault.
func (f *Faulty) callInner(ctx context.Context, op Op, inner func() error) (Fault, error) {
	f.mu.Lock()
	f.n++
	op.N = f.n
	var fault Fault
	if hit := f.hook(op); hit != nil {
		fault = *hit
	}
	f.mu.Unlock()
	if fault.Before != nil {
		fault.Before()
	}
	if fault.Err == nil && !fault.Hang {
		return fault, inner()
	}
	if fault.Applied {
		_ = inner() // the fault hides how it ended
	}
	if fault.Hang {
		<-ctx.Done()
		return fault, ctx.Err()
	}
	return fault, fault.Err
}

// changeData returns the data of a read as it arrives.
func (f Fault) changeData(data []byte) []byte {
	if data == nil || f.Change == nil {
		return data
	}
	return f.Change(data)
}
