package querytest

import (
	"crypto/sha256"

	"community-images/shared/access"
	"community-images/shared/query"
)

// Token returns the token that AllowTokens makes for a grant with this name.
func Token(name string) string { return "ci_0123456789abcdef" + name }

// Bearer returns the Authorization header with that token.
func Bearer(name string) string { return "Bearer " + Token(name) }

// AllowTokens returns an edit of options that accepts a token for each grant.
func AllowTokens(grants ...access.Grant) func(*query.Options) {
	return func(o *query.Options) {
		for _, g := range grants {
			o.Tokens = append(o.Tokens, access.Token{Hash: sha256.Sum256([]byte(Token(g.Name))), Grant: g})
		}
	}
}
