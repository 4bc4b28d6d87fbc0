package request

import (
	"net/url"
	"strings"

	"community-images/shared/query/field"
)

// AtomURL returns the address of a feed, relative to the service. With a cursor
// it is the address of the page that begins there. It has the parameters as
// documented, not as given, so that a reader who saw another spelling finds the
// same feed.
func (req *Request) AtomURL(cursor string) string {
	values := req.givenParameters()
	if cursor != "" {
		values.Del("since")
		values.Set("cursor", cursor)
	}
	values.Set("format", FormatAtom)
	return req.requestPath() + "?" + values.Encode()
}

// FeedIdentity returns what the addresses of all pages of a feed have in
// common. Only the position, the size and the form of a page differ.
func (req *Request) FeedIdentity() string {
	values := req.givenParameters()
	for _, name := range []string{"since", "cursor", "limit", "format", "maxAge"} {
		values.Del(name)
	}
	return req.requestPath() + "?" + values.Encode()
}

// givenParameters returns the parameters of a request by their documented
// names. Values of a list are joined and escaped again.
func (req *Request) givenParameters() url.Values {
	values := url.Values{}
	for _, given := range req.given {
		values.Set(given.name, field.JoinList(given.canonical()))
	}
	return values
}

// requestPath returns the path of a request, percent-encoded.
func (req *Request) requestPath() string {
	return strings.Replace(req.Route.Pattern, "{ImageId}", url.PathEscape(req.ImageID), 1)
}
