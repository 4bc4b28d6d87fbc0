package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"time"
)

// jwtIssuer makes tokens for the authentication jwt (RFC 7519), with a key of its
// own for each run.
type jwtIssuer struct{ key *rsa.PrivateKey }

// jwtKeyBits is the size of the key. Smaller ones are refused by most verifiers.
const jwtKeyBits = 2048

// newJWTIssuer makes a key.
func newJWTIssuer() (*jwtIssuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, jwtKeyBits)
	if err != nil {
		return nil, fmt.Errorf("making a key for jwt: %w", err)
	}
	return &jwtIssuer{key}, nil
}

// config returns HttpAuthConfig for the public key: tokens are looked for in the
// header Authorization, and the claim name becomes the header X-Name.
func (i *jwtIssuer) config() string {
	exponent := big.NewInt(int64(i.key.E)).Bytes()
	config, _ := json.Marshal(map[string]any{ // strings cannot fail
		"jwks": map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "prove",
			"n": encodeSegment(i.key.N.Bytes()), "e": encodeSegment(exponent),
		}}},
		"tokenLookup": "header:Authorization:Bearer", "claimPassBy": "header:name:X-Name",
	})
	return string(config)
}

// token returns a token that expires at a time.
func (i *jwtIssuer) token(expires time.Time) (string, error) {
	header, _ := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "prove"})
	claims, _ := json.Marshal(map[string]any{"name": "prove", "exp": expires.Unix()})
	signed := encodeSegment(header) + "." + encodeSegment(claims)
	hash := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, hash[:])
	return signed + "." + encodeSegment(signature), err
}

// encodeSegment encodes a part of a token.
func encodeSegment(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
