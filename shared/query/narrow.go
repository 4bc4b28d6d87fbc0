package query

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"community-images/shared/access"
	"community-images/shared/archive"
)

// A caller whose grant names clusters asks a service of its own, in front of an
// archive in which nothing else exists. The routes need no checks: there is
// nothing that they could give away. Commits that concern other clusters alone
// are not there either; those that are there keep their numbers, so that the
// numbers a caller sees have gaps.

// portion is which part of the whole a service answers from.
type portion struct {
	who   string        // key of the grant; empty: everything
	grant *access.Grant // nil: everything
	whole *service      // nil: this is it, or all of some regions
	parts *parts        // of every service alike
}

// parts are the services of all grants.
type parts struct {
	root    *service                   // for who may see everything
	closed  *service                   // for nobody: it serves no region
	byGrant map[*access.Grant]*service // of the Options; not changed
	mu      sync.Mutex
	byKey   map[string]*service
}

func newPortion(s *service) portion {
	p := &parts{root: s, byGrant: map[*access.Grant]*service{}, byKey: map[string]*service{}}
	s.parts = p
	p.closed = s.narrow(access.Grant{Regions: []string{"-"}})
	for i := range s.tokens {
		p.byGrant[&s.tokens[i].Grant] = s.For(&s.tokens[i].Grant)
	}
	for i := range s.keys {
		p.byGrant[&s.keys[i].Grant] = s.For(&s.keys[i].Grant)
	}
	return s.portion
}

// For returns the service for the callers of a grant: the regions, clusters
// and history that it covers, and everything else as if it did not exist.
func (s *service) For(g *access.Grant) *Service {
	if n, ok := s.parts.byGrant[g]; ok {
		return n
	}
	s.parts.mu.Lock()
	defer s.parts.mu.Unlock()
	key := g.Key()
	n, ok := s.parts.byKey[key]
	if !ok {
		n = s.parts.root.narrow(*g)
		s.parts.byKey[key] = n
	}
	return n
}

// narrow makes the service of a grant. It shares with s what goes by the
// digest of content; what depends on who asks has the grant's key in its own.
func (s *service) narrow(g access.Grant) *service {
	if g.Everything() { // which a list that happens to name all regions is not: that there are no others is not told
		return s
	}
	n := *s
	n.regions = slices.DeleteFunc(slices.Clone(s.regions), func(region string) bool { return !g.Region(region) })
	n.who, n.grant = g.Key(), &g
	if len(g.Clusters) > 0 {
		n.whole, n.history, n.source = s, &narrowHistory{s, g}, nil // nobody here asks the source
		n.heads, n.times = map[string]*heads{}, map[string]*timeline{}
		for _, region := range n.regions {
			n.heads[region] = &heads{narrow: (&narrowHead{whole: s, region: region, grant: g}).get}
			n.times[region] = newTimeline()
		}
	}
	n.routes = n.table()
	return &n
}

// narrowHead derives the part of a region's present state that a grant covers.
type narrowHead struct {
	whole  *service
	region string
	grant  access.Grant
	flight singleflight.Group

	mu   sync.Mutex
	of   *state // the whole that own was derived from; nil: own is a region of which nothing was ever captured
	own  *state
	next time.Time
	// The following are of such a region.
	readAt time.Time // when the store confirmed it last
	outage time.Time // since when it has not; zero: it has
}

// get is heads.get for the part.
func (n *narrowHead) get(ctx context.Context) (head, error) {
	if nothing, fresh := n.fresh(); fresh {
		return nothing, nil
	}
	h, err := n.whole.heads[n.region].get(ctx)
	if err != nil {
		return n.nothing(err)
	}
	n.mu.Lock()
	own, current, later := n.own, n.of == h.state, n.own != nil && n.whole.now().Before(n.next)
	n.mu.Unlock()
	if !current && !later {
		done := n.flight.DoChan("", func() (any, error) { return n.derive(context.WithoutCancel(ctx), h) })
		select {
		case <-ctx.Done():
			return head{}, ctx.Err()
		case result := <-done:
			if result.Err == nil {
				own, current = result.Val.(*state), true
			} else if err = result.Err; own == nil {
				return head{}, err
			}
		}
	}
	if !current && h.outage.IsZero() { // a newer state is there and could not be narrowed
		h.outage = n.whole.now()
	}
	return head{own, h.readAt, h.outage}, nil
}

// nothing is what stands in for a whole that cannot be had. A region of which
// nothing was ever captured is one in which nothing is the caller's: who has
// something there, and since when, is nothing that the caller may know.
func (n *narrowHead) nothing(err error) (head, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := n.whole.now()
	switch {
	case errors.Is(err, archive.ErrNoData):
		if n.own == nil {
			n.own = newState(part(&archive.Region{RegionID: n.region}, deed{}, n.grant), true)
		}
		n.readAt, n.outage = now, time.Time{}
	case n.own == nil || n.of != nil: // or the caller has gone
		return head{}, err
	case n.outage.IsZero():
		n.outage = now
	}
	return head{n.own, n.readAt, n.outage}, nil
}

// fresh is nothing, as long as a head is used without asking the store: for a
// while after the store has confirmed it, and after a try that failed just now.
func (n *narrowHead) fresh() (head, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	nothing := head{n.own, n.readAt, n.outage}
	if n.own == nil || n.of != nil {
		return nothing, false
	}
	if !n.outage.IsZero() {
		failed := n.whole.heads[n.region].lately()
		return nothing, failed != nil && !errors.Is(failed, archive.ErrNoData)
	}
	since := n.whole.now().Sub(n.readAt)
	return nothing, 0 <= since && since < n.whole.ttl
}

func (n *narrowHead) derive(ctx context.Context, h head) (*state, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	last, err := n.whole.ledgers[n.region].last(ctx, h.Region, h.Sequence, n.grant)
	if err != nil && !errors.Is(err, errNoDeed) {
		n.mu.Lock()
		n.next = n.whole.now().Add(firstPause)
		known := n.own != nil
		n.mu.Unlock()
		if known { // else it is the error of a lookup, and reported there
			n.whole.report(ctx, "", err)
		}
		return nil, err
	}
	own := newState(part(h.Region, last, n.grant), true) // without a deed it is empty
	own.whole = h.state
	n.mu.Lock()
	defer n.mu.Unlock()
	n.of, n.own = h.state, own
	return own, nil
}
