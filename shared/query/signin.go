package query

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"community-images/shared/access"
	"community-images/shared/apierror"
	"community-images/shared/message"
	"community-images/shared/query/fault"
	"community-images/shared/query/page"
	"community-images/shared/query/response"
	"community-images/shared/query/signin"
)

// maxFormBytes bounds the form for signing in: a token, and an address to return to.
const maxFormBytes = 16 << 10

// serveSignIn answers the forms by which people sign in and out. It returns false if the
// path is none of theirs, or if there are no tokens to sign in with.
func (c *call) serveSignIn(path string) (served bool, err error) {
	if !signin.IsPath(path) || len(c.tokens) == 0 {
		return false, nil
	}
	c.w.Private = true
	switch {
	case c.r.Method == http.MethodGet || c.r.Method == http.MethodHead:
		return true, c.sendSignInPage(http.StatusOK, page.NotSignedIn, "/")
	case c.r.Method != http.MethodPost:
		return true, methodNotAllowed(c.r.Method, "GET, HEAD, POST")
	}
	form, err := c.readForm()
	if err != nil {
		return true, err
	}
	back := signin.LocalAddress(form.Get("return"))
	switch {
	case signin.CameOverPlainHTTP(c.r):
		return true, c.sendSignInPage(http.StatusForbidden, page.PlainHTTP, back)
	case !signin.HasOwnOrigin(c.r):
		return true, c.sendSignInPage(http.StatusForbidden, page.ForeignRequest, "/")
	case path == signin.OutPath:
		// Pages that the browser keeps are dropped: somebody else may go back to them.
		c.w.Header().Set("Clear-Site-Data", `"cache"`)
		c.redirect(signin.Cookie(""), "/")
		return true, nil
	}
	token, isToken := access.ParseBearer([]string{"Bearer " + strings.TrimSpace(form.Get("token"))})
	grant, found := c.tokens.Find(token, c.now())
	switch {
	case !isToken || !found:
		return true, c.sendSignInPage(http.StatusUnauthorized, page.WrongToken, back)
	case len(c.readers.of(grant).Regions) == 0:
		return true, c.sendSignInPage(http.StatusForbidden, page.NoRegionGrant, back)
	}
	c.redirect(signin.Cookie(token), back)
	return true, nil
}

// readForm reads the form that was sent. Parameters of the address do not belong to it.
func (c *call) readForm() (url.Values, error) {
	body, err := io.ReadAll(http.MaxBytesReader(&c.w, c.r.Body, maxFormBytes))
	form, formErr := url.ParseQuery(string(body))
	if errors.Join(err, formErr) != nil {
		return nil, &apierror.Error{Status: http.StatusBadRequest, Code: fault.CodeInvalid,
			Message:   message.New("The form cannot be read, or is larger than 16 KB."),
			Recommend: message.New("Use the form of the page to sign in.")}
	}
	return form, nil
}

// redirect sets a cookie and sends the person to an address of this service.
func (c *call) redirect(cookie *http.Cookie, to string) {
	http.SetCookie(&c.w, cookie)
	header := c.w.Header()
	header.Set("Location", to)
	header.Set("Cache-Control", "no-store")
	c.w.WriteHeader(http.StatusSeeOther)
}

// sendSignInPage writes the page on which a person signs in. back is the address to open
// afterwards; the page is in its language.
func (c *call) sendSignInPage(status int, problem page.SignInProblem, back string) error {
	in := c.newPageInput(nil)
	in.Path, in.Query, _ = strings.Cut(back, "?")
	in.Language = c.findLanguage(in.Query)
	if signin.IsPlainHTTP(c.r) {
		problem = page.PlainHTTP
	}
	data, err := page.RenderSignIn(in, page.SignIn{
		Action: signin.OwnOrigin(c.r) + signin.InPath, Back: back, Problem: problem,
	})
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	c.setPageHeaders()
	c.w.WriteBody(status, data)
	return nil
}

// sendUnauthorizedPage answers a person without a valid token. It returns false if signing
// in would not help.
func (c *call) sendUnauthorizedPage(status int) (sent bool) {
	if status != http.StatusUnauthorized || len(c.tokens) == 0 || !c.opensPage() {
		return false
	}
	problem := page.NotSignedIn
	if _, given := signin.FindToken(c.r); given && len(c.r.Header["Authorization"]) == 0 {
		problem = page.EndedToken
	}
	return c.sendSignInPage(status, problem, signin.LocalAddress(response.EscapeForHeader(c.r.URL.RequestURI()))) == nil
}

// opensPage reports whether a person opens an address that is a page.
func (c *call) opensPage() bool {
	isRead := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
	return isRead && c.route != nil && c.route.HasPage() && c.wantsPage()
}
