package ui

import (
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"community-images/shared/access"
	"community-images/shared/query/field"
)

// Address is a path with parameters of a page to link to. Its methods return a changed
// copy.
type Address struct {
	Path   string
	Params url.Values
}

// Here returns the address of the page, with its parameters as given. Names have the case
// that the tables of parameters give them. A token is left out, which nobody should see again.
func (in *Input) Here() Address {
	if in.params == nil { // it is asked for by each link to another page
		params, err := url.ParseQuery(in.Query)
		if err != nil {
			params = url.Values{} // the page says what is wrong with it
		}
		maps.DeleteFunc(params, func(name string, _ []string) bool { return access.IsTokenParameter(name) })
		in.params = params
	}
	return Address{in.Path, in.params}
}

// GivenRegion returns the region of a request that could not be parsed; empty: it is not known.
func (in *Input) GivenRegion() string {
	region := in.Here().Get("RegionId")
	switch {
	case len(in.Regions) == 1:
		return in.Regions[0]
	case slices.Contains(in.Regions, region):
		return region
	}
	return ""
}

// Get returns the values of a parameter as given, with commas between them.
func (a Address) Get(name string) string {
	for given, values := range a.Params {
		if strings.EqualFold(given, name) {
			return strings.Join(values, ",")
		}
	}
	return ""
}

// With returns the address with another value of a parameter. Commas and backslashes in the
// value are those of a list. The cursor of the address is dropped.
func (a Address) With(name, value string) Address {
	changed := a.Without(name, "cursor")
	changed.Params.Set(name, value)
	return changed
}

// WithValue is With for one value of a list, which may have commas.
func (a Address) WithValue(name, value string) Address {
	return a.With(name, field.JoinList([]string{value}))
}

// Subrequest returns the lookup of the address.
func (a Address) Subrequest() Subrequest { return Subrequest{Path: a.Path, Query: a.Params.Encode()} }

// Without returns the address without some parameters.
func (a Address) Without(names ...string) Address {
	changed := Address{a.Path, url.Values{}}
	for name, values := range a.Params {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			changed.Params[name] = slices.Clone(values)
		}
	}
	return changed
}

// As returns the address of the same data in another format.
func (a Address) As(format string) Address { return a.With("format", format).Without("lang") }

// Sorted returns the parameters by their names, with commas between the values of one.
func (a Address) Sorted() iter.Seq2[string, string] {
	return func(yield func(name, values string) bool) {
		for _, name := range slices.Sorted(maps.Keys(a.Params)) {
			if !yield(name, strings.Join(a.Params[name], ",")) {
				return
			}
		}
	}
}

// LinksWith returns a function that makes links with values of a list parameter, as With
// does. It is for many links that differ in these values only.
func (a Address) LinksWith(name string) func(values ...string) string {
	rest := a.Without(name, "cursor")
	without, separator := rest.String(), "?"
	if len(rest.Params) > 0 {
		separator = "&"
	}
	with := without + separator + url.QueryEscape(name) + "="
	return func(values ...string) string {
		if len(values) == 0 {
			return without
		}
		return with + readable.Replace(url.QueryEscape(field.JoinList(values)))
	}
}

// readable replaces escapes that a query does not need, and that people would have to read.
var readable = strings.NewReplacer("%2C", ",", "%3A", ":", "%2A", "*")

// String returns the address for the attribute href.
func (a Address) String() string {
	if len(a.Params) == 0 {
		return a.Path
	}
	return a.Path + "?" + readable.Replace(a.Params.Encode())
}
