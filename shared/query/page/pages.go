package page

import (
	"bytes"
	"net/url"
	"time"

	g "maragu.dev/gomponents"

	"community-images/shared/apierror"
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
	// questions returns the lookups that the page needs besides its own; nil: none.
	questions func(in *Input) []Question
	// explains reports whether main shows an error of the page's own lookup. The request may
	// be nil then. nil: it shows none.
	explains func(e *apierror.Error) bool
	// errorQuestions returns the lookups that main needs besides if it shows an error; nil:
	// none.
	errorQuestions func(in *Input) []Question
	// title returns the title of the document.
	title func(in *Input, answers []Answer) string
	// main returns the content. answers are that of the page's own lookup, then those of
	// the questions. The first has an error only if the page explains it.
	main func(in *Input, answers []Answer) g.Node
}

// pages are the pages by the patterns of their routes.
func pages() map[string]page {
	return map[string]page{
		"/":                    homePage(),
		"/v1/images":           imagesPage(),
		"/v1/images/{ImageId}": imagePage(),
		"/v1/changes":          changesPage(),
		"/v1/aliases":          aliasesPage(),
		"/v1/aliases/{Name}":   aliasPage(),
		"/v1/clusters":         clustersPage(),
		"/v1/diff":             diffPage(),
		"/v1/matrix":           matrixPage(),
		"/v1/status":           statusPage(),
	}
}

// Questions returns the lookups that the page of a request needs besides its own.
func Questions(in *Input) []Question {
	p := pages()[in.Route.Pattern]
	if p.questions == nil {
		return nil
	}
	return p.questions(in)
}

// ErrorQuestions returns the lookups that the page of a request needs to explain an error.
func ErrorQuestions(in *Input) []Question {
	questions := Questions(in)
	if p := pages()[in.Route.Pattern]; p.errorQuestions != nil {
		questions = append(questions, p.errorQuestions(in)...)
	}
	return questions
}

// Render returns the document of a request. answers are that of its own lookup, then
// those of Questions.
func Render(in *Input, answers []Answer) ([]byte, error) {
	p := pages()[in.Route.Pattern]
	return document{in: in, title: p.title(in, answers), main: p.main(in, answers),
		freshness: freshnessOf(answers)}.render()
}

// freshnessOf returns how fresh the first answer is that is about stored data; nil: none is.
func freshnessOf(answers []Answer) *state.Freshness {
	for _, a := range answers {
		if a.Freshness != nil {
			return a.Freshness
		}
	}
	return nil
}

// render returns the bytes of the document.
func (d document) render() ([]byte, error) {
	var b bytes.Buffer
	b.Grow(120 << 10) // a page of 100 images
	err := d.node().Render(&b)
	return b.Bytes(), err
}
