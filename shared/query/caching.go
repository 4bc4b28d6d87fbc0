package query

import "strconv"

// longestCache lets caches keep an answer for a year.
const longestCache = "max-age=31536000, immutable"

// shownState is a state that an answer shows, with the moment by which the
// caller asked for it.
//
// The moment matters beside the state: the last commit is the present for a
// caller who names no moment, and the past for one who names it by number.
type shownState struct {
	at    asOf
	state *regionState
}

// isImmutable returns true if the answer to req can never change, so that caches
// may keep it for ever. All routes with stored data decide by this rule:
//
//   - The caller demands no maxAge, or the answer would be too old one day.
//   - Every moment in the question is absolute: a time or a commit, not "-2h".
//   - Every state that is shown is a past one. The last commit counts as past
//     if it was asked for by its number, unless the answer showsChecks: the times
//     and outcomes of the last checks move until the next commit.
func isImmutable(req *request, showsChecks bool, shown ...shownState) bool {
	if req.maxAge > 0 || req.since.asOf.isSet && !req.since.isAbsolute() {
		return false
	}
	for _, s := range shown {
		isPast := !s.state.live || s.at.sequence != 0 && !showsChecks
		if !s.at.isAbsolute() || !isPast {
			return false
		}
	}
	return true
}

// cacheControl returns the Cache-Control header of an answer. Without an ETag
// it must not be stored. One that can change is kept as long as a head is used
// without asking the store. Answers to a token are for their caller alone.
func (c *call) cacheControl(ans *answer) string {
	if ans.etag == "" {
		return "no-store"
	}
	// At least a second, so that a burst of equal lookups can be answered by a
	// cache.
	policy := "max-age=" + strconv.Itoa(max(1, int(c.ttl.Seconds())))
	if ans.immutable {
		policy = longestCache
	}
	if c.private {
		return "private, " + policy
	}
	return policy
}
