package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// Token is one bearer token, known by its hash alone.
type Token struct {
	Hash    [sha256.Size]byte // SHA-256 of the token's bytes
	Expires time.Time         // not accepted from then on; zero: it does not expire
	Grant   Grant
}

// Tokens are the bearer tokens that are accepted.
type Tokens []Token

// Find returns the grant of a token. It hashes whatever it is given and
// compares the hash with every entry, so that its time tells nothing of which
// token, if any, it was.
func (t Tokens) Find(token string, now time.Time) (*Grant, bool) {
	hash := sha256.Sum256([]byte(token))
	at := -1
	for i := range t {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(hash[:], t[i].Hash[:]), i, at)
	}
	if at < 0 || t[at].expired(now) {
		return nil, false
	}
	return &t[at].Grant, true
}

func (t *Token) expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// Bearer takes the token out of the values of an Authorization header
// (RFC 6750, section 2.1). If they are anything but one bearer token, ok is
// false and the text is to be looked up all the same: it is no token's, and
// the work is that of an unknown one.
func Bearer(values []string) (token string, ok bool) {
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

// notTokenRune is false for the characters of RFC 6750's b64token.
func notTokenRune(r rune) bool {
	alphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	return !alphanumeric && !strings.ContainsRune("-._~+/=", r)
}
