package main

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"community-images/shared/ossbucket/osstest"
)

// front is a way to a catalogue's store of its own, for the function under
// test: it breaks without harm to others who use the store.
type front struct {
	t        testing.TB
	oss      *osstest.Endpoint
	url      string
	server   *http.Server // nil while connections are refused
	requests atomic.Int64
	most     atomic.Int64 // requests that were waited for at once
	whole    atomic.Bool  // no 304, which has no body to stop in

	counting atomic.Int64 // requests of which it is not known yet who else was waited for

	mu     sync.Mutex
	flight map[*waiting]bool
}

// waiting is a request in flight.
type waiting struct {
	ended     chan struct{}
	abandoned bool // nobody waited any more; known once it has ended
}

// leaves waits half a second for the end of a request, in short steps: on a
// machine that is too busy for those it is longer.
func (w *waiting) leaves() bool {
	for range 50 {
		select {
		case <-w.ended:
			return true
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

// enter counts a request among those that are waited for. A store learns a
// little late that a client has gone away: such a request does not count.
func (f *front) enter(r *http.Request) (leave func()) {
	me := &waiting{ended: make(chan struct{})}
	f.mu.Lock()
	others := slices.Collect(maps.Keys(f.flight))
	f.flight[me] = true
	f.mu.Unlock()
	f.counting.Add(1)
	go f.count(others)
	return func() {
		me.abandoned = r.Context().Err() != nil
		f.mu.Lock()
		delete(f.flight, me)
		f.mu.Unlock()
		close(me.ended)
	}
}

// count takes down how many were waited for when a request came to others. The
// request itself does not wait for that.
func (f *front) count(others []*waiting) {
	defer f.counting.Add(-1)
	now := int64(1)
	for _, o := range others {
		if !o.leaves() || !o.abandoned {
			now++
		}
	}
	for most := f.most.Load(); now > most && !f.most.CompareAndSwap(most, now); most = f.most.Load() {
	}
}

// counted is how many requests there were, and how many at once at the most.
func (f *front) counted() (requests, most int64) {
	f.settle()
	return f.requests.Load(), f.most.Load()
}

// settle waits for what is still being counted.
func (f *front) settle() {
	for f.counting.Load() > 0 {
		time.Sleep(5 * time.Millisecond)
	}
}

// fronted marks the requests that came by a front. OSS does not sign it.
const fronted = "Fronted"

func openFront(t testing.TB, c *catalogue) *front {
	f := &front{t: t, oss: c.oss, flight: map[*waiting]bool{}}
	f.open("127.0.0.1:0")
	t.Cleanup(f.shut)
	return f
}

func (f *front) open(address string) {
	f.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.url = "http://" + l.Addr().String()
	f.server = &http.Server{Handler: f}
	go f.server.Serve(l)
}

func (f *front) shut() {
	if f.server != nil {
		_ = f.server.Close()
		f.server = nil
	}
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests.Add(1)
	defer f.enter(r)()
	r.Header.Set(fronted, "1")
	if f.whole.Load() {
		r.Header.Del("If-None-Match")
	}
	f.oss.ServeHTTP(w, r)
}

// reset begins to count anew.
func (f *front) reset() {
	f.settle()
	f.requests.Store(0)
	f.most.Store(0)
}

// fail breaks every request from now on; a fault without anything in it shuts
// the door.
func (f *front) fail(fault osstest.Fault) {
	f.whole.Store(fault.Stall)
	f.hook(func(osstest.Request) *osstest.Fault { return &fault })
	if fault.Status == 0 && !fault.Reset && fault.Delay == 0 && !fault.Stall {
		f.shut()
	}
}

// hook decides about every request that comes by the front.
func (f *front) hook(fault func(osstest.Request) *osstest.Fault) {
	f.oss.SetFault(func(r osstest.Request) *osstest.Fault {
		if r.Header.Get(fronted) == "" {
			return nil
		}
		return fault(r)
	})
}

// repair ends whatever is broken.
func (f *front) repair() {
	f.t.Helper()
	f.whole.Store(false)
	f.oss.SetFault(nil)
	if f.server == nil {
		f.open(strings.TrimPrefix(f.url, "http://"))
	}
}
