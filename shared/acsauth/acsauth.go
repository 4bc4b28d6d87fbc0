// Package acsauth verifies, on the server's side, the signatures with which
// Alibaba Cloud's SDKs and CLI sign RPC requests: ACS3-HMAC-SHA256 in the
// headers, and signature version 1.0 (HMAC-SHA1) in the query or form.
//
// It is pure: it reads no clock, keeps no state and does no I/O. It promises
// that a signature covers all that belongs to its dialect (ACS3: method, path,
// query, body, host and every x-acs header; RPC1: method and every parameter,
// but neither path nor headers, so a handler must not take those into account),
// that signatures are compared in constant time, that a key that does not
// exist costs the same work as one that does, and that its work is bounded by
// the size of the request, which is bounded in turn.
//
// Sources: help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
// and .../rpc-mechanism.
package acsauth

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"time"
)

// Skew is how far a request's time stamp may be from the server's clock.
const Skew = 15 * time.Minute

// Limits of what is looked at. Anything beyond is refused before it is hashed.
const (
	maxQuery  = 32 << 10 // bytes of the raw query
	maxParams = 256      // parameters in query and form together
	maxHeader = 8 << 10  // bytes of the Authorization header
	maxSigned = 64       // signed headers
)

// Dialect is the way in which a request is signed.
type Dialect int

// The two dialects of RPC requests.
const (
	ACS3 Dialect = iota + 1 // header dialect, ACS3-HMAC-SHA256
	RPC1                    // query dialect, signature version 1.0
)

// Signature is what is known of a request whose signature is right.
type Signature struct {
	AccessKeyID   string
	SecurityToken string    // of STS; empty: none. It is signed, but its validity is for the caller to judge
	Nonce         string    // never empty; whether it was used before is for the caller to judge
	Time          time.Time // when the client signed, by its clock
	Dialect       Dialect
}

// Lookup returns the secret of an access key and whether the key exists.
type Lookup func(accessKeyID string) (secret string, ok bool)

// Verify checks the signature of r, whose body has been read into body. Errors
// are of type *Error. A caller that wants to refuse replays remembers the
// Nonce for twice Skew and answers a second one with NonceUsed.
func Verify(r *http.Request, body []byte, lookup Lookup, now time.Time) (*Signature, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return nil, invalid("the query is longer than 32768 bytes")
	}
	claim, err := parse(r, body)
	if err != nil {
		return nil, err
	}
	if d := now.Sub(claim.Time); d > Skew || d < -Skew {
		return nil, Expired()
	}
	secret, known := lookup(claim.AccessKeyID)
	match := hmac.Equal([]byte(claim.sign(secret, claim.stringToSign)), []byte(claim.given))
	if claim.asSent != "" {
		match = hmac.Equal([]byte(claim.sign(secret, claim.asSent)), []byte(claim.given)) || match
	}
	switch {
	case !known || secret == "":
		return nil, unknownKey()
	case !match:
		return nil, mismatch(claim)
	}
	return &claim.Signature, nil
}

// claim is a request that says it is signed.
type claim struct {
	Signature
	given        string // the signature in the request
	stringToSign string
	// asSent is the string to sign with the path as it was sent, if that is
	// another: the standard wants each step encoded, the official SDKs sign what
	// they are given. Either covers the path.
	asSent    string
	canonical string // the canonical request; empty in RPC1, whose string to sign holds it
	sign      func(secret, stringToSign string) string
}

func parse(r *http.Request, body []byte) (*claim, error) {
	switch values := r.Header.Values("Authorization"); {
	case len(values) > 1:
		return nil, incomplete("the Authorization header is there twice")
	case len(values) == 1 && values[0] != "":
		return parseACS3(r, body, values[0])
	}
	return parseRPC1(r, body)
}

// timestamp reads the only form of time that both dialects allow.
func timestamp(name, s string) (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05Z", s)
	if err != nil {
		return t, &Error{Status: http.StatusBadRequest, Code: "InvalidTimeStamp.Format",
			Message: "Specified time stamp or date value is not well formatted: " + name + " is not of the form 2006-01-02T15:04:05Z in UTC."}
	}
	return t, nil
}

// escape encodes like RFC 3986: everything but letters, digits and -_.~
func escape(s string) string {
	const upperHex = "0123456789ABCDEF"
	clean := true
	for i := range len(s) {
		clean = clean && unreserved(s[i])
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) * 2)
	for i := range len(s) {
		if c := s[i]; unreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
}
