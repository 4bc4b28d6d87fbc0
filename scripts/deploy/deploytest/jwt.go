package deploytest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// jwtConfig is the configuration of a trigger with the authentication jwt.
type jwtConfig struct {
	JWKS struct {
		Keys []struct{ Kty, Alg, N, E string } `json:"keys"`
	} `json:"jwks"`
	TokenLookup string `json:"tokenLookup"`
	ClaimPassBy string `json:"claimPassBy"`
}

// verifyJWT checks the token of a request, and sets the headers that claimPassBy asks
// for. It supports tokens in the header Authorization, signed by RS256.
func verifyJWT(r *http.Request, config any) error {
	text, _ := config.(string)
	var c jwtConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("authConfig: %w", err)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 || c.TokenLookup != "header:Authorization:Bearer" {
		return errors.New("there is no token")
	}
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		return fmt.Errorf("the claims: %w", err)
	}
	if !c.isSigned(parts) {
		return errors.New("the signature is not valid")
	}
	if expires, _ := claims["exp"].(float64); time.Now().Unix() >= int64(expires) {
		return errors.New("the token has expired")
	}
	if steps := strings.Split(c.ClaimPassBy, ":"); len(steps) == 3 && steps[0] == "header" {
		r.Header.Set(steps[2], fmt.Sprint(claims[steps[1]]))
	}
	return nil
}

// isSigned reports whether one of the keys has signed the token.
func (c jwtConfig) isSigned(parts []string) bool {
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, k := range c.JWKS.Keys {
		n, err1 := base64.RawURLEncoding.DecodeString(k.N)
		e, err2 := base64.RawURLEncoding.DecodeString(k.E)
		if err1 != nil || err2 != nil || k.Kty != "RSA" || k.Alg != "RS256" {
			continue
		}
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], signature) == nil {
			return true
		}
	}
	return false
}
