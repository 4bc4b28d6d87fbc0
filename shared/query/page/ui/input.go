// Package ui has what all pages share. Packages that make pages import it, and each of their
// pages is a Page: it gets an Input and the answers of lookups, and returns HTML.
//
// Document is the frame around that HTML: the navigation, the region, the language. The other
// types and functions show parts of it: links, tables, times, names, errors. Input.To makes the
// address of another page, which stays in the region and language of this one. Scripts and
// styles are in the folder assets.
package ui

import (
	"net/url"
	"time"

	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/page/language"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// Input is what a page is made from, besides the answers.
type Input struct {
	*language.Language
	Request  *request.Request // of the page's own address; nil: it could not be parsed
	Route    *request.Route   // nil: no route has the path
	Path     string           // of the address, escaped
	Query    string           // of the address, as given
	Region   string           // that the page is about; empty: several, or none
	Regions  []string         // that the caller may see
	Now      time.Time
	SignedIn bool // by the cookie
	// RequestID is for people who report an error. It may be empty.
	RequestID string
	Service   Service
	params    url.Values // of Query; nil: not parsed yet
}

// Service is what pages say of the service, and how programs ask it.
type Service struct {
	Version    string // of the program
	Host       string // of the call, with its port
	NeedsToken bool   // each call needs a bearer token
}

// Subrequest is a lookup that a page needs besides its own. It has the grant of the caller.
type Subrequest struct {
	Path  string // of a route
	Query string // escaped
}

// Answer is the answer to the page's own lookup, or to a subrequest.
type Answer struct {
	// Value is response.Body.View: what the route answers for FormatHTML, for example
	// *render.ImagePage or *render.ClusterList. nil: there is only Err.
	Value     any
	Freshness *state.Freshness // nil: the answer is not about stored data
	Region    string           // RegionId of the answer
	Total     string           // TotalCount; empty: nothing is counted
	Next      string           // cursor of the next page; empty: this is the last
	Hints     []message.Text   // why there are few images or none
	Err       *apierror.Error  // nil: there is a value
}
