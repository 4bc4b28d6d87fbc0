package query

import (
	"slices"
	"sync"

	"community-images/shared/access"
	"community-images/shared/query/lru"
	"community-images/shared/query/state"
)

// grantLookups keeps the lookup of each grant.
type grantLookups struct {
	full    *Lookup                   // for callers who may see everything
	denied  *Lookup                   // for callers without a valid token: it serves no region
	byGrant map[*access.Grant]*Lookup // of the grants in Options; read only
	mu      sync.Mutex
	byKey   map[string]*Lookup                     // of all other grants, by access.Grant.Key; guarded by mu
	past    *lru.Cache[string, *state.RegionState] // of all grants
}

// newGrantLookups makes the lookups of all configured grants out of full, which sees
// everything.
func newGrantLookups(full *Lookup, past *lru.Cache[string, *state.RegionState]) *grantLookups {
	g := &grantLookups{full: full, byGrant: map[*access.Grant]*Lookup{}, byKey: map[string]*Lookup{}, past: past}
	g.denied = g.newRestricted(access.Grant{Regions: []string{"-"}})
	byGrant := map[*access.Grant]*Lookup{}
	for i := range full.service.tokens {
		grant := &full.service.tokens[i].Grant
		byGrant[grant] = g.of(grant)
	}
	for i := range full.service.keys {
		grant := &full.service.keys[i].Grant
		byGrant[grant] = g.of(grant)
	}
	g.byGrant = byGrant
	return g
}

// of returns the lookup of a grant.
func (g *grantLookups) of(grant *access.Grant) *Lookup {
	if l, ok := g.byGrant[grant]; ok {
		return l
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	key := grant.Key()
	l, ok := g.byKey[key]
	if !ok {
		l = g.newRestricted(*grant)
		g.byKey[key] = l
	}
	return l
}

// newRestricted makes the lookup of a grant. It shares with the full one the caches of
// content by digest. Caches of what depends on the caller have the grant's key in
// theirs.
//
// A list that names every region is still a restriction: the caller must not learn that
// there are no others.
func (g *grantLookups) newRestricted(grant access.Grant) *Lookup {
	if grant.CoversEverything() {
		return g.full
	}
	parser, st := g.full.parser, g.full.States
	parser.Regions = slices.DeleteFunc(slices.Clone(parser.Regions), func(id string) bool {
		return !grant.CoversRegion(id)
	})
	if len(grant.Clusters) > 0 {
		st = state.NewGrantStates(st, grant, g.past)
	}
	return newLookup(g.full.service, parser, st, g.full.sets, grant)
}
