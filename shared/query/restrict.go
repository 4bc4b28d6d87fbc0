package query

import (
	"slices"
	"sync"

	"community-images/shared/access"
)

// A caller whose grant names clusters has a lookup of its own. Its regions
// hold nothing but what the grant covers, and of the commits of the log it sees
// only that (see eventsOf and endedScopes). So the routes need no checks: there is
// nothing that they could give away. Commits keep their numbers and times, which
// are no secret.

// restriction says which part of the data a lookup answers from.
type restriction struct {
	grantKey string        // access.Grant.Key, for caches that callers share; empty: everything
	grant    *access.Grant // nil: everything
	full     *lookup       // what a grant that names clusters is cut from; nil: this lookup sees every cluster
}

// grantLookups keeps the lookup of each grant.
type grantLookups struct {
	full    *lookup                   // for callers who may see everything
	denied  *lookup                   // for callers without a valid token: it serves no region
	byGrant map[*access.Grant]*lookup // of the grants in Options; read only
	mu      sync.Mutex
	byKey   map[string]*lookup // of all other grants, by access.Grant.Key; guarded by mu
}

// newGrantLookups makes the lookups of all configured grants out of full, which sees
// everything.
func newGrantLookups(full *lookup) *grantLookups {
	g := &grantLookups{full: full, byGrant: map[*access.Grant]*lookup{}, byKey: map[string]*lookup{}}
	g.denied = full.newRestricted(access.Grant{Regions: []string{"-"}})
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
		l = g.full.newRestricted(*grant)
		g.byKey[key] = l
	}
	return l
}

// newRestricted makes the lookup of a grant. It shares with s the caches of
// content by digest. Caches of what depends on the caller have the grant's key
// in theirs.
//
// A list that names every region is still a restriction: the caller must not
// learn that there are no others.
func (s *lookup) newRestricted(g access.Grant) *lookup {
	if g.CoversEverything() {
		return s
	}
	n := *s
	n.regions = slices.DeleteFunc(slices.Clone(s.regions), func(region string) bool { return !g.CoversRegion(region) })
	n.grantKey, n.grant = g.Key(), &g
	if len(g.Clusters) > 0 {
		n.full, n.states = s, map[string]stateSource{}
		for _, region := range n.regions {
			n.states[region] = &restrictedStates{stateSource: s.states[region], grant: g}
		}
	}
	return &n
}
