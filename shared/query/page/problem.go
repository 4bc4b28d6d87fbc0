package page

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
)

// Explains reports whether the page of a route shows an error of its own lookup itself. It
// needs answers to Questions then, as a page without an error does.
func Explains(in *Input, e *apierror.Error) bool {
	if in.Route == nil {
		return false
	}
	p := pages()[in.Route.Pattern]
	return p.explains != nil && p.explains(e)
}

// RenderError returns an error as a document. answers are the error, then the answers to
// Questions if the page of the route explains the error.
func RenderError(in *Input, answers []Answer) ([]byte, error) {
	if Explains(in, answers[0].Err) {
		return Render(in, answers)
	}
	title := in.T("This did not work")
	return document{in: in, title: title, main: g.Group{
		h.H1(g.Text(title)), problem(in, answers[0].Err),
		h.P(link(in.to("/"), in.T("Overview")), g.Text(" · "), link(in.toImages(), in.T("Images"))),
	}}.render()
}

// problem shows an error. Its message is in English, as programs get it.
func problem(in *Input, e *apierror.Error) g.Node {
	return g.Group{
		notice("bad", g.Text(e.Message)),
		g.If(e.Recommend != "", h.P(g.Text(e.Recommend))),
		h.P(h.Class("soft"), h.Code(g.Text(e.Code)), g.If(in.RequestID != "", g.Text(" · RequestId "+in.RequestID))),
	}
}

// isMistake reports whether an error is about the question, and not about the service.
func isMistake(e *apierror.Error) bool { return e.Status < 500 }
