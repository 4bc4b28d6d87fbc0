package request

import (
	"slices"
	"time"

	"community-images/shared/query/field"
	"community-images/shared/query/filter"
)

// Request is a parsed request: everything that a route needs, before anything
// is read from the store. It is shared between lookups and must not be changed.
type Request struct {
	// Route says which parameters there are and who serves the request.
	Route *Route
	pathParams
	scopeParams
	filterParams
	listParams
	outputParams
	historyParams
	fleetParams
	given     []*givenParam // the parameters as given, sorted by name
	Canonical string        // one spelling of the whole query, for ETags
	CursorKey string        // canonical without the parameters that may change from page to page
	// Spelling has the values whose case makes no other question. Hints repeat them as they
	// are, so answers with hints differ by it. It is empty if all are in lower case.
	Spelling string
}

// pathParams are the parts of the path that the caller chooses.
type pathParams struct {
	ImageID   string // empty on routes without {ImageId}
	AliasName string // empty on routes without {Name}
}

// scopeParams say which scopes a request is about, and as of when.
type scopeParams struct {
	Region string // empty: not given
	// Selection is what ClusterId and InstanceType mean on the route.
	Selection      Selection
	GivenSelection Selection // of ClusterId and InstanceType, as given
	// At is not set for the present.
	At     AsOf
	MaxAge time.Duration // 0: any age
}

// filterParams say which images match.
type filterParams struct {
	ImageIDs []string // of ImageId=, sorted, without duplicates; nil: any
	// Conditions must all hold. They are in the order of the query.
	Conditions []filter.Predicate
	// TimeConditions must hold too. ResolveTimes makes conditions of them.
	TimeConditions []TimeCondition
	Cost           int      // sum of the costs of conditions
	SearchWords    [][]byte // of q, case folded, sorted, without duplicates
	MinCount       int      // 0: no minimum
}

// listParams say in which order the matches come and which of them are shown.
type listParams struct {
	Sort []SortKey // nil: the canonical order
	// LatestBy keeps the first image of each group of equal values. nil: all
	// images.
	LatestBy []*field.Field
	Limit    int     // of matches on a page; 0: all of them
	Cursor   *Cursor // nil: the first page
	// DerivedFields are the derived fields that the request names, each once. The first
	// rowFields of them decide which rows it has, and in which order.
	DerivedFields []*field.Field
	rowFields     int
}

// outputParams say what an answer shows of each match, and in which format.
type outputParams struct {
	Columns []field.Column // of fields=; nil: whole images
	Facets  []*field.Field // whose values are counted; nil: none
	// Format is that of the parameter, else the one that Accept prefers.
	Format   string
	Language string // of html; empty: the header Accept-Language decides
	Bom      bool   // csv begins with a byte order mark
	Pretty   bool   // JSON is indented
}

// historyParams say which events a feed shows and which states a diff compares.
type historyParams struct {
	Since        Since
	Kinds        []Kind   // nil: the default of the route
	feedImageIDs []string // sorted, without duplicates; nil: any
	// ByScope says that there is a row for each scope, and not for each image.
	ByScope bool
	// From and to are the two times of a diff. Both are unset if it compares two
	// clusters.
	From, To AsOf
	// with is the second cluster of a diff, or catalog.Any; empty: it compares two
	// times. The selection has it too, after the first.
	with string
}

// fleetParams say which clusters /v1/clusters shows, and how, and whether a status counts
// them.
type fleetParams struct {
	// ImageStates are those of the boot images to show; nil: any.
	ImageStates []ImageState
	// rowsBy is "cluster" or "scope": what formats with rows have a row for. Empty: not
	// given.
	rowsBy string
	// BootImages says that a status counts the clusters by the state of their boot image.
	BootImages bool
}

// setDefaultLimit sets the limit of a request whose caller gives none. Programs
// that page read JSON, feed readers know pages, and so do people. The other formats end up in a
// file, a loop or a terminal, where a part would be taken for the whole.
func (req *Request) setDefaultLimit() {
	// A page about a period counts what it has.
	isPeriod := req.Format == FormatHTML && req.isFeed() && !req.ShowsNewest()
	if req.Limit == 0 && !isPeriod && slices.Contains([]string{FormatJSON, FormatAtom, FormatHTML}, req.Format) {
		req.Limit = defaultLimit
	}
}

// WantedImageIDs returns the ids of the images that a request is about: that in
// the path, those of a feed, or those that filter a list; nil: every image.
func (req *Request) WantedImageIDs() []string {
	switch {
	case req.ImageID != "":
		return []string{req.ImageID}
	case req.feedImageIDs != nil:
		return req.feedImageIDs
	}
	return req.ImageIDs
}

// AllowsEndedClusters reports whether a request can be about clusters that have
// ended.
func (req *Request) AllowsEndedClusters() bool { return req.At.IsSet || req.From.IsSet || req.isFeed() }

// ListsScopes reports whether an answer about changes has an entry for each scope. The
// history of one image always has.
func (req *Request) ListsScopes() bool { return req.ByScope || req.Route.HasImageID() }

// ShowsNewest reports whether a feed has its last events, newest first. Feed readers want
// that, and people who do not say since when. A Link to a next page has a cursor, and that
// page is oldest first.
func (req *Request) ShowsNewest() bool {
	forPeople := req.Format == FormatAtom || req.Format == FormatHTML && req.ImageID == ""
	return forPeople && req.Since == Since{}
}

// isFeed reports whether the answer is a feed of changes.
func (req *Request) isFeed() bool { return req.Route.HasParam("since") }
