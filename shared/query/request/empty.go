package request

import (
	"slices"
	"strings"
)

// DropEmpty returns an escaped query without the parameters of a route that have no value. A
// form sends them for the fields that a person leaves empty. Filters stay: they are fields
// of images, which can be empty.
func DropEmpty(rt *Route, query string) string {
	isEmpty := func(part string) bool {
		name, value, _ := strings.Cut(part, "=")
		hasName := func(p Param) bool { return strings.EqualFold(p.Name, name) }
		return value == "" && slices.ContainsFunc(rt.Params, hasName)
	}
	if !slices.ContainsFunc(strings.Split(query, "&"), isEmpty) {
		return query
	}
	return strings.Join(slices.DeleteFunc(strings.Split(query, "&"), isEmpty), "&")
}
