package query

import (
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
)

// freshness says how old an answer is and which parts of it are stale.
type freshness struct {
	// sequence is the commit that is shown. 0: the answer covers several
	// regions.
	sequence int64
	// committedAt is the time of that commit, or of the latest one.
	committedAt catalog.Time
	// checkedAt is the oldest check in the answer. Zero: nothing in it was ever
	// checked with success.
	checkedAt catalog.Time
	// age is the seconds since checkedAt. It is 0 if checkedAt is zero.
	age int64
	// held is the seconds since the store confirmed the state, for the header
	// Age. It is 0 for a past state, which needs no confirmation.
	held int64
	// stale are the parts of the answer that may be out of date.
	stale []staleScope
	// scopes is how many scopes with content the answer covers.
	scopes int
}

// staleScope is a part of an answer that may be out of date.
type staleScope struct {
	scope  string       // Scope.Path, or * for all
	since  catalog.Time // zero: not known
	reason string       // one line for people
}

// computeFreshness returns how fresh a scope set is at now. It belongs to the
// state that the caller asked for with at; current is the present one. A scope
// is stale if its last check did not succeed. In the present state it is stale
// too if its last check is older than maxStale; 0: any age.
//
// Only the outcome of the checks counts for a past state: how long ago they
// were made says nothing about it. A state requested by commit number counts as
// past even if it is the latest, because caches keep the answer.
func (v *scopeSet) computeFreshness(
	current currentState, asked *regionState, at asOf, now time.Time, maxStale time.Duration,
) freshness {
	f := freshness{
		sequence: asked.Sequence, committedAt: asked.CommittedAt,
		checkedAt: catalog.At(v.oldestCheck), age: ageSeconds(now, v.oldestCheck), scopes: len(v.scopes),
	}
	isLive := asked.live && at.sequence == 0
	if isLive && !current.outageSince.IsZero() {
		const reason = "the storage cannot be reached; this is what was read last"
		f.stale = append(f.stale, staleScope{"*", catalog.At(current.outageSince), reason})
	}
	if isLive {
		f.held = ageSeconds(now, current.confirmedAt)
	}
	// Usually every check is recent, and only the unhealthy scopes need a look.
	candidates, checkAge := v.unhealthy, isLive && maxStale > 0 && now.Sub(v.oldestCheck) > maxStale
	if checkAge {
		candidates = v.scopes
	}
	for _, sc := range candidates {
		path, problem := sc.Scope("").Path(), describeProblem(sc.Problem)
		switch {
		case sc.State == format.StateFailed:
			f.stale = append(f.stale, staleScope{path, sc.Since, "the last check failed: " + problem})
		case sc.State == format.StateHeld:
			f.stale = append(f.stale, staleScope{path, sc.Since, "the last answer is held back as suspicious: " + problem})
		case checkAge && now.Sub(sc.CheckedAt.Time) > maxStale:
			f.stale = append(f.stale, staleScope{path, sc.CheckedAt, "not checked for more than " + maxStale.String()})
		}
	}
	// Scopes without content are missing in the answer, which must be said.
	for _, sc := range v.empty {
		reason := "never captured, not in this answer: " + describeProblem(sc.Problem)
		f.stale = append(f.stale, staleScope{sc.Scope("").Path(), sc.Since, reason})
	}
	return f
}

// ageSeconds returns the seconds from t to now. It is never negative, whatever
// the clocks of writer and reader say, and 0 for a zero t.
func ageSeconds(now, t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(0, int64(now.Sub(t)/time.Second))
}

// describeProblem says in one line why a check did not succeed; p may be nil.
func describeProblem(p *format.Problem) string {
	switch {
	case p == nil:
		return "no reason is known"
	case p.Code != "" && p.Message != "":
		return p.Code + ": " + truncate(p.Message, 200)
	case p.Code != "":
		return p.Code
	case p.Message != "":
		return p.Class + ": " + truncate(p.Message, 200)
	}
	return p.Class
}

// merge adds the freshness of another region: the oldest check counts. With
// several regions there is no sequence, because each counts its own commits.
func (f freshness) merge(other freshness, region string, several bool) freshness {
	if several {
		other.sequence = 0
		for i := range other.stale {
			other.stale[i].scope = region + "/" + other.stale[i].scope
		}
	}
	// A region without any check says nothing about the age of the others.
	if f.checkedAt.IsZero() || other.checkedAt.Before(f.checkedAt.Time) && !other.checkedAt.IsZero() {
		f.checkedAt, f.age = other.checkedAt, other.age
	}
	if other.committedAt.After(f.committedAt.Time) {
		f.committedAt = other.committedAt
	}
	f.sequence, f.held = other.sequence, max(f.held, other.held)
	f.stale = append(f.stale, other.stale...)
	f.scopes += other.scopes
	return f
}
