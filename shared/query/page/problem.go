package page

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/apierror"
)

// RenderError returns an error as a document. The message of the error is in English, as
// programs get it.
func RenderError(in *Input, e *apierror.Error) ([]byte, error) {
	title := in.T("This did not work")
	return renderDocument(document{in: in, title: title, main: g.Group{
		h.H1(g.Text(title)),
		notice("bad", g.Text(e.Message)),
		g.If(e.Recommend != "", h.P(g.Text(e.Recommend))),
		h.P(h.Class("soft"), h.Code(g.Text(e.Code)), g.If(in.RequestID != "", g.Text(" · RequestId "+in.RequestID))),
		h.P(link(in.to("/"), in.T("Overview")), g.Text(" · "), link(in.toImages(), in.T("Images"))),
	}})
}
