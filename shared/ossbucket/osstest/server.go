package osstest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Key is one access key that the endpoint knows.
type Key struct {
	ID, Secret string
	Token      string    // that requests must carry; empty: a permanent key
	Expires    time.Time // of the token; zero: never
}

// DefaultRegion is the region of an endpoint whose Options name none.
const DefaultRegion = "cn-hangzhou"

// Options say what an endpoint serves.
type Options struct {
	// Dir keeps the objects as files, DIR/<bucket>/<key>: what is written
	// survives the process being killed at any point, and an endpoint started
	// on the directory later goes on with it. Empty: memory.
	Dir string

	Buckets []string // are made if they do not exist
	Keys    []Key    // at least one
	Now     func() time.Time

	// Region is the only one that requests may be signed for. Default: DefaultRegion.
	Region string
}

// Server is an OSS endpoint, an http.Handler for the root of its host.
// Buckets are addressed by the first step of the path or of the host name.
type Server struct {
	store  store
	fake   http.Handler
	now    func() time.Time
	region string

	writing sync.Mutex // one write at a time; reads do not wait

	mu    sync.Mutex
	keys  []Key
	hook  func(Request) *Fault
	count int64
	log   []string
}

// store is what holds the objects.
type store interface {
	gofakes3.Backend
	// appendTo extends an appendable object, or makes it at position 0.
	appendTo(bucket, key string, position int64, data []byte, contentType string, now time.Time) error
}

// New returns an endpoint.
func New(o Options) (*Server, error) {
	if len(o.Keys) == 0 || slices.ContainsFunc(o.Keys, func(k Key) bool { return k.ID == "" || k.Secret == "" }) {
		return nil, errors.New("opening OSS endpoint: every key needs an id and a secret, and there must be one")
	}
	s := &Server{keys: o.Keys, now: o.Now, region: cmp.Or(o.Region, DefaultRegion)}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Dir == "" {
		s.store = memoryStore{s3mem.New()}
	} else {
		d, err := newDirectory(o.Dir)
		if err != nil {
			return nil, fmt.Errorf("opening OSS endpoint on %q: %w", o.Dir, err)
		}
		s.store = d
	}
	for _, name := range o.Buckets {
		exists, err := s.store.BucketExists(name)
		if err == nil && !exists {
			err = s.store.CreateBucket(name)
		}
		if err != nil {
			return nil, fmt.Errorf("making bucket %q: %w", name, err)
		}
	}
	s.fake = gofakes3.New(s.store, gofakes3.WithTimeSource(clock{s.now}), gofakes3.WithTimeSkewLimit(0),
		gofakes3.WithoutVersioning()).Server()
	return s, nil
}

// clock is now in the zone that HTTP dates are written in.
type clock struct{ now func() time.Time }

func (c clock) Now() time.Time                  { return c.now().In(time.FixedZone("GMT", 0)) }
func (c clock) Since(t time.Time) time.Duration { return c.now().Sub(t) }

// SetKeys replaces the keys that are known.
func (s *Server) SetKeys(keys ...Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = keys
}

// SetFault sets the hook that is asked about every request; nil is none. It
// is called for one request at a time and may return nil.
func (s *Server) SetFault(hook func(Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// Requests returns the requests since the last call, one a line:
//
//	GET key: 200                         GET key if-none-match: 304
//	GET key from 5-: 206                 GET ?prefix=p: 200
//	PUT key: 200                         PUT key if-absent: 409 FileAlreadyExists
//	POST key append 12: 200
func (s *Server) Requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.log, "\n")
	s.log = nil
	return text
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := Request{Method: r.Method, Header: r.Header, Query: r.URL.Query()}
	req.Bucket, req.Key = s.target(r)
	s.mu.Lock()
	s.count++
	req.N = s.count
	var fault *Fault
	if s.hook != nil {
		fault = s.hook(req)
	}
	s.mu.Unlock()
	fault = cmp.Or(fault, &Fault{})

	id := fmt.Sprintf("%024X", req.N)
	a := newResponse(id, r.Host)
	if fault.replacesResponse() && !fault.Applied {
		fault.writeResponse(a)
	} else if s.handle(a, r, req); fault.replacesResponse() {
		a = newResponse(id, r.Host)
		fault.writeResponse(a)
	}
	s.mu.Lock()
	s.log = append(s.log, req.recordLine()+": "+fault.describe(a))
	s.mu.Unlock()
	fault.send(w, r, a)
	a.release()
}

// target finds bucket and key in the host name or in the path.
func (s *Server) target(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if first, _, ok := strings.Cut(r.Host, "."); ok {
		if exists, err := s.store.BucketExists(first); err == nil && exists {
			return first, path
		}
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

// Buckets returns the names of the buckets.
func (s *Server) Buckets() []string {
	list, err := s.store.ListBuckets()
	if err != nil {
		return []string{err.Error()}
	}
	var names []string
	for _, b := range list {
		names = append(names, b.Name)
	}
	return names
}
