package page

import (
	"bytes"
	"net/url"
	"time"

	g "maragu.dev/gomponents"

	"community-images/shared/apierror"
	"community-images/shared/query/request"
	"community-images/shared/query/state"
)

// Input is what a page is made from, besides the answers.
type Input struct {
	*Language
	Request  *request.Request // of the page's own address; nil: it could not be parsed
	Path     string           // of the address, escaped
	Query    string           // of the address, as given
	Region   string           // that the page is about; empty: several, or none
	Regions  []string         // that the caller may see
	Now      time.Time
	SignedIn bool // by the cookie
	Version  string
	// RequestID is for people who report an error. It may be empty.
	RequestID string
	Service   Service
	params    url.Values // of Query; nil: not parsed yet
}

// Service says how programs ask.
type Service struct {
	Host       string // of the call, with its port
	NeedsToken bool   // each call needs a bearer token
}

// Question is a lookup that a page needs besides its own.
type Question struct {
	Path  string // of a route
	Query string // escaped
}

// Answer is the answer to a question, or to the page's own lookup.
type Answer struct {
	// Value is what the route renders for FormatHTML, for example *render.ImagePage or
	// *render.ClusterList. nil: there is only Err.
	Value     any
	Freshness *state.Freshness // nil: the answer is not about stored data
	Region    string           // RegionId of the answer
	Total     string           // TotalCount; empty: nothing is counted
	Next      string           // cursor of the next page; empty: this is the last
	Hints     []string         // why there are few images or none
	Err       *apierror.Error  // nil: there is a value
}

// page is what people see of a route.
type page struct {
	navigation string // name in the navigation, in English; empty: it is not there
	// questions returns the lookups that the page needs besides its own; nil: none.
	questions func(in *Input) []Question
	// title returns the title of the document.
	title func(in *Input, answers []Answer) string
	// main returns the content. answers are that of the page's own lookup, then those of
	// the questions. Only the latter can have errors.
	main func(in *Input, answers []Answer) g.Node
}

// pages are the pages by the patterns of their routes.
func pages() map[string]page {
	return map[string]page{
		"/":            homePage(),
		"/v1/images":   imagesPage(),
		"/v1/clusters": clustersPage(),
		"/v1/matrix":   matrixPage(),
		"/v1/status":   statusPage(),
	}
}

// Questions returns the lookups that the page of a request needs besides its own.
func Questions(in *Input) []Question {
	p := pages()[in.Request.Route.Pattern]
	if p.questions == nil {
		return nil
	}
	return p.questions(in)
}

// Render returns the document of a request. answers are that of its own lookup, then
// those of Questions.
func Render(in *Input, answers []Answer) ([]byte, error) {
	p := pages()[in.Request.Route.Pattern]
	return renderDocument(document{in: in, title: p.title(in, answers), main: p.main(in, answers),
		freshness: answers[0].Freshness})
}

// renderDocument returns the bytes of a document.
func renderDocument(d document) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(120 << 10) // a page of 100 images
	err := d.node().Render(&b)
	return b.Bytes(), err
}
