package page

import (
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"

	"community-images/shared/access"
	"community-images/shared/query/field"
	"community-images/shared/query/request"
)

// address is a path with parameters of a page to link to. Its methods return a changed
// copy.
type address struct {
	path   string
	params url.Values
}

// here returns the address of the page, with its parameters as given. Names have the case
// that the tables of parameters give them. A token is left out, which nobody should see again.
func (in *Input) here() address {
	if in.params == nil { // it is asked for by each link to another page
		params, err := url.ParseQuery(in.Query)
		if err != nil {
			params = url.Values{} // the page says what is wrong with it
		}
		maps.DeleteFunc(params, func(name string, _ []string) bool { return access.IsTokenParameter(name) })
		in.params = params
	}
	return address{in.Path, in.params}
}

// to returns the address of another page, about the same region and in the same language.
// pairs are names and values of more parameters.
func (in *Input) to(path string, pairs ...string) address {
	a := address{path, url.Values{}}
	if in.Region != "" {
		a.params.Set("RegionId", in.Region)
	}
	if lang := in.here().get("lang"); lang != "" {
		a.params.Set("lang", lang)
	}
	for i := 0; i < len(pairs); i += 2 {
		a.params.Set(pairs[i], pairs[i+1])
	}
	return a
}

// GivenRegion returns the region that an address is about which could not be parsed; empty:
// it is not known.
func (in *Input) GivenRegion() string {
	region := in.here().get("RegionId")
	switch {
	case len(in.Regions) == 1:
		return in.Regions[0]
	case slices.Contains(in.Regions, region):
		return region
	}
	return ""
}

// toImages returns the address of the images of everything that is captured.
func (in *Input) toImages(pairs ...string) address {
	return in.to("/v1/images", append([]string{"ClusterId", "*"}, pairs...)...)
}

// toChanges returns the address of what changed lately.
func (in *Input) toChanges() address { return in.to("/v1/changes", "since", "-1w") }

// toImage returns the address of one image.
func (in *Input) toImage(id string) address { return in.to("/v1/images/" + url.PathEscape(id)) }

// get returns the values of a parameter as given, with commas between them.
func (a address) get(name string) string {
	for given, values := range a.params {
		if strings.EqualFold(given, name) {
			return strings.Join(values, ",")
		}
	}
	return ""
}

// with returns the address with another value of a parameter. Commas and backslashes in the
// value are those of a list. The position of a page does not outlive it.
func (a address) with(name, value string) address {
	changed := a.without(name, "cursor")
	changed.params.Set(name, value)
	return changed
}

// withValue is with for one value of a list, which may have commas.
func (a address) withValue(name, value string) address {
	return a.with(name, field.JoinList([]string{value}))
}

// question returns the lookup of the address.
func (a address) question() Question { return Question{Path: a.path, Query: a.params.Encode()} }

// without returns the address without parameters.
func (a address) without(names ...string) address {
	changed := address{a.path, url.Values{}}
	for name, values := range a.params {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			changed.params[name] = slices.Clone(values)
		}
	}
	return changed
}

// as returns the address of the same data in another format.
func (a address) as(format string) address { return a.with("format", format).without("lang") }

// sorted returns the parameters by their names, with commas between the values of one.
func (a address) sorted() iter.Seq2[string, string] {
	return func(yield func(name, values string) bool) {
		for _, name := range slices.Sorted(maps.Keys(a.params)) {
			if !yield(name, strings.Join(a.params[name], ",")) {
				return
			}
		}
	}
}

// linksWith returns a function that makes links with values of a list parameter, as with
// does. It is for many links that differ in these values only.
func (a address) linksWith(name string) func(values ...string) string {
	rest := a.without(name, "cursor")
	without, separator := rest.String(), "?"
	if len(rest.params) > 0 {
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
func (a address) String() string {
	if len(a.params) == 0 {
		return a.path
	}
	return a.path + "?" + readable.Replace(a.params.Encode())
}

// formatsBeside returns the formats that a page can link to.
func formatsBeside(rt *request.Route) []string {
	return slices.DeleteFunc(slices.Clone(rt.Formats), func(f string) bool { return f == request.FormatHTML })
}
