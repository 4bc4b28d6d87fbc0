package query

import (
	"strconv"

	"community-images/shared/access"
)

// lookup is what the callers of one grant may see, and what their calls are answered
// from. All calls of a grant share it, so it never changes.
type lookup struct {
	*resolver
	history  *history
	sets     *imageSets
	parser   parserConfig
	grantKey string       // access.Grant.Key, for caches that callers share; empty: everything
	grant    access.Grant // without its name
	service  *service
}

// newLookup returns the lookup of a grant. The states and the regions of the parser must
// be those that the grant covers.
func newLookup(s *service, parser parserConfig, st states, sets *imageSets, grant access.Grant) *lookup {
	h := &history{states: st, sets: sets, schema: parser.schema}
	return &lookup{
		resolver: &resolver{
			states: st, regions: parser.regions, now: s.now, maxStale: s.maxStale, report: s.report,
			hasImage: h.wasEverOffered,
		},
		history: h, sets: sets, parser: parser, grantKey: grant.Key(), grant: grant, service: s,
	}
}

// seesInstance reports whether the callers may see what an instance has served. It
// counts the lookups of all callers.
func (l *lookup) seesInstance() bool { return l.grantKey == "" }

// bodyKey returns the key under which the body of an answer is cached. Grants share the
// cache, but not the bodies in it.
//
// The cursor in a body names a commit. Which one must not depend on the calls of others,
// who may have filled the cache.
func (l *lookup) bodyKey(ans *answer) string {
	key := l.grantKey + ans.etag
	if len(l.grant.Clusters) > 0 && ans.freshness != nil {
		key += "#" + strconv.FormatInt(ans.freshness.sequence, 10)
	}
	return key
}
