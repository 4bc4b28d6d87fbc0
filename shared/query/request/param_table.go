package request

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/field"
)

// What ClusterId and InstanceType take. catalog.ValidateName checks the characters of
// instance types. Those of clusters are not checked: people give names of clusters, and the
// error of package state has the ids.
const (
	allowedClusters message.Template = "ids of clusters, a comma list of them, * for all, or _any for none"
	allowedTypes    message.Template = "names of A-Z a-z 0-9 . _ -, a comma list of them, * for all, or _any for none"
)

// The parameters. Routes pick from them. Each parse function sets the members of
// request that belong to its parameter, and nothing else.
var (
	// paramRegion sets Request.Region. A grant narrows Config.Regions, so a
	// region outside the grant is as unknown as one that does not exist.
	paramRegion = Param{
		Name:    "RegionId",
		About:   "region; default: the only configured one, or the one in which the cluster or image is found",
		allowed: "a region that is served",
		parse: func(p *parser, v []string) error {
			if !slices.Contains(p.config.Regions, v[0]) {
				return &fault.ValueError{Value: v[0], Suggestion: fault.DidYouMean(v[0], p.config.Regions)}
			}
			p.request.Region = v[0]
			return nil
		},
	}
	// paramCluster sets Request.Selection.Clusters. Whether the clusters exist is
	// known only once the state of a region has been read.
	paramCluster = Param{
		Name: "ClusterId", allowed: allowedClusters, IsList: true, Example: "*",
		About: "one cluster, several, or * for all; absent: images that every cluster supports",
		parse: func(p *parser, v []string) (err error) {
			p.request.Selection.Clusters, err = parseNames(v, checkCluster)
			return err
		},
	}
	// paramType sets Request.Selection.Types.
	paramType = Param{
		Name: "InstanceType", allowed: allowedTypes, IsList: true, Example: "*",
		About: "one instance type, several, or * for all; absent: images that every type supports",
		parse: func(p *parser, v []string) (err error) {
			p.request.Selection.Types, err = parseNames(v, checkInstanceType)
			return err
		},
	}
	// ParamAt sets Request.At. Without it the answer is about the present.
	ParamAt = Param{
		Name: "at", allowed: allowedTimes, Example: "-1m",
		About: "a past time or commit; the answer is from the data of that time",
		parse: func(p *parser, v []string) (err error) {
			p.request.At, err = p.parsePastTimeOrNow(v[0])
			return err
		},
	}
	// paramMaxAge sets Request.MaxAge. It is not part of the canonical query of a
	// page, because it only decides whether there is an answer.
	paramMaxAge = Param{
		Name: "maxAge", allowed: "a duration of s, m, h, d or w, for example 10m or 7d", perPage: true, Example: "30d",
		About: "503 SnapshotTooOld if any part of the answer was last checked longer ago",
		parse: func(p *parser, v []string) error {
			d, err := parseDuration(v[0])
			if err != nil || d <= 0 {
				return &fault.ValueError{Value: v[0]}
			}
			p.request.MaxAge = d
			return nil
		},
	}
	// paramSearch sets Request.SearchWords, folded and sorted. The order of words
	// does not matter, and a word that is given twice counts once.
	paramSearch = Param{
		Name: "q", allowed: "text", IsList: true, isWords: true, Example: "linux",
		About: "words that must all be in the name, description, id or product code, in any case; spaces and commas " +
			"separate them",
		parse: func(p *parser, v []string) error {
			words := bytes.Fields([]byte(field.FoldCase(strings.Join(v, " "))))
			if len(words) == 0 {
				return fault.Reason("has no word")
			}
			slices.SortFunc(words, bytes.Compare)
			p.request.SearchWords = slices.CompactFunc(words, bytes.Equal)
			return nil
		},
	}
	// paramSort sets Request.Sort.
	paramSort = Param{
		Name: "sort", allowed: "a comma list of fields", IsList: true, ignoresCase: true,
		Example: "-OsTag.Version,ImageName",
		About: "fields to sort by, with - in front for descending; images without a value come last, " +
			"equal ones are in the order of ImageId",
		parse: func(p *parser, v []string) (err error) {
			p.request.Sort, err = parseSort(p.schema, v)
			return err
		},
	}
	// paramLimit sets Request.Limit, which is 0 before.
	paramLimit = Param{
		Name: "limit", allowed: "an integer from 1 to 1000", perPage: true, Example: "10",
		About: "the most entries in one answer; default: 100 in json and atom, everything in the other formats",
		parse: func(p *parser, v []string) (err error) {
			p.request.Limit, err = parseInt(v[0], 1, MaxLimit)
			return err
		},
	}
	// ParamCursor sets Request.Cursor, for pages of a list. Feeds have a cursor of
	// their own, paramFeedCursor.
	ParamCursor = Param{
		Name: "cursor", allowed: "the NextCursor of an answer to the same query", perPage: true,
		About: "NextCursor of the page before",
		parse: func(p *parser, v []string) (err error) {
			p.request.Cursor, err = parseCursor(v[0])
			return err
		},
	}
	// paramFields sets Request.Columns. Without it JSON has the whole image.
	paramFields = Param{
		Name: "fields", IsList: true, perPage: true, ignoresCase: true, Example: "ImageId,OsTag.Version",
		formats: []string{FormatJSON, FormatNDJSON, FormatCSV, FormatTSV, FormatTable, FormatHTML},
		About:   "only these fields of each image; * for all but Offers, FirstSeen and ChangedAt",
		allowed: "a comma list of fields, BaseOsTag, OsTag, Clusters, InstanceTypes, ContentDiffers, Offers or *",
		parse: func(p *parser, v []string) (err error) {
			p.request.Columns, err = p.parseColumns(v)
			return err
		},
	}
	// paramLatestBy sets Request.LatestBy; see imageset.KeepFirstOfGroups.
	paramLatestBy = Param{
		Name: "latestBy", allowed: "a comma list of fields", IsList: true, ignoresCase: true, Example: "OsTag.Platform",
		About: "only the first image of each group of equal values, by sort or else by the newest version",
		parse: func(p *parser, v []string) (err error) {
			p.request.LatestBy, err = p.parseFields(v)
			return err
		},
	}
	// paramFacets sets Request.Facets; see imageset.CountFacets. Formats with rows have no
	// place for them.
	paramFacets = Param{
		Name: "facets", allowed: "a comma list of fields", IsList: true, perPage: true, ignoresCase: true,
		formats: []string{FormatJSON, FormatHTML}, Example: "Status,OsTag.Platform",
		About: "counts of the values of these fields over all matches, before latestBy",
		parse: func(p *parser, v []string) (err error) {
			p.request.Facets, err = p.parseFields(v)
			return err
		},
	}
	// paramMinCount sets Request.MinCount, for scripts that must not go on with
	// an empty answer.
	paramMinCount = Param{
		Name: "minCount", allowed: "an integer from 1 to 1000000", perPage: true, Example: "1",
		About: "404 NoImageMatches if fewer images match",
		parse: func(p *parser, v []string) (err error) {
			p.request.MinCount, err = parseInt(v[0], 1, MaxMinCount)
			return err
		},
	}
)

// The parameters that choose scopes and time, on every route with stored data.
// Routes differ in what a parameter that is not given means.
var (
	// scopesOfList is for /v1/images: without clusters it asks E-HPC's own
	// question, what every cluster supports.
	scopesOfList = []Param{
		paramRegion,
		paramCluster.withDefault("absent: images that every cluster supports"),
		paramType.withDefault("absent: images that every type supports, but with ClusterId=* those of any type"),
		ParamAt, paramMaxAge,
	}
	// scopesOfImages is for routes about single images and their changes, which
	// look everywhere unless clusters or types are named.
	scopesOfImages = []Param{
		paramRegion, paramCluster.withDefault("absent: all"), paramType.withDefault("absent: all"),
		ParamAt, paramMaxAge,
	}
	// paramAnyRegion is RegionId of a route that can answer for all regions.
	paramAnyRegion = paramRegion.withDefault("default: all regions, or the one in which the cluster is found")
	// scopesOfClusters is for /v1/clusters, which lists scopes.
	scopesOfClusters = []Param{
		paramAnyRegion, paramCluster.withDefault("absent: all"), paramType.withDefault("absent: all"),
		ParamAt, paramMaxAge,
	}
	// scopesOfMatrix is for /v1/matrix, which has a column for each scope.
	scopesOfMatrix = []Param{
		paramRegion,
		paramCluster.withDefault("absent: all clusters, unless InstanceType is given and captured without a cluster"),
		paramType, ParamAt, paramMaxAge,
	}
)

// withDefault returns the parameter with another text about its default, which
// follows the first ";" of about.
func (p Param) withDefault(text string) Param {
	about, _, _ := strings.Cut(p.About, ";")
	p.About = about + "; " + text
	return p
}

// DescribeAllowed returns a noun phrase for what a parameter of a route allows.
// Names of regions, formats and fields are listed.
func (c *Config) DescribeAllowed(rt *Route, def Param) message.Text {
	switch def.Name {
	case paramFormat.Name:
		return message.Choice(rt.Formats)
	case paramRegion.Name:
		if len(c.Regions) > 0 {
			return message.Choice(c.Regions)
		}
	case paramFields.Name:
		return message.New(listOf, message.Names(c.Schema.ColumnNames()))
	case paramSort.Name, paramLatestBy.Name, paramFacets.Name:
		return message.New(listOf, message.Names(c.Schema.FieldNames()))
	}
	if def.allowed == "" {
		return def.allowedNames
	}
	return message.New(def.allowed)
}

// listOf describes a list whose values are known.
const listOf message.Template = "a comma list of %s"

// parseMoment is ParseAsOf with errors that complete "NAME ...".
func parseMoment(s string) (AsOf, error) {
	at, err := ParseAsOf(s)
	switch {
	case errors.Is(err, errNoZone):
		return AsOf{}, fault.CompleteReason(message.New("has no time zone, got %s. Add Z or +08:00", fault.Quote(s)))
	case errors.Is(err, errNotDuration):
		return AsOf{}, fault.CompleteReason(message.New("must be a time before now such as -24h, got %s. Units: %s",
			fault.Quote(s), allowedUnits))
	case err != nil:
		return AsOf{}, &fault.ValueError{Value: s}
	}
	return at, nil
}

// parsePastTime reads a time or commit that must not lie in the future.
func (p *parser) parsePastTime(s string) (AsOf, error) {
	at, err := parseMoment(s)
	if err != nil {
		return AsOf{}, err
	}
	// An answer about the future would change later, and must not be cached.
	if now := p.config.Now(); at.IsInFuture(now) {
		return AsOf{}, newFutureTimeError(at.ResolveTime(now))
	}
	return at, nil
}

// parsePastTimeOrNow is parsePastTime for parameters whose default is the present.
// For "now" the result is not set, so that the answer is about the present and
// not about a past moment.
func (p *parser) parsePastTimeOrNow(s string) (AsOf, error) {
	if field.FoldCase(s) == nowText {
		return AsOf{}, nil
	}
	return p.parsePastTime(s)
}
