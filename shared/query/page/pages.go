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

// Questions returns the lookups that the page of a request needs besides its own.
func Questions(in *ui.Input) []ui.Question {
	p := pages()[in.Route.Pattern]
	if p.Questions == nil {
		return nil
	}
	return p.Questions(in)
}

// ErrorQuestions returns the lookups that the page of a request needs to explain an error.
func ErrorQuestions(in *ui.Input) []ui.Question {
	questions := Questions(in)
	if p := pages()[in.Route.Pattern]; p.ErrorQuestions != nil {
		questions = append(questions, p.ErrorQuestions(in)...)
	}
	return questions
}

// Render returns the document of a request. answers are that of its own lookup, then
// those of Questions.
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
