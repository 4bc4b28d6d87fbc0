package query

import (
	"strconv"

	"community-images/shared/catalog"
)

// appendFreshness writes the member Snapshot of an answer.
func appendFreshness(b []byte, f freshness) []byte {
	b = append(b, '{')
	// Each region counts its own commits.
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

// appendTime writes a time in UTC with milliseconds, and nothing for a zero
// one.
func appendTime(b []byte, t catalog.Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// appendFacets appends facets as a JSON object of arrays, one for each field.
func appendFacets(b []byte, facets []facet) []byte {
	b = append(b, '{')
	for i, f := range facets {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, f.field), ":["...)
		for j, c := range f.counts {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"Value":`...)
			b = appendString(b, c.value)
			b = append(b, `,"Count":`...)
			b = append(strconv.AppendInt(b, int64(c.count), 10), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
