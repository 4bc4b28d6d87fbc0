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

// proxy stands between the function under test and OSS. Its faults do not reach
// others who use the same OSS.
type proxy struct {
	t                  testing.TB
	oss                *osstest.Endpoint
	url                string
	server             *http.Server // nil while connections are refused
	requests           atomic.Int64
	maxConcurrent      atomic.Int64 // requests that were waited for at once
	disableNotModified atomic.Bool  // no 304, which has no body to stop in

	counting atomic.Int64 // requests of which it is not known yet who else was waited for

	mu      sync.Mutex
	pending map[*pendingRequest]bool
}

// pendingRequest is a request in flight.
type pendingRequest struct {
	ended     chan struct{}
	abandoned bool // nobody waited any more; known once it has ended
}

// waitForEnd waits half a second for the end of a request, in short steps: on a
// machine that is too busy for those it is longer.
func (w *pendingRequest) waitForEnd() bool {
	for range 50 {
		select {
		case <-w.ended:
			return true
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

// trackRequest counts a request among those that are waited for. A store learns a
// little late that a client has gone away: such a request does not count.
func (f *proxy) trackRequest(r *http.Request) (leave func()) {
	me := &pendingRequest{ended: make(chan struct{})}
	f.mu.Lock()
	others := slices.Collect(maps.Keys(f.pending))
	f.pending[me] = true
	f.mu.Unlock()
	f.counting.Add(1)
	go f.countConcurrent(others)
	return func() {
		me.abandoned = r.Context().Err() != nil
		f.mu.Lock()
		delete(f.pending, me)
		f.mu.Unlock()
		close(me.ended)
	}
}

// countConcurrent takes down how many were waited for when a request came to others. The
// request itself does not wait for that.
func (f *proxy) countConcurrent(others []*pendingRequest) {
	defer f.counting.Add(-1)
	now := int64(1)
	for _, o := range others {
		if !o.waitForEnd() || !o.abandoned {
			now++
		}
	}
	for most := f.maxConcurrent.Load(); now > most &&
		!f.maxConcurrent.CompareAndSwap(most, now); most = f.maxConcurrent.Load() {
	}
}

// requestCounts is how many requests there were, and how many at once at the most.
func (f *proxy) requestCounts() (requests, most int64) {
	f.waitUntilCounted()
	return f.requests.Load(), f.maxConcurrent.Load()
}

// waitUntilCounted waits for what is still being counted.
func (f *proxy) waitUntilCounted() {
	for f.counting.Load() > 0 {
		time.Sleep(5 * time.Millisecond)
	}
}

// fronted is a header that marks the requests through a proxy. It is not signed.
const fronted = "Fronted"

func openProxy(t testing.TB, c *testRegion) *proxy {
	f := &proxy{t: t, oss: c.oss, pending: map[*pendingRequest]bool{}}
	f.listen("127.0.0.1:0")
	t.Cleanup(f.refuseConnections)
	return f
}

func (f *proxy) listen(address string) {
	f.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		f.t.Fatal(err)
	}
	f.url = "http://" + l.Addr().String()
	f.server = &http.Server{Handler: f}
	go f.server.Serve(l)
}

func (f *proxy) refuseConnections() {
	if f.server != nil {
		_ = f.server.Close()
		f.server = nil
	}
}

// ServeHTTP implements http.Handler.
func (f *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.requests.Add(1)
	defer f.trackRequest(r)()
	r.Header.Set(fronted, "1")
	if f.disableNotModified.Load() {
		r.Header.Del("If-None-Match")
	}
	f.oss.ServeHTTP(w, r)
}

// resetCounts begins to count anew.
func (f *proxy) resetCounts() {
	f.waitUntilCounted()
	f.requests.Store(0)
	f.maxConcurrent.Store(0)
}

// injectFault breaks every request from now on; a fault without anything in it shuts
// the door.
func (f *proxy) injectFault(fault osstest.Fault) {
	f.disableNotModified.Store(fault.Stall)
	f.setFault(func(osstest.Request) *osstest.Fault { return &fault })
	if fault.Status == 0 && !fault.Reset && fault.Delay == 0 && !fault.Stall {
		f.refuseConnections()
	}
}

// setFault sets a function that decides about every request through the proxy.
func (f *proxy) setFault(fault func(osstest.Request) *osstest.Fault) {
	f.oss.SetFault(func(r osstest.Request) *osstest.Fault {
		if r.Header.Get(fronted) == "" {
			return nil
		}
		return fault(r)
	})
}

// clearFaults ends whatever is broken.
func (f *proxy) clearFaults() {
	f.t.Helper()
	f.disableNotModified.Store(false)
	f.oss.SetFault(nil)
	if f.server == nil {
		f.listen(strings.TrimPrefix(f.url, "http://"))
	}
}
