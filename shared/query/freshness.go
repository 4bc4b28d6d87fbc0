package query

import (
	"strconv"
	"time"

	"community-images/shared/archive"
	"community-images/shared/catalog"
)

// freshness is how old an answer is and which parts of it are stale.
type freshness struct {
	sequence    int64 // 0: the answer covers several regions
	committedAt catalog.Time
	checkedAt   catalog.Time // oldest check in the answer; zero: there was none
	age         int64        // seconds since then, never negative
	held        int64        // seconds since the store confirmed what is answered; 0 of a past state
	stale       []staleScope
	scopes      int
}

// staleScope is a part of an answer that may not be current.
type staleScope struct {
	scope  string // Scope.Path, or * for all
	since  catalog.Time
	reason string
}

// judge tells how fresh a view of the state at m is at now. Of a past state only
// the outcome of the checks is told: how long ago they were made says nothing
// about it. What a commit says is past, be it the last one: caches keep it.
func (v *scopeSet) computeFreshness(h currentState, st *regionState, m asOf, now time.Time, maxStale time.Duration) freshness {
	live := st.live && m.sequence == 0
	f := freshness{sequence: st.Sequence, committedAt: st.CommittedAt, checkedAt: catalog.At(v.oldestCheck), age: ageSeconds(now, v.oldestCheck), scopes: len(v.scopes)}
	if live && !h.outageSince.IsZero() {
		f.stale = append(f.stale, staleScope{"*", catalog.At(h.outageSince), "the storage cannot be reached; this is what was read last"})
	}
	if live {
		f.held = ageSeconds(now, h.confirmedAt)
	}
	suspects := v.unhealthy
	aged := live && maxStale > 0 && now.Sub(v.oldestCheck) > maxStale
	if aged {
		suspects = v.scopes
	}
	for _, s := range suspects {
		switch {
		case s.State == archive.Failed:
			f.stale = append(f.stale, staleScope{s.Scope("").Path(), s.Since, "the last check failed: " + problemText(s.Problem)})
		case s.State == archive.Held:
			f.stale = append(f.stale, staleScope{s.Scope("").Path(), s.Since, "the last answer is held back as suspicious: " + problemText(s.Problem)})
		case aged && now.Sub(s.CheckedAt.Time) > maxStale:
			f.stale = append(f.stale, staleScope{s.Scope("").Path(), s.CheckedAt, "not checked for more than " + maxStale.String()})
		}
	}
	for _, s := range v.empty {
		f.stale = append(f.stale, staleScope{s.Scope("").Path(), s.Since, "never captured, not in this answer: " + problemText(s.Problem)})
	}
	return f
}

// ageSeconds is never negative, whatever the clocks of writer and reader say.
func ageSeconds(now, t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(0, int64(now.Sub(t)/time.Second))
}

func problemText(p *archive.Problem) string {
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

func truncate(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xc0 == 0x80 {
		most--
	}
	return s[:most] + "…"
}

// appendJSON writes the member Snapshot of an answer.
func (f freshness) appendJSON(b []byte) []byte {
	b = append(b, '{')
	if f.sequence > 0 {
		b = append(b, `"Sequence":`...)
		b = append(strconv.AppendInt(b, f.sequence, 10), ',')
	}
	b = append(b, `"CommittedAt":"`...)
	b = appendTime(b, f.committedAt)
	b = append(b, `","CheckedAt":"`...)
	b = appendTime(b, f.checkedAt)
	b = append(b, '"')
	if !f.checkedAt.IsZero() {
		b = append(b, `,"AgeSeconds":`...)
		b = strconv.AppendInt(b, f.age, 10)
	}
	b = append(b, `,"Stale":`...)
	b = strconv.AppendBool(b, len(f.stale) > 0)
	b = append(b, `,"StaleScopes":[`...)
	for i, s := range f.stale {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Scope":`...)
		b = appendString(b, s.scope)
		b = append(b, `,"Since":"`...)
		b = appendTime(b, s.since)
		b = append(b, `","Reason":`...)
		b = appendString(b, s.reason)
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

func appendTime(b []byte, t catalog.Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}
