package query

import (
	"slices"
	"strings"
)

// route is one path and what it takes. Requests are matched against the table of
// routes, errors list it, and /openapi.json is made from it.
type route struct {
	pattern     string          // the path, with at most one {ImageId}
	about       string          // for the OpenAPI document and the list of routes
	params      []param         // besides the filters
	filters     bool            // the fields of images are parameters too
	public      bool            // needs no token
	formats     []string        // the first is the default
	required    []string        // names of params
	example     string          // a query that works on any archive; empty: there is none
	checkParams func(p *parser) // adds the faults of parameters that do not go together; nil: there are none
}

// matchPath returns true if the route has an escaped path, and the image id in
// it, still escaped.
func (rt *route) matchPath(path string) (escapedID string, ok bool) {
	before, after, variable := strings.Cut(rt.pattern, "{ImageId}")
	if !variable {
		return "", path == rt.pattern
	}
	// The path is still escaped: a slash inside an id is %2F and matches.
	rest, hasPrefix := strings.CutPrefix(path, before)
	escapedID, hasSuffix := strings.CutSuffix(rest, after)
	if !hasPrefix || !hasSuffix || escapedID == "" || strings.Contains(escapedID, "/") {
		return "", false
	}
	return escapedID, true
}

// allowedMethods returns the value of the header Allow. POST at the root is for
// the replica, which gets such requests before this package does.
func (rt *route) allowedMethods() string {
	if rt.pattern == "/" {
		return "GET, HEAD, POST"
	}
	return "GET, HEAD"
}

// hasImageID returns true if the path contains the id of an image.
func (rt *route) hasImageID() bool { return strings.Contains(rt.pattern, "{ImageId}") }

// hasParam returns true if the route has a parameter of that name, filters not
// counted.
func (rt *route) hasParam(name string) bool {
	return slices.ContainsFunc(rt.params, func(p param) bool { return p.name == name })
}

// paramNames lists the parameters for an error.
func (rt *route) paramNames() string {
	var names []string
	for _, p := range rt.params {
		names = append(names, p.name)
	}
	if rt.filters {
		names = append(names, "and every field of an image (see /openapi.json)")
	}
	if len(names) == 0 {
		return "no parameters"
	}
	return strings.Join(names, ", ")
}

// listFormats are the formats of every route that lists.
var listFormats = []string{formatJSON, formatNDJSON, formatCSV, formatTSV, formatTable}

// The parameters that say how an answer is written: of a list, and of one object.
var (
	listOutput   = []param{paramFormat, paramBOM, paramPretty}
	objectOutput = []param{paramFormat, paramPretty}
)

// newRoutes returns the table of routes. The first one that matches a path
// serves it, so a longer pattern with {ImageId} must stand before a shorter one.
func newRoutes() []*route {
	return slices.Concat(imageRoutes(), scopeRoutes(), serviceRoutes())
}

// imageRoutes are the routes about the images of chosen scopes, and about one
// image.
func imageRoutes() []*route {
	return []*route{
		{pattern: "/v1/images", about: "The images of the chosen scopes, filtered, sorted and paged.", filters: true,
			formats: append(slices.Clone(listFormats), formatIDs),
			params: slices.Concat(scopesOfList, []param{paramSearch, paramSort, paramLimit, paramCursor, paramFields,
				paramLatestBy, paramFacets, paramMinCount}, listOutput),
			example: "OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version&limit=1&format=ids"},
		{pattern: "/v1/images/{ImageId}/history",
			about:   "What happened to one image, oldest first: appeared, changed, disappeared, per scope.",
			formats: append(slices.Clone(listFormats), formatAtom), checkParams: checkFeedStart,
			params: slices.Concat(scopesOfImages, []param{paramSince, paramFeedCursor, paramKind, paramLimit},
				listOutput)},
		{pattern: "/v1/images/{ImageId}",
			about: "One image: its content, the clusters and instance types that offer it, when it was first and " +
				"last seen.",
			formats: []string{formatJSON},
			params:  slices.Concat(scopesOfImages, objectOutput)},
	}
}

// scopeRoutes are the routes about scopes: their state, what changes in them, and
// how they differ.
func scopeRoutes() []*route {
	return []*route{
		{pattern: "/v1/clusters", about: "Every captured scope with its state.",
			formats: listFormats,
			params:  slices.Concat(scopesOfClusters, listOutput)},
		{pattern: "/v1/changes", about: "The feed of changes, oldest first; NextCursor continues where an " +
			"answer ends. As atom without since: the newest first.",
			formats: append(slices.Clone(listFormats), formatAtom), checkParams: checkFeedStart,
			example: "since=-24h&kind=removed",
			params: slices.Concat(scopesOfImages, []param{paramImageID, paramSince, paramFeedCursor, paramKind,
				paramBy, paramLimit}, listOutput)},
		{pattern: "/v1/diff", about: "What differs between two states of one scope (from, to), or between two " +
			"clusters (ClusterId=a&with=b), now or at a past time.",
			formats: listFormats, checkParams: checkDiffForm, example: "from=-1m",
			params: slices.Concat(scopesOfDiff, []param{paramFrom, paramTo, paramBy, paramWith}, listOutput)},
		// A cursor is bound to the query, so the filters are repeated with it.
		{pattern: "/v1/matrix", about: "Which image is offered in which cluster, or with which instance type: one " +
			"row per image, and the images that all share.", filters: true,
			formats: listFormats, example: "format=table",
			params: slices.Concat(scopesOfMatrix, []param{paramSearch, paramSort, paramLimit, paramCursor}, listOutput)},
	}
}

// serviceRoutes are the routes about the service itself: how capturing and
// lookups do, and what this interface offers. Those that are public must not
// tell anything that a grant could hide.
func serviceRoutes() []*route {
	return []*route{
		{pattern: "/v1/status", about: "Last run, commit, scopes by state and oldest check of each region.",
			formats: []string{formatJSON},
			params:  []param{paramRegion.withDefault("default: all regions"), paramFormat, paramPretty}},
		{pattern: "/metrics",
			about: "The same as metrics, and what this instance has served, for Prometheus and the like.",
			// promtool and the like read the older format, and do not say so.
			formats: []string{formatPrometheus, formatOpenMetrics},
			params:  []param{paramRegion.withDefault("default: all regions"), paramFormat}},
		{pattern: "/openapi.json", about: "The description of this interface (OpenAPI 3.1).",
			formats: []string{formatJSON}, params: []param{paramPretty}},
		{pattern: "/healthz", about: "Says that the program answers, without asking the storage.",
			formats: []string{formatJSON}, public: true, params: []param{paramPretty}},
		{pattern: "/", about: "This list, or the page for people if Accept prefers text/html. With Action= or the " +
			"header x-acs-action, with POST, and below /at/<moment>/: E-HPC's own API.",
			formats: []string{formatText, formatHTML}, public: true, params: []param{paramFormat}},
	}
}

// exampleQuery returns the example of a route as it works for a caller: with
// several regions it must name one.
func (c *parserConfig) exampleQuery(rt *route) string {
	if len(c.regions) > 1 {
		return "RegionId=" + c.regions[0] + "&" + rt.example
	}
	return rt.example
}
