package access

import (
	"net/url"
	"slices"
	"strings"
)

// IsTokenParameter says whether a parameter has one of the names under which
// people put a token into an address, where it must not be: addresses end up in
// logs.
func IsTokenParameter(name string) bool {
	return slices.Contains([]string{"token", "access_token", "accesstoken", "api_key", "apikey", "authorization", "bearer", "bearertoken"}, strings.ToLower(name))
}

// TokenParameter is the name of the first parameter of a query that looks like
// a token's; empty: there is none.
func TokenParameter(query string) string {
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(name); err == nil && IsTokenParameter(name) {
			return name
		}
	}
	return ""
}
