package page

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"community-images/shared/query/page/language"
	"community-images/shared/query/page/ui"
)

// SignIn is what the page for signing in is made from.
type SignIn struct {
	// Action is the address that the form is sent to.
	Action string
	// Back is the address to open afterwards: a path with a query.
	Back string
	// Problem says why the person is not signed in yet.
	Problem SignInProblem
}

// SignInProblem says why a person is not signed in.
type SignInProblem int

// The problems.
const (
	NotSignedIn    SignInProblem = iota // the person has not tried
	WrongToken                          // the token that was sent is not valid
	EndedToken                          // the token of the cookie is no longer valid
	NoRegionGrant                       // the token is valid and grants none of the served regions
	PlainHTTP                           // the page came without TLS
	ForeignRequest                      // the form is not one of this service
)

// explanations are the problems in words. NotSignedIn needs none.
var explanations = map[SignInProblem]language.Message{
	WrongToken:    "This token is not valid. It may have expired, or a character is missing.",
	EndedToken:    "The token that you signed in with is no longer valid. Sign in with another one.",
	NoRegionGrant: "This token is valid, but it grants none of the regions that are served here.",
	PlainHTTP: "Signing in needs https: over plain HTTP, others on the way could read the token. " +
		"Open this page by an address that begins with https://.",
	ForeignRequest: "The request to sign in or out did not come from a page of this service, so nothing was changed.",
}

// RenderSignIn returns the page on which a person signs in with a token.
func RenderSignIn(in *ui.Input, s SignIn) ([]byte, error) {
	title := in.T("Sign in")
	problem, hasProblem := explanations[s.Problem]
	var form g.Node
	if s.Problem != PlainHTTP {
		form = signInForm(in, s)
	}
	return ui.Document{Input: in, Title: title, Main: g.Group{
		h.H1(g.Text(title)),
		g.If(hasProblem, h.P(h.Class("notice bad"), h.Role("alert"), h.ID("problem"), g.Text(in.T(problem)))),
		h.P(g.Text(in.T("What is captured is shown to people with a token. " +
			"The operator of this service issues tokens."))),
		form,
		h.P(h.Class("soft"), g.Text(in.T("The token is kept in a cookie until the browser is closed or you sign out. "+
			"Programs send the header Authorization: Bearer <token> instead."))),
	}}.Render()
}

// signInForm asks for the token. Its action is a whole address that begins with https, so
// that the token cannot leave over plain HTTP.
func signInForm(in *ui.Input, s SignIn) g.Node {
	return h.Form(h.Method("post"), h.Action(s.Action), h.Class("signin"),
		ui.Hidden("return", s.Back),
		// Password managers keep the token under this name.
		h.Input(h.Type("text"), h.AutoComplete("username"), h.Value("token"), g.Attr("hidden")),
		h.Label(h.For("token"), g.Text(in.T("Token"))),
		h.Input(h.Type("password"), h.ID("token"), h.Name("token"), h.Required(), h.AutoFocus(),
			h.AutoComplete("current-password"), g.Attr("spellcheck", "false"), g.Attr("autocapitalize", "off"),
			g.If(s.Problem != NotSignedIn, h.Aria("describedby", "problem"))),
		h.Button(h.Type("submit"), g.Text(in.T("Sign in"))),
	)
}
