// Package signin keeps the token of a person in a cookie of the browser.
//
// It promises that the cookie is set and accepted over https only, that a page of another
// site can neither set nor use it, and that a person is sent to an address of this service
// only.
package signin

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"community-images/shared/access"
)

// The addresses that the forms of pages are sent to.
const (
	InPath  = "/sign-in"
	OutPath = "/sign-out"
)

// IsPath reports whether a path is one of those of the forms.
func IsPath(path string) bool { return path == InPath || path == OutPath }

// cookieName begins with __Host-: browsers take such a cookie over https only, send it to
// the host that set it alone, and a page of a subdomain cannot replace it.
const cookieName = "__Host-token"

// Cookie returns the cookie that keeps a token until the browser is closed. The empty token
// removes the cookie.
//
// A link on another site opens a page that is signed in (Lax). A form there does not.
func Cookie(token string) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Value: token, Path: "/", Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

// FindToken returns the token of the cookie, or "". given is true if there is a cookie,
// whatever it holds.
//
// Function Compute allows every site to read answers with the caller's cookies, unless the
// cookie is one of another site. Functions of other people below fcapp.run may count as the
// same site. So only a page that the person opens may use the cookie, and requests of our
// own pages.
func FindToken(r *http.Request) (token string, given bool) {
	cookies := r.CookiesNamed(cookieName)
	if len(cookies) != 1 || IsPlainHTTP(r) || isForeign(r) {
		return "", false
	}
	token, ok := access.ParseBearer([]string{"Bearer " + cookies[0].Value})
	if !ok {
		return "", true
	}
	return token, true
}

// isForeign reports whether a page of another origin made the request, other than by a link
// that the person followed.
func isForeign(r *http.Request) bool {
	if r.Header.Get("Origin") != "" && !HasOwnOrigin(r) {
		return true
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin": // none: the person typed the address
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// HasOwnOrigin reports whether a page of this service over https sent the request. Browsers
// name the origin of each form that is sent by POST.
func HasOwnOrigin(r *http.Request) bool {
	origin, site := r.Header["Origin"], r.Header.Get("Sec-Fetch-Site")
	return len(origin) == 1 && strings.EqualFold(origin[0], OwnOrigin(r)) && (site == "" || site == "same-origin")
}

// OwnOrigin returns the origin of this service, as browsers write it.
func OwnOrigin(r *http.Request) string { return "https://" + strings.TrimSuffix(r.Host, ":443") }

// CameOverPlainHTTP reports whether the page that sent a form was opened over plain HTTP.
func CameOverPlainHTTP(r *http.Request) bool {
	return IsPlainHTTP(r) || strings.HasPrefix(strings.ToLower(r.Header.Get("Origin")), "http://")
}

// IsPlainHTTP reports whether a request is known to have come without TLS. Function Compute
// ends TLS before the function. Its documentation does not name a header that tells of it;
// deployed functions read X-Forwarded-Proto. Without the header only a local run is known to
// have none. Forms are safe all the same: they are sent to OwnOrigin.
func IsPlainHTTP(r *http.Request) bool {
	if r.TLS != nil {
		return false
	}
	scheme, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	switch strings.ToLower(strings.TrimSpace(scheme)) {
	case "https":
		return false
	case "http":
		return true
	}
	return isLoopback(r.Host)
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// maxAddress bounds an address to return to, in bytes, so that it fits into a header.
const maxAddress = 4 << 10

// LocalAddress returns an address of this service to return to: the given one if it begins
// with one slash and cannot lead elsewhere, else "/".
func LocalAddress(given string) string {
	// Browsers take a backslash for a slash, and leave out tabs and line ends.
	isUnsafe := func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' }
	u, err := url.Parse(given)
	if err != nil || len(given) > maxAddress || !strings.HasPrefix(given, "/") || strings.HasPrefix(given, "//") ||
		strings.ContainsFunc(given, isUnsafe) || u.Scheme != "" || u.Host != "" || IsPath(u.Path) {
		return "/"
	}
	return given
}
