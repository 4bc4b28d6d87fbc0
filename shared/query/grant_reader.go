package query

import (
	"strconv"

	"community-images/shared/access"
	"community-images/shared/query/aliases"
	"community-images/shared/query/history"
	"community-images/shared/query/imageset"
	"community-images/shared/query/request"
	"community-images/shared/query/response"
	"community-images/shared/query/state"
)

// GrantReader reads what the callers of one grant may see, and answers the routes from it:
// present states with their time to live and their fall-back in an outage, past states, and
// image lists by digest. All calls of a grant share it, so it never changes.
type GrantReader struct {
	*state.Resolver
	history  *history.Reader
	sets     *imageset.Cache
	aliases  *aliases.Finder
	parser   request.Config
	grantKey string       // access.Grant.Key, for caches that callers share; empty: everything
	grant    access.Grant // without its name
	service  *Service
}

// newGrantReader returns the reader of a grant. The states and the regions of the parser must
// be those that the grant covers.
func newGrantReader(
	s *Service, parser request.Config, st state.States, sets *imageset.Cache, grant access.Grant,
) *GrantReader {
	h := &history.Reader{States: st, Sets: sets, Schema: parser.Schema}
	r := &state.Resolver{
		States: st, Regions: parser.Regions, Now: s.now, MaxStale: s.maxStale, Report: s.report,
		HasImage: h.WasEverOffered,
	}
	return &GrantReader{
		Resolver: r, history: h, sets: sets, aliases: &aliases.Finder{Resolver: r, Sets: sets, Schema: parser.Schema},
		parser: parser, grantKey: grant.Key(), grant: grant, service: s,
	}
}

// seesInstance reports whether the callers may see what an instance has served. It
// counts the lookups of all callers.
func (g *GrantReader) seesInstance() bool { return g.grantKey == "" }

// bodyKey returns the key under which the body of an answer is cached. Grants share the
// cache, but not the bodies in it.
//
// The cursor in a body names a commit. Which one must not depend on the calls of others,
// who may have filled the cache.
func (g *GrantReader) bodyKey(ans *response.Answer) string {
	key := g.grantKey + ans.ETag
	if len(g.grant.Clusters) > 0 && ans.Freshness != nil {
		key += "#" + strconv.FormatInt(ans.Freshness.Sequence, 10)
	}
	return key
}
