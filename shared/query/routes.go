package query

import (
	"context"
	"slices"
	"strings"
)

// route is one path and what it takes. The table of routes is what requests
// are matched against, what errors list and what /openapi.json is made from.
type route struct {
	pattern     string // with at most one {ImageId}
	about       string
	params      []param
	filters     bool     // takes the fields of images
	public      bool     // answers whoever asks
	formats     []string // the first is the default
	required    []string // parameters that are required
	example     string   // a query that works on any archive, or an image in it
	checkParams func(p *parser)
	serve       func(ctx context.Context, a *request) (*answer, error)
}

// match reports whether a path is the route's, and the id in it, still
// percent-encoded.
func (rt *route) matchPath(path string) (id string, ok bool) {
	before, after, variable := strings.Cut(rt.pattern, "{ImageId}")
	if !variable {
		return "", path == rt.pattern
	}
	id, ok = strings.CutPrefix(path, before)
	if !ok || !strings.HasSuffix(id, after) {
		return "", false
	}
	id = strings.TrimSuffix(id, after)
	return id, id != "" && !strings.Contains(id, "/")
}

// methods are those that are answered at the path; POST is the replica's.
func (rt *route) allowedMethods() string {
	if rt.pattern == "/" {
		return "GET, HEAD, POST"
	}
	return "GET, HEAD"
}

// needsImage says whether the path holds the id of an image.
func (rt *route) hasImageID() bool { return strings.Contains(rt.pattern, "{ImageId}") }

// takes says whether the route has a parameter of its own of that name.
func (rt *route) hasParam(name string) bool {
	return slices.ContainsFunc(rt.params, func(p param) bool { return p.name == name })
}

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

// table lists the routes; paths without a variable part come first.
func (s *service) buildRoutes() []*route {
	listFormats := []string{formatJSON, formatNDJSON, formatCSV, formatTSV, formatTable, formatIDs}
	return []*route{
		{pattern: "/v1/images", about: "The images of the chosen scopes, filtered, sorted and paged.", filters: true,
			formats: listFormats, serve: s.serveImages,
			params: slices.Concat(scopesOfList, []param{paramSearch, paramSort, paramLimit, paramCursor, paramFields,
				paramLatestBy, paramFacets, paramMinCount, paramFormat}),
			example: "OsTag.Platform=CentOS&Status=Available&sort=-OsTag.Version&limit=1&format=ids"},
		{pattern: "/v1/images/{ImageId}/history",
			about:   "What happened to one image, oldest first: appeared, changed, disappeared, per scope.",
			formats: []string{formatJSON, formatNDJSON, formatAtom}, serve: s.serveFeed, checkParams: checkFeedStart,
			params: slices.Concat(scopesOfImages, []param{paramSince, paramFeedCursor, paramKind, paramLimit,
				paramFormat})},
		{pattern: "/v1/images/{ImageId}",
			about: "One image: its content, the clusters and instance types that offer it, when it was first and " +
				"last seen.",
			formats: []string{formatJSON}, serve: s.serveImage,
			params: slices.Concat(scopesOfImages, []param{paramFormat})},
		{pattern: "/v1/clusters", about: "Every captured scope with its state.",
			formats: []string{formatJSON, formatTable}, serve: s.serveClusters,
			params: slices.Concat(scopesOfClusters, []param{paramFormat})},
		{pattern: "/v1/changes", about: "The feed of changes, oldest first; NextCursor goes on where an answer " +
			"ends. As atom without since: the newest first.",
			formats: []string{formatJSON, formatNDJSON, formatAtom}, serve: s.serveFeed, checkParams: checkFeedStart,
			example: "since=-24h&kind=removed",
			params: slices.Concat(scopesOfImages, []param{paramImageID, paramSince, paramFeedCursor, paramKind,
				paramLimit, paramFormat})},
		{pattern: "/v1/diff", about: "What differs between two states of one scope (from, to), or between two " +
			"clusters (ClusterId=a,b), now or at a past moment.",
			formats: []string{formatJSON}, serve: s.serveDiff, checkParams: checkDiffForm, example: "from=-1m",
			params: slices.Concat(scopesOfDiff, []param{paramFrom, paramTo, paramFormat})},
		{pattern: "/v1/matrix", about: "Which image is offered in which cluster, or with which instance type: one " +
			"row an image, and the images that all share.", filters: true,
			formats: []string{formatJSON, formatCSV, formatTable}, serve: s.serveMatrix, example: "format=table",
			params: slices.Concat(scopesOfMatrix, []param{paramSearch, paramSort, paramLimit, paramCursor,
				paramFormat})},
		{pattern: "/v1/status", about: "Last run, commit, scopes by state and oldest check of each region.",
			formats: []string{formatJSON}, serve: s.serveStatus,
			params: []param{paramRegion.withDefault("default: all regions"), paramFormat}},
		{pattern: "/metrics",
			about:   "The same as metrics, and what this instance has served, for Prometheus and its kin.",
			formats: []string{formatOpenMetrics, formatPrometheus}, serve: s.serveMetrics,
			params: []param{paramRegion.withDefault("default: all regions"), paramFormat}},
		{pattern: "/openapi.json", about: "The description of this interface (OpenAPI 3.1).",
			formats: []string{formatJSON}, serve: s.serveOpenAPI},
		{pattern: "/healthz", about: "Says that the program answers, without asking the storage.",
			formats: []string{formatJSON}, serve: s.serveHealth, public: true},
		{pattern: "/", about: "This list, or the page for people if Accept prefers text/html. With Action= or the " +
			"header x-acs-action, with POST, and below /at/<moment>/: E-HPC's own API.",
			formats: []string{formatText, formatHTML}, serve: s.serveHome, public: true, params: []param{paramFormat}},
	}
}
