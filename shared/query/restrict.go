package query

import (
	"slices"
	"sync"

	"community-images/shared/access"
)

// A caller whose grant names clusters asks a service of its own. Its regions
// hold nothing but what the grant covers, and of the commits of the log it sees
// only that (see eventsOf and endedScopes). So the routes need no checks: there is
// nothing that they could give away. Commits keep their numbers and times, which
// are no secret.

// restriction says which part of the data a service answers from.
type restriction struct {
	grantKey string         // access.Grant.Key, for caches that callers share; empty: everything
	grant    *access.Grant  // nil: everything
	full     *service       // what a grant that names clusters is cut from; nil: this service sees every cluster
	services *grantServices // the same for every service
}

// grantServices keeps the service of each grant.
type grantServices struct {
	full    *service                   // for callers who may see everything
	denied  *service                   // for callers without a valid token: it serves no region
	byGrant map[*access.Grant]*service // of the grants in Options; read only
	mu      sync.Mutex
	byKey   map[string]*service // of all other grants, by access.Grant.Key; guarded by mu
}

// newRestriction makes the services of all configured grants out of s, which
// sees everything.
func newRestriction(s *service) restriction {
	all := &grantServices{full: s, byGrant: map[*access.Grant]*service{}, byKey: map[string]*service{}}
	s.services = all
	all.denied = s.newRestricted(access.Grant{Regions: []string{"-"}})
	for i := range s.tokens {
		all.byGrant[&s.tokens[i].Grant] = s.Restrict(&s.tokens[i].Grant)
	}
	for i := range s.keys {
		all.byGrant[&s.keys[i].Grant] = s.Restrict(&s.keys[i].Grant)
	}
	return s.restriction
}

// Restrict returns the service for the callers of a grant. It answers from the
// regions and clusters that the grant covers, and from their history, as if
// nothing else existed.
func (s *service) Restrict(g *access.Grant) *Service {
	if restricted, ok := s.services.byGrant[g]; ok {
		return restricted
	}
	s.services.mu.Lock()
	defer s.services.mu.Unlock()
	key := g.Key()
	restricted, ok := s.services.byKey[key]
	if !ok {
		restricted = s.services.full.newRestricted(*g)
		s.services.byKey[key] = restricted
	}
	return restricted
}

// newRestricted makes the service of a grant. It shares with s the caches of
// content by digest. Caches of what depends on the caller have the grant's key
// in theirs.
//
// A list that names every region is still a restriction: the caller must not
// learn that there are no others.
func (s *service) newRestricted(g access.Grant) *service {
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
	n.routes = n.buildRoutes()
	return &n
}
