package page

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// homePage is the page of /.
func homePage() page {
	return page{
		title: func(in *Input, _ []Answer) string { return in.T("Overview") },
		main: func(in *Input, _ []Answer) g.Node {
			return h.H1(g.Text(in.T("Overview")))
		},
	}
}
