package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// Token is one bearer token. Only its hash is known.
type Token struct {
	Hash    [sha256.Size]byte // SHA-256 of the token's bytes
	Expires time.Time         // not accepted from then on; zero: it does not expire
	// Grant is what the holder may ask about.
	Grant Grant
}

// Tokens are the accepted bearer tokens.
type Tokens []Token

// Find returns the grant of a token. It hashes the text and compares the hash
// with every entry, so that its time does not tell which token, if any, it was.
func (t Tokens) Find(token string, now time.Time) (*Grant, bool) {
	hash := sha256.Sum256([]byte(token))
	at := -1
	for i := range t {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], t[i].Hash[:]), i, at)
	}
	if at < 0 || t[at].isExpired(now) {
		return nil, false
	}
	return &t[at].Grant, true
}

// isExpired reports whether the token has expired.
func (t *Token) isExpired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// ParseBearer returns the token in the values of an Authorization header (RFC
// 6750, section 2.1). If they are anything but one bearer token, ok is false.
// Look the returned text up all the same: it is never a token, and takes as long
// as an unknown one.
func ParseBearer(values []string) (token string, ok bool) {
	if len(values) != 1 {
		return strings.Join(values, ","), false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsFunc(token, notTokenRune) {
		return values[0], false
	}
	return token, true
}

// notTokenRune returns false for the characters of RFC 6750's b64token.
func notTokenRune(r rune) bool {
	alphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !alphanumeric && !strings.ContainsRune("-._~+/=", r)
}
