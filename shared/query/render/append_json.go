package render

import (
	"strconv"

	"community-images/shared/catalog"
	"community-images/shared/query/field"
	"community-images/shared/query/imageset"
	"community-images/shared/query/state"
)

// AppendFreshness writes the member Snapshot of an answer.
func AppendFreshness(b []byte, f state.Freshness) []byte {
	b = append(b, '{')
	// Each region counts its own commits.
	if f.Sequence > 0 {
		b = append(b, `"Sequence":`...)
		b = append(strconv.AppendInt(b, f.Sequence, 10), ',')
	}
	b = append(b, `"CommittedAt":"`...)
	b = AppendTime(b, f.CommittedAt)
	b = append(b, `","CheckedAt":"`...)
	b = AppendTime(b, f.CheckedAt)
	b = append(b, '"')
	if !f.CheckedAt.IsZero() {
		b = append(b, `,"AgeSeconds":`...)
		b = strconv.AppendInt(b, f.Age, 10)
	}
	b = append(b, `,"Stale":`...)
	b = strconv.AppendBool(b, len(f.Stale) > 0)
	b = append(b, `,"StaleScopes":[`...)
	for i, s := range f.Stale {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Scope":`...)
		b = field.AppendString(b, s.Scope)
		b = append(b, `,"Since":"`...)
		b = AppendTime(b, s.Since)
		b = append(b, `","Reason":`...)
		b = field.AppendString(b, s.Reason.String())
		b = append(b, '}')
	}
	return append(b, "]}"...)
}

// AppendTime writes a time in UTC with milliseconds, and nothing for a zero
// one.
func AppendTime(b []byte, t catalog.Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// appendFacets appends facets as a JSON object of arrays, one for each field.
func appendFacets(b []byte, facets []imageset.Facet) []byte {
	b = append(b, '{')
	for i, f := range facets {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(field.AppendString(b, f.Field), ":["...)
		for j, c := range f.Counts {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"Value":`...)
			b = field.AppendString(b, c.Value)
			b = append(b, `,"Count":`...)
			b = append(strconv.AppendInt(b, int64(c.Count), 10), '}')
		}
		b = append(b, ']')
	}
	return append(b, '}')
}
