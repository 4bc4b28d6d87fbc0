package ui

import (
	g "maragu.dev/gomponents"

	"community-images/shared/apierror"
)

// Page is what people see of a route.
type Page struct {
	// Subrequests returns the lookups that the page needs besides its own; nil: none.
	Subrequests func(in *Input) []Subrequest
	// Explains reports whether Main shows an error of the page's own lookup. The request may
	// be nil then. nil: it shows none.
	Explains func(e *apierror.Error) bool
	// ErrorSubrequests returns the lookups that Main needs besides if it shows an error; nil:
	// none.
	ErrorSubrequests func(in *Input) []Subrequest
	// Title returns the title of the document.
	Title func(in *Input, answers []Answer) string
	// Main returns the content. answers are that of the page's own lookup, then those of
	// the subrequests. The first has an error only if the page explains it.
	Main func(in *Input, answers []Answer) g.Node
}
