package query

import "time"

// request is a parsed request: everything that a route needs, before anything
// is read from the store. It is shared between lookups and must not be changed.
type request struct {
	// route says which parameters there are and who serves the request.
	route   *route
	imageID string // from the path; empty on routes without {ImageId}
	scopeParams
	filterParams
	listParams
	outputParams
	historyParams
	given     []givenParam // the parameters as given, sorted by name
	canonical string       // one spelling of the whole query, for ETags
	cursorKey string       // canonical without the parameters that may change from page to page
}

// scopeParams say which scopes a request is about, and as of when.
type scopeParams struct {
	region string // empty: not given
	// selection is of ClusterId and InstanceType, as given.
	selection selection
	// at is not set for the present.
	at     asOf
	maxAge time.Duration // 0: any age
}

// filterParams say which images match.
type filterParams struct {
	imageIDs []string // of ImageId=, sorted, without duplicates; nil: any
	// conditions must all hold. They are in the order of the query.
	conditions  []predicate
	cost        int      // sum of the costs of conditions
	searchWords [][]byte // of q, case folded, sorted, without duplicates
	minCount    int      // 0: no minimum
}

// listParams say in which order the matches come and which of them are shown.
type listParams struct {
	sort []sortKey // nil: the canonical order
	// latestBy keeps the first image of each group of equal values. nil: all
	// images.
	latestBy []*field
	limit    int     // of matches on a page; 0: all of them
	cursor   *cursor // nil: the first page
}

// outputParams say what an answer shows of each match, and in which format.
type outputParams struct {
	columns []column // of fields=; nil: whole images
	facets  []*field // whose values are counted; nil: none
	// format is that of the parameter, else the one that Accept prefers.
	format string
	bom    bool // csv begins with a byte order mark
	pretty bool // JSON is indented
}

// historyParams say which events a feed shows and which states a diff compares.
type historyParams struct {
	since        feedSince
	kinds        []eventKind // nil: the default of the route
	feedImageIDs []string    // sorted, without duplicates; nil: any
	// byScope says that there is a row for each scope, and not for each image.
	byScope bool
	// from and to are the two times of a diff. Both are unset if it compares two
	// clusters.
	from, to asOf
	// with is the second cluster of a diff, or catalog.Any; empty: it compares two
	// times. The selection has it too, after the first.
	with string
}

// setDefaultLimit sets the limit of a request whose caller gives none. Programs
// that page read JSON, and feed readers know pages. The other formats end up in a
// file, a loop or a terminal, where a part would be taken for the whole.
func (req *request) setDefaultLimit() {
	if req.limit == 0 && (req.format == formatJSON || req.format == formatAtom) {
		req.limit = defaultLimit
	}
}

// givenParam is one parameter as it was given, under the name that the tables
// of parameters write.
type givenParam struct {
	name    string
	values  []string // unescaped; in lower case if the parameter ignores it
	perPage bool     // see param.perPage
}

// wantedImageIDs returns the ids of the images that a request is about: that in
// the path, those of a feed, or those that filter a list; nil: every image.
func (req *request) wantedImageIDs() []string {
	switch {
	case req.imageID != "":
		return []string{req.imageID}
	case req.feedImageIDs != nil:
		return req.feedImageIDs
	}
	return req.imageIDs
}

// allowsEndedClusters reports whether a request can be about clusters that have
// ended.
func (req *request) allowsEndedClusters() bool { return req.at.isSet || req.from.isSet || req.isFeed() }

// listsScopes reports whether an answer about changes has an entry for each scope. The
// history of one image always has.
func (req *request) listsScopes() bool { return req.byScope || req.route.hasImageID() }

// isFeed reports whether the answer is a feed of changes.
func (req *request) isFeed() bool { return req.route.hasParam("since") }
