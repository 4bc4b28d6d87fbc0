package main

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"community-images/shared/acsauth"
)

// nonces remembers the signed requests that have passed, until their signatures
// expire. It is safe for concurrent use.
type nonces struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// maxNonces bounds the memory. Beyond it nothing passes until some expire.
const maxNonces = 100_000

// accept remembers a nonce. It returns false if it was there before.
func (n *nonces) accept(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.until) >= maxNonces {
		for old, until := range n.until {
			if now.After(until) {
				delete(n.until, old)
			}
		}
	}
	if _, used := n.until[nonce]; used || len(n.until) >= maxNonces {
		return false
	}
	// The clock of the client may be ahead by Skew.
	n.until[nonce] = now.Add(2 * acsauth.Skew)
	return true
}

// signatureParameters belong to the signature of the query dialect.
var signatureParameters = []string{"AccessKeyId", "SecurityToken", "Signature", "SignatureMethod", "SignatureNonce",
	"SignatureType", "SignatureVersion", "Timestamp"}

// cutSignature removes the parameters of a signature from a query or form.
func cutSignature(raw string) string {
	_, rest := cutParameters(raw, signatureParameters...)
	return rest
}

// addAction adds the action and version of the header dialect to a query. The
// signature of the gateway does not cover these headers, and Function Compute
// does not promise to pass them.
func addAction(raw string, h http.Header) string {
	for _, parameter := range []string{"Action", "Version"} {
		if value := h.Get("X-Acs-" + parameter); value != "" {
			_, raw = cutParameters(raw, parameter)
			raw = strings.TrimPrefix(raw+"&"+parameter+"="+url.QueryEscape(value), "&")
		}
	}
	return raw
}

// isForm reports whether the body of a request is a form.
func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // no type is no form
	return kind == "application/x-www-form-urlencoded"
}

// hasSecretParameter reports whether a query has the parameter of the printed
// address.
func hasSecretParameter(raw string) bool {
	found, _ := cutParameters(raw, secretParameter)
	return len(found) > 0
}

// cutSecretParameter returns the secret in a query, and the query without it.
func cutSecretParameter(raw string) (secret, rest string) {
	found, rest := cutParameters(raw, secretParameter)
	if len(found) == 1 {
		secret = found[0]
	}
	return secret, rest
}

// cutParameters returns the values of parameters as they are written, and the
// query without them. All else stays as it was, byte for byte.
func cutParameters(raw string, names ...string) (values []string, rest string) {
	var kept []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && slices.Contains(names, plain) {
			values = append(values, value)
			continue
		}
		kept = append(kept, pair)
	}
	return values, strings.Join(kept, "&")
}
