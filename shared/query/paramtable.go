package query

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"community-images/shared/catalog"
)

const nameForm = "names of A-Z a-z 0-9 . _ -, a comma list of them, * for all, or _any for none"

// The parameters, by what they are for. Routes pick from them.
var (
	paramRegion = param{name: "RegionId", about: "region; default: the only configured one, or the one in which the cluster or image is found", allowed: "a region that is served",
		parse: func(p *parser, v []string) error {
			if !slices.Contains(p.config.regions, v[0]) {
				return fmt.Errorf("%s is not a region of this service%s", quote(v[0]), didYouMean(v[0], p.config.regions))
			}
			p.request.region = v[0]
			return nil
		}}
	paramCluster = param{name: "ClusterId", example: "*", about: "one cluster, several, or * for all; absent: images that every cluster supports", allowed: nameForm, isList: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.selection.clusters, err = parseNames("ClusterId", v)
			return err
		}}
	paramType = param{name: "InstanceType", example: "*", about: "one instance type, several, or * for all; absent: images that every type supports", allowed: nameForm, isList: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.selection.types, err = parseNames("InstanceType", v)
			return err
		}}
	paramAt = param{name: "at", example: "-1m", about: "a past time or commit; answers as the data stood then", allowed: asOfForms,
		parse: func(p *parser, v []string) (err error) {
			p.request.at, err = p.parsePastTime(v[0])
			return err
		}}
	paramMaxAge = param{name: "maxAge", example: "30d", about: "503 SnapshotTooOld if any part of the answer was checked longer ago", allowed: "a duration such as 30s, 10m, 24h or 7d", perPage: true,
		parse: func(p *parser, v []string) error {
			d, err := parseDuration(v[0])
			if err != nil || d <= 0 {
				return fmt.Errorf("%s is not a duration", quote(v[0]))
			}
			p.request.maxAge = d
			return nil
		}}
	paramSearch = param{name: "q", example: "linux", about: "words, each of which must be in the name, description, id or product code; case does not matter", allowed: "text",
		parse: func(p *parser, v []string) error {
			words := bytes.Fields([]byte(foldCase(v[0])))
			slices.SortFunc(words, bytes.Compare)
			p.request.searchWords = slices.CompactFunc(words, bytes.Equal) // a thousand times one word is one
			if len(p.request.searchWords) == 0 {
				return fmt.Errorf("has no word")
			}
			return nil
		}}
	paramSort = param{name: "sort", ignoresCase: true, example: "-OsTag.Version,ImageName", about: "fields to sort by, - in front for descending; images without a value come last; ties by ImageId", allowed: "a comma list of fields", isList: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.sort, err = parseSort(p.schema, v)
			return err
		}}
	paramLimit = param{name: "limit", example: "10", about: "most entries in one answer, default 100", allowed: "1 to 1000", perPage: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.limit, err = parseInt(v[0], 1, maxLimit)
			return err
		}}
	paramCursor = param{name: "cursor", about: "NextCursor of the page before", allowed: "the NextCursor of an answer to the same query", perPage: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.cursor, err = parseCursor(v[0])
			return err
		}}
	paramFields = param{name: "fields", ignoresCase: true, example: "ImageId,OsTag.Version", about: "only these fields of each image", allowed: "a comma list of fields, BaseOsTag, OsTag, Clusters, InstanceTypes or ContentDiffers", isList: true, perPage: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.columns, err = p.parseColumns(v)
			return err
		}}
	paramLatestBy = param{name: "latestBy", ignoresCase: true, example: "OsTag.Platform", about: "only the first image, by sort or else the newest version, of each group of equal values", allowed: "a comma list of fields", isList: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.latestBy, err = p.parseFields(v)
			return err
		}}
	paramFacets = param{name: "facets", ignoresCase: true, example: "Status,OsTag.Platform", about: "counts of the values of these fields over all matches, before latestBy chooses among them", allowed: "a comma list of fields", isList: true, perPage: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.facets, err = p.parseFields(v)
			return err
		}}
	paramMinCount = param{name: "minCount", example: "1", about: "404 NoImageMatches if fewer match", allowed: "1 to 1000000", perPage: true,
		parse: func(p *parser, v []string) (err error) {
			p.request.minCount, err = parseInt(v[0], 1, maxMinCount)
			return err
		}}
	paramFormat = param{name: "format", ignoresCase: true, example: "json", about: "form of the answer; default by Accept, else the first", allowed: "a format of the route", perPage: true,
		parse: func(p *parser, v []string) error {
			name := strings.ToLower(v[0])
			if !slices.Contains(p.request.route.formats, name) {
				return fmt.Errorf("%s is not a format of this route%s", quote(v[0]), didYouMean(name, p.request.route.formats))
			}
			p.request.format = name
			return nil
		}}
)

// Where and when, on every data route that is about scopes. The routes differ in
// what they take for granted.
var (
	whereWhen     = []param{paramRegion, paramCluster, paramType, paramAt, paramMaxAge}
	everyRegion   = paramRegion.withDefault("default: all regions, or the one in which the cluster is found")
	whereOfImages = []param{paramRegion, paramCluster.withDefault("absent, with InstanceType too: everything, else images that every cluster supports"),
		paramType.withDefault("absent, with ClusterId too: everything, else images that every type supports"), paramAt, paramMaxAge}
	whereOfScopes = []param{everyRegion, paramCluster.withDefault("absent: every scope that InstanceType names"), paramType.withDefault("absent: every scope that ClusterId names"), paramAt, paramMaxAge}
	whereOfMatrix = []param{paramRegion, paramCluster.withDefault("absent: all clusters, unless InstanceType is given and captured without a cluster"), paramType, paramAt, paramMaxAge}
	whereOfDiff   = []param{paramRegion, paramCluster.acceptingOne("one cluster, or without from two; absent: images that every cluster supports"),
		paramType.acceptingOne("one instance type; absent: images that every type supports"), paramAt, paramMaxAge}
)

// single is the parameter where not every number of names is taken.
func (p param) acceptingOne(about string) param {
	p.about, p.allowed, p.example = about, "names of A-Z a-z 0-9 . _ -, or _any for none", catalog.Any
	return p
}

// absent is the parameter where it means something else that none is given.
func (p param) withDefault(means string) param {
	about, _, _ := strings.Cut(p.about, ";")
	p.about = about + "; " + means
	return p
}

// allowedFor is what a parameter takes on a route, by name where those can be
// listed.
func (c *config) describeAllowed(rt *route, def param) string {
	switch def.name {
	case paramFormat.name:
		return strings.Join(rt.formats, ", ")
	case paramRegion.name:
		return strings.Join(c.regions, ", ")
	case paramFields.name:
		return "a comma list of " + strings.Join(c.schema.columnNames(), ", ")
	case paramSort.name, paramLatestBy.name, paramFacets.name:
		return "a comma list of " + strings.Join(c.schema.fieldNames(), ", ")
	}
	return def.allowed
}

// past reads a moment that must not lie in the future.
func (p *parser) parsePastTime(s string) (asOf, error) {
	m, err := parseAsOf(s)
	if err != nil {
		return asOf{}, fmt.Errorf("%s is not a time or commit", quote(s))
	}
	if now := p.config.now(); m.isInFuture(now) {
		return asOf{}, fmt.Errorf("%s is in the future", catalog.At(m.resolveTime(now)))
	}
	return m, nil
}
