package page

import (
	"community-images/shared/query/page/aliases"
	"community-images/shared/query/page/fleet"
	"community-images/shared/query/page/history"
	"community-images/shared/query/page/images"
	"community-images/shared/query/page/ui"
	"community-images/shared/query/state"
)

// pages are the pages by the patterns of their routes.
func pages() map[string]ui.Page {
	return map[string]ui.Page{
		"/":                    fleet.HomePage(),
		"/v1/images":           images.ListPage(),
		"/v1/images/{ImageId}": images.ImagePage(),
		"/v1/changes":          history.ChangesPage(),
		"/v1/aliases":          aliases.ListPage(),
		"/v1/aliases/{Name}":   aliases.AliasPage(),
		"/v1/clusters":         fleet.ClustersPage(),
		"/v1/diff":             history.DiffPage(),
		"/v1/matrix":           fleet.MatrixPage(),
		"/v1/status":           fleet.StatusPage(),
	}
}

// Subrequests returns the lookups that the page of a request needs besides its own.
func Subrequests(in *ui.Input) []ui.Subrequest {
	p := pages()[in.Route.Pattern]
	if p.Subrequests == nil {
		return nil
	}
	return p.Subrequests(in)
}

// ErrorSubrequests returns the lookups that the page of a request needs to explain an error.
func ErrorSubrequests(in *ui.Input) []ui.Subrequest {
	subrequests := Subrequests(in)
	if p := pages()[in.Route.Pattern]; p.ErrorSubrequests != nil {
		subrequests = append(subrequests, p.ErrorSubrequests(in)...)
	}
	return subrequests
}

// Render returns the document of a request. answers are that of its own lookup, then
// those of Subrequests.
func Render(in *ui.Input, answers []ui.Answer) ([]byte, error) {
	p := pages()[in.Route.Pattern]
	return ui.Document{Input: in, Title: p.Title(in, answers), Main: p.Main(in, answers),
		Freshness: freshnessOf(answers)}.Render()
}

// freshnessOf returns how fresh the first answer is that is about stored data; nil: none is.
func freshnessOf(answers []ui.Answer) *state.Freshness {
	for _, a := range answers {
		if a.Freshness != nil {
			return a.Freshness
		}
	}
	return nil
}
