package query

import (
	"slices"
	"sync"

	"community-images/shared/access"
	"community-images/shared/query/lru"
	"community-images/shared/query/state"
)

// grantReaders keeps the reader of each grant.
type grantReaders struct {
	full    *GrantReader                   // for callers who may see everything
	denied  *GrantReader                   // for callers without a valid token: it serves no region
	byGrant map[*access.Grant]*GrantReader // of the grants in Options; read only
	mu      sync.Mutex
	byKey   map[string]*GrantReader                // of all other grants, by access.Grant.Key; guarded by mu
	past    *lru.Cache[string, *state.RegionState] // of all grants
}

// newGrantReaders makes the readers of all configured grants out of full, which sees
// everything.
func newGrantReaders(full *GrantReader, past *lru.Cache[string, *state.RegionState]) *grantReaders {
	rs := &grantReaders{
		full: full, byGrant: map[*access.Grant]*GrantReader{}, byKey: map[string]*GrantReader{}, past: past,
	}
	rs.denied = rs.newRestricted(access.Grant{Regions: []string{"-"}})
	byGrant := map[*access.Grant]*GrantReader{}
	for i := range full.service.tokens {
		grant := &full.service.tokens[i].Grant
		byGrant[grant] = rs.of(grant)
	}
	for i := range full.service.keys {
		grant := &full.service.keys[i].Grant
		byGrant[grant] = rs.of(grant)
	}
	rs.byGrant = byGrant
	return rs
}

// first returns the reader of a call whose caller is not known yet. Errors and the page to
// sign in are answered with it too.
func (rs *grantReaders) first() *GrantReader {
	if rs.full.service.requiresToken() {
		return rs.denied
	}
	return rs.full
}

// of returns the reader of a grant.
func (rs *grantReaders) of(grant *access.Grant) *GrantReader {
	if reader, ok := rs.byGrant[grant]; ok {
		return reader
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	key := grant.Key()
	reader, ok := rs.byKey[key]
	if !ok {
		reader = rs.newRestricted(*grant)
		rs.byKey[key] = reader
	}
	return reader
}

// newRestricted makes the reader of a grant. It leaves out the other regions, and GrantStates
// leaves out the other clusters. The reader shares with the full one the caches of content by
// digest. Caches of what depends on the caller have the grant's key in theirs.
//
// A list that names every region is still a restriction: the caller must not learn that
// there are no others.
func (rs *grantReaders) newRestricted(grant access.Grant) *GrantReader {
	if grant.CoversEverything() {
		return rs.full
	}
	parser, st := rs.full.parser, rs.full.States
	parser.Regions = slices.DeleteFunc(slices.Clone(parser.Regions), func(id string) bool {
		return !grant.CoversRegion(id)
	})
	if len(grant.Clusters) > 0 {
		st = state.NewGrantStates(st, grant, rs.past)
	}
	return newGrantReader(rs.full.service, parser, st, rs.full.sets, grant)
}
