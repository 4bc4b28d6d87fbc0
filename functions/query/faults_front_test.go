package main

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

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
	now      atomic.Int64 // in flight
	most     atomic.Int64 // of now
	whole    atomic.Bool  // no 304, which has no body to stop in
}

// fronted marks the requests that came by a front. OSS does not sign it.
const fronted = "Fronted"

func openFront(t testing.TB, c *catalogue) *front {
	f := &front{t: t, oss: c.oss}
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
	now := f.now.Add(1)
	defer f.now.Add(-1)
	for {
		most := f.most.Load()
		if now <= most || f.most.CompareAndSwap(most, now) {
			break
		}
	}
	r.Header.Set(fronted, "1")
	if f.whole.Load() {
		r.Header.Del("If-None-Match")
	}
	f.oss.ServeHTTP(w, r)
}

// reset begins to count anew.
func (f *front) reset() {
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
