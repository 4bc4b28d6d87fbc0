package page

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
	"community-images/shared/query/page/ui"
)

// Explains reports whether the page of a route shows an error of its own lookup itself. It
// needs answers to Subrequests then, as a page without an error does.
func Explains(in *ui.Input, e *apierror.Error) bool {
	if in.Route == nil {
		return false
	}
	p := pages()[in.Route.Pattern]
	return p.Explains != nil && p.Explains(e)
}

// RenderError returns an error as a document. answers are the error, then the answers to
// ErrorSubrequests if the page of the route explains the error.
func RenderError(in *ui.Input, answers []ui.Answer) ([]byte, error) {
	if Explains(in, answers[0].Err) {
		return Render(in, answers)
	}
	title := in.T("This did not work")
	return ui.Document{Input: in, Title: title, Main: g.Group{
		h.H1(g.Text(title)), ui.Problem(in, answers[0].Err),
		h.P(ui.Link(in.To("/"), in.T("Overview")), g.Text(" · "), ui.Link(in.ToImages(), in.T("Images"))),
	}}.Render()
}
