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

// Skew is how far the time stamp of a request may differ from the server's clock.
const Skew = 15 * time.Minute

// Limits. Larger requests are refused before anything is hashed.
const (
	maxQuery  = 32 << 10 // bytes of the raw query
	maxParams = 256      // parameters in query and form together
	maxHeader = 8 << 10  // bytes of the Authorization header
	maxSigned = 64       // signed headers
)

// Dialect is how a request is signed.
type Dialect int

// The two dialects of RPC requests.
const (
	ACS3 Dialect = iota + 1 // header dialect, ACS3-HMAC-SHA256
	RPC1                    // query dialect, signature version 1.0
)

// Signature describes a request whose signature is valid.
type Signature struct {
	// AccessKeyID is the key that signed; lookup has found its secret.
	AccessKeyID   string
	SecurityToken string    // of STS; empty: none. It is signed, but its validity is for the caller to judge
	Nonce         string    // never empty; whether it was used before is for the caller to judge
	Time          time.Time // when the client signed, by its clock
	// Dialect says what the signature covers; see the package comment.
	Dialect Dialect
}

// Lookup returns the secret of an access key, and whether the key exists.
type Lookup func(accessKeyID string) (secret string, ok bool)

// Verify verifies the signature of r, whose body has been read into body. Errors
// are of type *Error. To refuse replays, the caller remembers each Nonce until
// Skew after its Time, and answers a second use with NonceUsed.
func Verify(r *http.Request, body []byte, lookup Lookup, now time.Time) (*Signature, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return nil, invalidRequest("the query is longer than 32768 bytes")
	}
	claim, err := parseSignedRequest(r, body)
	if err != nil {
		return nil, err
	}
	// Check the time before the key, so that an old request tells nothing about keys.
	if d := now.Sub(claim.Time); d > Skew || d < -Skew {
		return nil, Expired()
	}
	// Compute the signature for an unknown key too: the time must not tell whether the
	// key exists.
	secret, known := lookup(claim.AccessKeyID)
	match := hmac.Equal([]byte(claim.sign(secret, claim.stringToSign)), []byte(claim.signature))
	if claim.stringToSignAsSent != "" {
		match = hmac.Equal([]byte(claim.sign(secret, claim.stringToSignAsSent)), []byte(claim.signature)) || match
	}
	switch {
	case !known || secret == "":
		return nil, unknownKey()
	case !match:
		return nil, signatureMismatch(claim)
	}
	return &claim.Signature, nil
}

// signedRequest is a request that claims to be signed.
type signedRequest struct {
	Signature
	signature string // the signature in the request
	// stringToSign is the string to sign, with the path in its canonical form.
	stringToSign string
	// stringToSignAsSent is the string to sign with the path as it was sent, if
	// it differs. The standard wants each segment encoded; the official SDKs sign
	// the path that they are given. Both cover the path.
	stringToSignAsSent string
	canonicalRequest   string // the canonical request; empty in RPC1, whose string to sign holds it
	// sign computes a signature of this dialect.
	sign func(secret, stringToSign string) string
}

// parseSignedRequest parses the signature in either dialect.
func parseSignedRequest(r *http.Request, body []byte) (*signedRequest, error) {
	switch values := r.Header.Values("Authorization"); {
	case len(values) > 1:
		return nil, incompleteSignature("the Authorization header is there twice")
	case len(values) == 1 && values[0] != "":
		return parseACS3(r, body, values[0])
	}
	return parseRPC1(r, body)
}

// parseTimestamp parses the only time format that both dialects allow.
func parseTimestamp(name, s string) (time.Time, error) {
	t, err := time.Parse("2006-01-02T15:04:05Z", s)
	if err != nil {
		return t, &Error{Status: http.StatusBadRequest, Code: "InvalidTimeStamp.Format",
			Message: "Specified time stamp or date value is not well formatted: " + name +
				" is not of the form 2006-01-02T15:04:05Z in UTC."}
	}
	return t, nil
}

// percentEncode encodes like RFC 3986: everything but letters, digits and -_.~
func percentEncode(s string) string {
	const upperHex = "0123456789ABCDEF"
	// Most texts need no encoding, and then no copy.
	clean := true
	for i := range len(s) {
		clean = clean && isUnreserved(s[i])
	}
	if clean {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) * 2)
	for i := range len(s) {
		if c := s[i]; isUnreserved(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// isUnreserved reports whether RFC 3986 leaves a byte unencoded.
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' ||
		c == '~'
}
