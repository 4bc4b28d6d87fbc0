package querytest

import (
	"net/url"
	"time"

	"community-images/shared/access"
	"community-images/shared/archive"
	"community-images/shared/archive/archivetest"
	"community-images/shared/query"
	"community-images/shared/query/field"
	"community-images/shared/query/history"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// View is Hangzhou as the callers of one grant see it, for tests that do not ask through
// HTTP.
type View struct {
	*state.Resolver
	History *history.Reader

	fixture *Fixture
	parser  request.Config
}

// View returns what the callers of a grant see.
func (f *Fixture) View(grant access.Grant) *View {
	f.T.Helper()
	lookup := query.New(f.options(nil)).Restrict(&grant)
	schema := field.NewSchema(nil)
	sets := imageset.NewCache(imageset.NewListLoader(archive.New(f.Bucket, f.Keys), nil))
	return &View{
		Resolver: lookup.Resolver, fixture: f,
		History: &history.Reader{States: lookup.States, Sets: sets, Schema: schema},
		parser: request.Config{
			Schema: schema, Regions: []string{archivetest.Hangzhou}, Now: func() time.Time { return f.Now },
		},
	}
}

// Ask parses a request such as "/v1/images?ClusterId=ehpc-a", and returns what it is about. A
// list must name captured scopes; every other request can name scopes that have ended.
func (v *View) Ask(target string) (*request.Request, *state.Subject) {
	t := v.fixture.T
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	for _, rt := range request.Routes() {
		variable, ok := rt.MatchPath(u.EscapedPath())
		if !ok {
			continue
		}
		req, err := request.Parse(&v.parser, rt, request.Raw{Variable: variable, Query: u.RawQuery})
		if err != nil {
			t.Fatal(err)
		}
		choose := func(st *state.RegionState) (*state.ScopeSet, error) { return st.MatchingScopes(req.Selection), nil }
		if rt.Pattern == "/v1/images" {
			choose = func(st *state.RegionState) (*state.ScopeSet, error) { return st.SelectScopes(req.Selection) }
		}
		sub, err := v.Resolve(t.Context(), req, archivetest.Hangzhou, false, choose)
		if err != nil {
			t.Fatal(err)
		}
		return req, sub
	}
	t.Fatalf("no route %s", target)
	return nil, nil
}
