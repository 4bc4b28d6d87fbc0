package request

import (
	"slices"
	"strings"

	"community-images/shared/message"
)

// Route is one path and what it takes. Requests are matched against the table of
// routes, errors list it, and /openapi.json is made from it.
type Route struct {
	Pattern     string           // the path, with at most one variable: {ImageId} or {Name}
	About       message.Template // for the OpenAPI document and the list of routes
	Params      []Param          // besides the filters
	Filters     bool             // the fields of images are parameters too
	Public      bool             // needs no token
	Formats     []string         // the first is the default
	required    []string         // names of params
	Example     string           // a query that works on any archive; empty: there is none
	checkParams func(p *parser)  // adds the faults of parameters that do not go together; nil: there are none
	// selects returns what a selection as given means; nil: as it is given.
	selects func(Selection) Selection
	// refuses returns why the route cannot have a parameter that others have; empty: it is as
	// unknown as any other. nil: they all are.
	refuses func(name string) string
}

// MatchPath returns true if the route has an escaped path, and the value of the variable in
// it, still escaped.
func (rt *Route) MatchPath(path string) (escaped string, ok bool) {
	before, rest, hasVariable := strings.Cut(rt.Pattern, "{")
	if !hasVariable {
		return "", path == rt.Pattern
	}
	_, after, _ := strings.Cut(rest, "}")
	// The path is still escaped: a slash inside an id is %2F and matches.
	rest, hasPrefix := strings.CutPrefix(path, before)
	escaped, hasSuffix := strings.CutSuffix(rest, after)
	if !hasPrefix || !hasSuffix || escaped == "" || strings.Contains(escaped, "/") {
		return "", false
	}
	return escaped, true
}

// AllowedMethods returns the value of the header Allow. POST at the root is for
// the replica, which gets such requests before this package does.
func (rt *Route) AllowedMethods() string {
	if rt.Pattern == "/" {
		return "GET, HEAD, POST"
	}
	return "GET, HEAD"
}

// HasImageID returns true if the path contains the id of an image.
func (rt *Route) HasImageID() bool { return strings.Contains(rt.Pattern, "{ImageId}") }

// HasAliasName returns true if the path contains the name of an alias.
func (rt *Route) HasAliasName() bool { return strings.Contains(rt.Pattern, "{Name}") }

// HasParam returns true if the route has a parameter of that name, filters not
// counted.
func (rt *Route) HasParam(name string) bool {
	return rt.paramNamed(name) != nil
}

// paramNamed returns the parameter of a name; nil: the route has none, or it is a filter.
func (rt *Route) paramNamed(name string) *Param {
	if i := slices.IndexFunc(rt.Params, func(p Param) bool { return p.Name == name }); i >= 0 {
		return &rt.Params[i]
	}
	return nil
}

// HasPage reports whether the route has pages for people.
func (rt *Route) HasPage() bool { return slices.Contains(rt.Formats, FormatHTML) }

// describeParams lists the parameters for an error.
func (rt *Route) describeParams() message.Text {
	var names []string
	for _, p := range rt.Params {
		names = append(names, p.Name)
	}
	switch {
	case rt.Filters:
		return message.New("%s, and every field of an image (see /openapi.json)", message.Names(names))
	case len(names) == 0:
		return message.New("no parameters")
	}
	return message.Names(names)
}

// listFormats are the formats of every route that lists.
var listFormats = []string{FormatJSON, FormatNDJSON, FormatCSV, FormatTSV, FormatTable}

// The parameters that say how an answer is written: of a list, and of one object.
var (
	listOutput   = []Param{paramFormat, paramBOM, paramPretty, paramLanguage}
	objectOutput = []Param{paramFormat, paramPretty, paramLanguage}
)

// Routes returns the table of routes. The first one that matches a path
// serves it, so a longer pattern with a variable must stand before a shorter one.
func Routes() []*Route {
	return slices.Concat(imageRoutes(), aliasRoutes(), scopeRoutes(), serviceRoutes())
}

// imageRoutes are the routes about the images of chosen scopes, and about one
// image.
func imageRoutes() []*Route {
	return []*Route{
		{Pattern: "/v1/images", About: "The images of the chosen scopes, filtered, sorted and paged.", Filters: true,
			Formats: append(slices.Clone(listFormats), FormatIDs, FormatHTML), selects: Selection.forList,
			Params: slices.Concat(scopesOfList, []Param{paramSearch, paramSort, paramLimit, ParamCursor, paramFields,
				paramLatestBy, paramFacets, paramMinCount}, listOutput),
			Example: "OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version&limit=1&format=ids"},
		{Pattern: "/v1/images/{ImageId}/history",
			About:   "What happened to one image, oldest first: appeared, changed, disappeared, per scope.",
			Formats: append(slices.Clone(listFormats), FormatAtom), checkParams: checkFeedStart,
			selects: Selection.orEverything,
			Params: slices.Concat(scopesOfImages, []Param{ParamSince, paramFeedCursor, paramKind, paramLimit},
				listOutput)},
		{Pattern: "/v1/images/{ImageId}",
			About: "One image: its content, the clusters and instance types that offer it, when it was first and " +
				"last seen.",
			Formats: []string{FormatJSON, FormatHTML}, selects: Selection.orEverything,
			Params: slices.Concat(scopesOfImages, objectOutput)},
	}
}

// aliasRoutes are the routes about aliases.
func aliasRoutes() []*Route {
	return []*Route{
		{Pattern: "/v1/aliases/{Name}",
			About: "The image that an alias stands for, by what rule, and since when: the pin or the lookup that the " +
				"operator has defined.",
			Formats: []string{FormatJSON, FormatIDs, FormatHTML}, selects: Selection.orEverything,
			Params: slices.Concat([]Param{
				paramRegion.withDefault("default: the only configured one, or the one that has the alias"),
				ParamAt, paramMaxAge,
			}, objectOutput)},
		{Pattern: "/v1/aliases", About: "Every alias with its image, its rule, and its lookup.",
			Formats: append(slices.Clone(listFormats), FormatHTML),
			selects: Selection.orEverything,
			Example: "format=table",
			Params: slices.Concat([]Param{paramRegion.withDefault("default: all regions"), ParamAt, paramMaxAge},
				listOutput)},
	}
}

// scopeRoutes are the routes about scopes: their state, what changes in them, and
// how they differ.
func scopeRoutes() []*Route {
	return []*Route{
		{Pattern: "/v1/clusters", About: "Every captured scope with its state, and the image that each cluster boots " +
			"from: whether it is still offered, and the newest one.",
			Formats: append(slices.Clone(listFormats), FormatHTML), selects: Selection.orEverything,
			Example: "by=cluster&format=table",
			Params:  slices.Concat(scopesOfClusters, []Param{paramImageState, paramClustersBy}, listOutput)},
		{Pattern: "/v1/changes", About: "The feed of changes, oldest first; NextCursor continues where an " +
			"answer ends. As atom or html without since: the newest first.",
			Formats: append(slices.Clone(listFormats), FormatAtom, FormatHTML), checkParams: checkFeedStart,
			selects: Selection.orEverything,
			Example: "since=-24h&kind=removed",
			Params: slices.Concat(scopesOfImages, []Param{paramImageID, ParamSince, paramFeedCursor, paramKind,
				paramBy, paramLimit}, listOutput)},
		{Pattern: "/v1/diff", About: "What is gone, new and changed between two times (from, to) in everything, or in " +
			"what ClusterId and InstanceType name. Or what differs between two clusters (ClusterId=a&with=b), now or at " +
			"a past time.",
			Formats: append(slices.Clone(listFormats), FormatHTML), checkParams: checkDiffForm,
			selects: Selection.orEverything,
			Example: "from=-1m",
			Params: slices.Concat(scopesOfImages, []Param{paramFrom, paramTo, paramKind, paramBy, paramWith},
				listOutput)},
		// A cursor is bound to the query, so the filters are repeated with it.
		{Pattern: "/v1/matrix", About: "Which image is offered in which cluster, or with which instance type: one " +
			"row per image, and the images that all share.", Filters: true,
			Formats: append(slices.Clone(listFormats), FormatHTML), Example: "format=table",
			Params: slices.Concat(scopesOfMatrix, []Param{paramSearch, paramSort, paramLimit, ParamCursor},
				listOutput)},
	}
}

// serviceRoutes are the routes about the service itself: how capturing and
// lookups do, and what this interface offers. Those that are public must not
// tell anything that a grant could hide.
func serviceRoutes() []*Route {
	return []*Route{
		{Pattern: "/v1/status", About: "Last run, commit, scopes by state and oldest check of each region.",
			Formats: []string{FormatJSON, FormatHTML},
			Params:  append([]Param{paramRegion.withDefault("default: all regions"), paramBootImages}, objectOutput...)},
		{Pattern: "/metrics",
			About: "The same as metrics, and what this instance has served, for Prometheus and the like.",
			// promtool and the like read the older format, and do not say so.
			Formats: []string{FormatPrometheus, formatOpenMetrics},
			Params:  []Param{paramRegion.withDefault("default: all regions"), paramBootImages, paramFormat}},
		{Pattern: "/openapi.json", About: "The description of this interface (OpenAPI 3.1).",
			Formats: []string{FormatJSON}, Params: []Param{paramPretty}},
		{Pattern: "/healthz", About: "Says that the program answers, without asking the storage.",
			Formats: []string{FormatJSON}, Public: true, Params: []Param{paramPretty}},
		{Pattern: "/", About: "This list, or the page for people if Accept prefers text/html. With Action= or the " +
			"header x-acs-action, with POST, and below /at/<moment>/: E-HPC's own API.",
			Formats: []string{formatText, FormatHTML}, Public: true,
			Params: []Param{paramRegion.withDefault("of the page; default: the first"), paramFormat, paramLanguage}},
	}
}

// ExampleQuery returns the example of a route as it works for a caller: with
// several regions it must name one.
func (c *Config) ExampleQuery(rt *Route) string {
	if len(c.Regions) > 1 {
		return "RegionId=" + c.Regions[0] + "&" + rt.Example
	}
	return rt.Example
}
