package state

import (
	"time"

	"community-images/shared/archive/format"
	"community-images/shared/catalog"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/request"
)

// Freshness says how old an answer is and which parts of it are stale.
type Freshness struct {
	// Sequence is the commit that is shown. 0: the answer covers several
	// regions.
	Sequence int64
	// CommittedAt is the time of that commit, or of the latest one.
	CommittedAt catalog.Time
	// CheckedAt is the oldest check in the answer. Zero: nothing in it was ever
	// checked with success.
	CheckedAt catalog.Time
	// Age is the seconds since CheckedAt. It is 0 if CheckedAt is zero.
	Age int64
	// Held is the seconds since the store confirmed the state, for the header
	// Age. It is 0 for a past state, which needs no confirmation.
	Held int64
	// Stale are the parts of the answer that may be out of date.
	Stale []StaleScope
	// scopes is how many scopes with content the answer covers.
	scopes int
}

// StaleScope is a part of an answer that may be out of date.
type StaleScope struct {
	Scope  string       // Scope.Path, or * for all
	Since  catalog.Time // zero: not known
	Reason message.Text // one line for people
}

// ComputeFreshness returns how fresh a scope set is at now. It belongs to the
// state that the caller asked for with at; current is the present one. A scope
// is stale if its last check did not succeed. In the present state it is stale
// too if its last check is older than maxStale; 0: any age.
//
// Only the outcome of the checks counts for a past state: how long ago they
// were made says nothing about it. A state requested by commit number counts as
// past even if it is the latest, because caches keep the answer.
func (v *ScopeSet) ComputeFreshness(
	current Current, asked *RegionState, at request.AsOf, now time.Time, maxStale time.Duration,
) Freshness {
	f := Freshness{
		Sequence: asked.Sequence, CommittedAt: asked.CommittedAt,
		CheckedAt: catalog.At(v.OldestCheck), Age: AgeSeconds(now, v.OldestCheck), scopes: len(v.Scopes),
	}
	isLive := asked.Live && at.Sequence == 0
	if isLive && !current.OutageSince.IsZero() {
		reason := message.New("the storage cannot be reached; this is what was read last")
		f.Stale = append(f.Stale, StaleScope{"*", catalog.At(current.OutageSince), reason})
	}
	if isLive {
		f.Held = AgeSeconds(now, current.confirmedAt)
	}
	// Usually every check is recent, and only the unhealthy scopes need a look.
	candidates, checkAge := v.unhealthy, isLive && maxStale > 0 && now.Sub(v.OldestCheck) > maxStale
	if checkAge {
		candidates = v.Scopes
	}
	for _, sc := range candidates {
		path, problem := sc.Scope("").Path(), describeProblem(sc.Problem)
		switch {
		case sc.State == format.StateFailed:
			f.Stale = append(f.Stale, StaleScope{path, sc.Since, message.New("the last check failed: %s", problem)})
		case sc.State == format.StateHeld:
			f.Stale = append(f.Stale, StaleScope{path, sc.Since,
				message.New("the last answer is held back as suspicious: %s", problem)})
		case checkAge && now.Sub(sc.CheckedAt.Time) > maxStale:
			f.Stale = append(f.Stale, StaleScope{path, sc.CheckedAt, message.New("not checked for more than %s", maxStale)})
		}
	}
	// Scopes without content are missing in the answer, which must be said.
	for _, sc := range v.empty {
		reason := message.New("never captured, not in this answer: %s", describeProblem(sc.Problem))
		f.Stale = append(f.Stale, StaleScope{sc.Scope("").Path(), sc.Since, reason})
	}
	return f
}

// AgeSeconds returns the seconds from t to now. It is never negative, whatever
// the clocks of writer and reader say, and 0 for a zero t.
func AgeSeconds(now, t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(0, int64(now.Sub(t)/time.Second))
}

// describeProblem says in one line why a check did not succeed; p may be nil. The words of
// E-HPC are not translated.
func describeProblem(p *format.Problem) message.Text {
	switch {
	case p == nil:
		return message.New("no reason is known")
	case p.Code != "" && p.Message != "":
		return message.Untranslated(p.Code + ": " + fault.Truncate(p.Message, 200))
	case p.Code != "":
		return message.Untranslated(p.Code)
	case p.Message != "":
		return message.Untranslated(p.Class + ": " + fault.Truncate(p.Message, 200))
	}
	return message.Untranslated(p.Class)
}

// Merge adds the freshness of another region: the oldest check counts. With
// several regions there is no sequence, because each counts its own commits.
func (f Freshness) Merge(other Freshness, region string, several bool) Freshness {
	if several {
		other.Sequence = 0
		for i := range other.Stale {
			other.Stale[i].Scope = region + "/" + other.Stale[i].Scope
		}
	}
	// A region without any check says nothing about the age of the others.
	if f.CheckedAt.IsZero() || other.CheckedAt.Before(f.CheckedAt.Time) && !other.CheckedAt.IsZero() {
		f.CheckedAt, f.Age = other.CheckedAt, other.Age
	}
	if other.CommittedAt.After(f.CommittedAt.Time) {
		f.CommittedAt = other.CommittedAt
	}
	f.Sequence, f.Held = other.Sequence, max(f.Held, other.Held)
	f.Stale = append(f.Stale, other.Stale...)
	f.scopes += other.scopes
	return f
}
