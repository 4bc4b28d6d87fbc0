package query

import (
	"net/url"
	"strings"
)

// feedURL returns the address of a feed, relative to the service. With a cursor
// it is the address of the page that begins there. It has the parameters as
// documented, not as given, so that a reader who saw another spelling finds the
// same feed.
func (req *request) feedURL(cursor string) string {
	values := req.givenParameters()
	if cursor != "" {
		values.Del("since")
		values.Set("cursor", cursor)
	}
	values.Set("format", formatAtom)
	return req.requestPath() + "?" + values.Encode()
}

// feedIdentity returns what the addresses of all pages of a feed have in
// common. Only the position, the size and the form of a page differ.
func (req *request) feedIdentity() string {
	values := req.givenParameters()
	for _, name := range []string{"since", "cursor", "limit", "format", "maxAge"} {
		values.Del(name)
	}
	return req.requestPath() + "?" + values.Encode()
}

// givenParameters returns the parameters of a request by their documented
// names. Values of a list are joined and escaped again.
func (req *request) givenParameters() url.Values {
	values := url.Values{}
	for _, given := range req.given {
		values.Set(given.name, joinList(given.values))
	}
	return values
}

// requestPath returns the path of a request, percent-encoded.
func (req *request) requestPath() string {
	return strings.Replace(req.route.pattern, "{ImageId}", url.PathEscape(req.imageID), 1)
}
