package query

import (
	"slices"
	"strconv"
	"sync"

	"community-images/shared/access"
)

// restriction says which part of the data a lookup answers from.
type restriction struct {
	grantKey string       // access.Grant.Key, for caches that callers share; empty: everything
	grant    access.Grant // without its name
}

// seesInstance reports whether the callers may see what an instance has served. It
// counts the lookups of all callers.
func (r *restriction) seesInstance() bool { return r.grantKey == "" }

// bodyKey returns the key under which the body of an answer is cached. Grants share the
// cache, but not the bodies in it.
//
// The cursor in a body names a commit. Which one must not depend on the calls of others,
// who may have filled the cache.
func (r *restriction) bodyKey(ans *answer) string {
	key := r.grantKey + ans.etag
	if len(r.grant.Clusters) > 0 && ans.freshness != nil {
		key += "#" + strconv.FormatInt(ans.freshness.sequence, 10)
	}
	return key
}

// grantLookups keeps the lookup of each grant.
type grantLookups struct {
	full    *lookup                   // for callers who may see everything
	denied  *lookup                   // for callers without a valid token: it serves no region
	byGrant map[*access.Grant]*lookup // of the grants in Options; read only
	mu      sync.Mutex
	byKey   map[string]*lookup         // of all other grants, by access.Grant.Key; guarded by mu
	past    *lru[string, *regionState] // of all grants
}

// newGrantLookups makes the lookups of all configured grants out of full, which sees
// everything.
func newGrantLookups(full *lookup, past *lru[string, *regionState]) *grantLookups {
	g := &grantLookups{full: full, byGrant: map[*access.Grant]*lookup{}, byKey: map[string]*lookup{}, past: past}
	g.denied = g.newRestricted(access.Grant{Regions: []string{"-"}})
	byGrant := map[*access.Grant]*lookup{}
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
func (g *grantLookups) of(grant *access.Grant) *lookup {
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
func (g *grantLookups) newRestricted(grant access.Grant) *lookup {
	if grant.CoversEverything() {
		return g.full
	}
	l := *g.full
	l.regions = slices.DeleteFunc(slices.Clone(l.regions), func(id string) bool { return !grant.CoversRegion(id) })
	l.restriction = restriction{grantKey: grant.Key(), grant: grant}
	if len(grant.Clusters) > 0 {
		l.states = newGrantStates(l.states, grant, g.past)
	}
	return &l
}
