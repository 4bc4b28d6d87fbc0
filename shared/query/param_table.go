package query

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

// allowedNames describes what ClusterId and InstanceType take. The same
// characters are checked by catalog.ValidateName.
const allowedNames = "names of A-Z a-z 0-9 . _ -, a comma list of them, * for all, or _any for none"

// The parameters. Routes pick from them. Each parse function sets the members of
// request that belong to its parameter, and nothing else.
var (
	// paramRegion sets request.region. A grant narrows config.regions, so a
	// region outside the grant is as unknown as one that does not exist.
	paramRegion = param{
		name:    "RegionId",
		about:   "region; default: the only configured one, or the one in which the cluster or image is found",
		allowed: "a region that is served",
		parse: func(p *parser, v []string) error {
			if !slices.Contains(p.config.regions, v[0]) {
				return &valueError{v[0], didYouMean(v[0], p.config.regions)}
			}
			p.request.region = v[0]
			return nil
		},
	}
	// paramCluster sets request.selection.clusters. Whether the clusters exist is
	// known only once the state of a region has been read.
	paramCluster = param{
		name: "ClusterId", allowed: allowedNames, isList: true, example: "*",
		about: "one cluster, several, or * for all; absent: images that every cluster supports",
		parse: func(p *parser, v []string) (err error) {
			p.request.selection.clusters, err = parseNames("ClusterId", v)
			return err
		},
	}
	// paramType sets request.selection.types.
	paramType = param{
		name: "InstanceType", allowed: allowedNames, isList: true, example: "*",
		about: "one instance type, several, or * for all; absent: images that every type supports",
		parse: func(p *parser, v []string) (err error) {
			p.request.selection.types, err = parseNames("InstanceType", v)
			return err
		},
	}
	// paramAt sets request.at. Without it the answer is about the present.
	paramAt = param{
		name: "at", allowed: allowedTimes, example: "-1m",
		about: "a past time or commit; the answer is from the data of that time",
		parse: func(p *parser, v []string) (err error) {
			p.request.at, err = p.parsePastTimeOrNow(v[0])
			return err
		},
	}
	// paramMaxAge sets request.maxAge. It is not part of the canonical query of a
	// page, because it only decides whether there is an answer.
	paramMaxAge = param{
		name: "maxAge", allowed: "a duration of s, m, h, d or w, for example 10m or 7d", perPage: true, example: "30d",
		about: "503 SnapshotTooOld if any part of the answer was last checked longer ago",
		parse: func(p *parser, v []string) error {
			d, err := parseDuration(v[0])
			if err != nil || d <= 0 {
				return &valueError{value: v[0]}
			}
			p.request.maxAge = d
			return nil
		},
	}
	// paramSearch sets request.searchWords, folded and sorted. The order of words
	// does not matter, and a word that is given twice counts once.
	paramSearch = param{
		name: "q", allowed: "text", isList: true, isWords: true, example: "linux",
		about: "words that must all be in the name, description, id or product code, in any case; spaces and commas " +
			"separate them",
		parse: func(p *parser, v []string) error {
			words := bytes.Fields([]byte(foldCase(strings.Join(v, " "))))
			if len(words) == 0 {
				return errors.New("has no word")
			}
			slices.SortFunc(words, bytes.Compare)
			p.request.searchWords = slices.CompactFunc(words, bytes.Equal)
			return nil
		},
	}
	// paramSort sets request.sort.
	paramSort = param{
		name: "sort", allowed: "a comma list of fields", isList: true, ignoresCase: true,
		example: "-OsTag.Version,ImageName",
		about: "fields to sort by, with - in front for descending; images without a value come last, " +
			"equal ones are in the order of ImageId",
		parse: func(p *parser, v []string) (err error) {
			p.request.sort, err = parseSort(p.schema, v)
			return err
		},
	}
	// paramLimit sets request.limit, which is 0 before.
	paramLimit = param{
		name: "limit", allowed: "an integer from 1 to 1000", perPage: true, example: "10",
		about: "the most entries in one answer; default: 100 in json and atom, everything in the other formats",
		parse: func(p *parser, v []string) (err error) {
			p.request.limit, err = parseInt(v[0], 1, maxLimit)
			return err
		},
	}
	// paramCursor sets request.cursor, for pages of a list. Feeds have a cursor of
	// their own, paramFeedCursor.
	paramCursor = param{
		name: "cursor", allowed: "the NextCursor of an answer to the same query", perPage: true,
		about: "NextCursor of the page before",
		parse: func(p *parser, v []string) (err error) {
			p.request.cursor, err = parseCursor(v[0])
			return err
		},
	}
	// paramFields sets request.columns. Without it JSON has the whole image.
	paramFields = param{
		name: "fields", isList: true, perPage: true, ignoresCase: true, example: "ImageId,OsTag.Version",
		about:   "only these fields of each image",
		allowed: "a comma list of fields, BaseOsTag, OsTag, Clusters, InstanceTypes or ContentDiffers",
		parse: func(p *parser, v []string) (err error) {
			p.request.columns, err = p.parseColumns(v)
			return err
		},
	}
	// paramLatestBy sets request.latestBy; see keepFirstOfGroups.
	paramLatestBy = param{
		name: "latestBy", allowed: "a comma list of fields", isList: true, ignoresCase: true, example: "OsTag.Platform",
		about: "only the first image of each group of equal values, by sort or else by the newest version",
		parse: func(p *parser, v []string) (err error) {
			p.request.latestBy, err = p.parseFields(v)
			return err
		},
	}
	// paramFacets sets request.facets; see countFacets. Only JSON shows them.
	paramFacets = param{
		name: "facets", allowed: "a comma list of fields", isList: true, perPage: true, ignoresCase: true,
		example: "Status,OsTag.Platform",
		about:   "counts of the values of these fields over all matches, before latestBy",
		parse: func(p *parser, v []string) (err error) {
			p.request.facets, err = p.parseFields(v)
			return err
		},
	}
	// paramMinCount sets request.minCount, for scripts that must not go on with
	// an empty answer.
	paramMinCount = param{
		name: "minCount", allowed: "an integer from 1 to 1000000", perPage: true, example: "1",
		about: "404 NoImageMatches if fewer images match",
		parse: func(p *parser, v []string) (err error) {
			p.request.minCount, err = parseInt(v[0], 1, maxMinCount)
			return err
		},
	}
)

// The parameters that choose scopes and time, on every route with stored data.
// Routes differ in what a parameter that is not given means.
var (
	// scopesOfList is for /v1/images: without clusters it asks E-HPC's own
	// question, what every cluster supports.
	scopesOfList = []param{paramRegion, paramCluster, paramType, paramAt, paramMaxAge}
	// scopesOfImages is for routes about single images and their changes, which
	// look everywhere unless clusters or types are named.
	scopesOfImages = []param{
		paramRegion,
		paramCluster.withDefault("absent, with InstanceType too: everything, else images that every cluster supports"),
		paramType.withDefault("absent, with ClusterId too: everything, else images that every type supports"),
		paramAt, paramMaxAge,
	}
	// paramAnyRegion is RegionId of a route that can answer for all regions.
	paramAnyRegion = paramRegion.withDefault("default: all regions, or the one in which the cluster is found")
	// scopesOfClusters is for /v1/clusters, which lists scopes.
	scopesOfClusters = []param{
		paramAnyRegion,
		paramCluster.withDefault("absent: every scope that InstanceType names"),
		paramType.withDefault("absent: every scope that ClusterId names"),
		paramAt, paramMaxAge,
	}
	// scopesOfMatrix is for /v1/matrix, which has a column for each scope.
	scopesOfMatrix = []param{
		paramRegion,
		paramCluster.withDefault("absent: all clusters, unless InstanceType is given and captured without a cluster"),
		paramType, paramAt, paramMaxAge,
	}
	// scopesOfDiff is for /v1/diff, which compares two lists.
	scopesOfDiff = []param{
		paramRegion,
		paramCluster.acceptingFew("one cluster; absent: images that every cluster supports"),
		paramType.acceptingFew("one instance type; absent: images that every type supports"),
		paramAt, paramMaxAge,
	}
)

// acceptingFew returns the parameter for a route that takes one name or two,
// and not * for all.
func (p param) acceptingFew(about string) param {
	p.about, p.allowed, p.example = about, "names of A-Z a-z 0-9 . _ -, or _any for none", catalog.Any
	return p
}

// withDefault returns the parameter with another text about its default, which
// follows the first ";" of about.
func (p param) withDefault(text string) param {
	about, _, _ := strings.Cut(p.about, ";")
	p.about = about + "; " + text
	return p
}

// describeAllowed returns a noun phrase for what a parameter of a route allows.
// Names of regions, formats and fields are listed.
func (c *parserConfig) describeAllowed(rt *route, def param) string {
	switch def.name {
	case paramFormat.name:
		return joinWithOr(rt.formats)
	case paramRegion.name:
		return joinWithOr(c.regions)
	case paramFields.name:
		return "a comma list of " + strings.Join(c.schema.columnNames(), ", ")
	case paramSort.name, paramLatestBy.name, paramFacets.name:
		return "a comma list of " + strings.Join(c.schema.fieldNames(), ", ")
	}
	return def.allowed
}

// joinWithOr joins words as a sentence does: "a", "a or b", "a, b or c".
func joinWithOr(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// parsePastTime reads a time or commit that must not lie in the future.
func (p *parser) parsePastTime(s string) (asOf, error) {
	at, err := parseAsOf(s)
	switch {
	case errors.Is(err, errNoZone):
		return asOf{}, completeError(fmt.Sprintf("has no time zone, got %s. Add Z or +08:00", quote(s)))
	case errors.Is(err, errNotDuration):
		return asOf{}, completeError(fmt.Sprintf("must be a time before now such as -24h, got %s. Units: %s", quote(s),
			allowedUnits))
	case err != nil:
		return asOf{}, &valueError{value: s}
	}
	// An answer about the future would change later, and must not be cached.
	if now := p.config.now(); at.isInFuture(now) {
		return asOf{}, newFutureTimeError(at.resolveTime(now))
	}
	return at, nil
}

// parsePastTimeOrNow is parsePastTime for parameters whose default is the present.
// For "now" the result is not set, so that the answer is about the present and
// not about a past moment.
func (p *parser) parsePastTimeOrNow(s string) (asOf, error) {
	if foldCase(s) == nowText {
		return asOf{}, nil
	}
	return p.parsePastTime(s)
}
