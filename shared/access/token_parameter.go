package access

import (
	"net/url"
	"slices"
	"strings"
)

// IsTokenParameter reports whether a URL parameter has a name under which people
// send tokens. Tokens must not stand in URLs, because URLs are logged.
func IsTokenParameter(name string) bool {
	return slices.ContainsFunc([]string{"token", "access_token", "accesstoken", "api_key", "apikey", "authorization",
		"bearer", "bearertoken"}, func(known string) bool { return strings.EqualFold(known, name) })
}

// TokenParameter returns the name of the first parameter of a query for which
// IsTokenParameter is true, or "".
func TokenParameter(query string) string {
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(name); err == nil && IsTokenParameter(name) {
			return name
		}
	}
	return ""
}
