// Package querytest puts the lookups in front of an archive fixture, for tests
// that ask through HTTP. View is for tests of the packages below it.
//
//	f := querytest.NewSmallRegion(t)
//	answer := querytest.Get(f.Handler(), "/v1/images?ClusterId=ehpc-a")
package querytest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/query"
	"community-images/shared/query/signin"
	"community-images/shared/replica"
)

// Fixture is an archive fixture and makes handlers that answer from it.
type Fixture struct {
	*archivetest.Fixture
}

// New returns a fixture without any data.
func New(t testing.TB) *Fixture {
	t.Helper()
	return &Fixture{archivetest.New(t)}
}

// NewSmallRegion returns a fixture with the three commits of
// archivetest.NewSmallRegion.
func NewSmallRegion(t testing.TB) *Fixture {
	t.Helper()
	return &Fixture{archivetest.NewSmallRegion(t)}
}

// CopyWithObjects is archivetest.Fixture.CopyWithObjects.
func (f *Fixture) CopyWithObjects(objects map[string][]byte) *Fixture {
	return &Fixture{f.Fixture.CopyWithObjects(objects)}
}

// Handler returns the lookups of Hangzhou, with options changed by edits. Each
// handler has caches of its own.
func (f *Fixture) Handler(edits ...func(*query.Options)) http.Handler {
	return query.New(f.options(edits))
}

// HandlerWithReplica returns the lookups behind the replica of E-HPC's API, as
// the deployed function has them.
func (f *Fixture) HandlerWithReplica(edits ...func(*query.Options)) http.Handler {
	options := f.options(edits)
	lookups := query.New(options)
	copies := replica.New(replica.Options{
		Source:    func(g *access.Grant) replica.Source { return lookups.Restrict(g) },
		Regions:   options.Regions,
		MaxStale:  options.MaxStale,
		Tokens:    options.Tokens,
		Now:       options.Now,
		RequestID: options.RequestID,
		Report:    options.Report,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !signin.IsPath(r.URL.Path) && copies.Matches(r) {
			copies.ServeHTTP(w, r)
		} else {
			lookups.ServeHTTP(w, r)
		}
	})
}

func (f *Fixture) options(edits []func(*query.Options)) query.Options {
	options := query.Options{
		Archive:  archive.New(f.Bucket, f.Keys),
		Regions:  []string{archivetest.Hangzhou},
		MaxStale: 3 * time.Hour,
		HeadTTL:  5 * time.Second,
		Version:  "v1.2.3",
		Hooks: query.Hooks{
			Now:       func() time.Time { return f.Now },
			RequestID: func(context.Context) string { return "req-1" },
			Report:    func(_ context.Context, _ string, err error) { f.T.Logf("reported: %v", err) },
		},
	}
	for _, edit := range edits {
		edit(&options)
	}
	return options
}

// Get sends a GET request to h. header holds names and values in turn. target
// may be malformed: its path is then sent as it is.
func Get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.RawPath, r.URL.RawQuery, _ = strings.Cut(target, "?")
	u, err := r.URL.Parse(target)
	if err == nil {
		r.URL = u
	} else {
		r.URL.Path = r.URL.RawPath
	}
	r.Host = "images.example"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}
